"""Django's settings and the shop's own; the only reader of the environment.

Every variable is optional; README and `.env.example` list them.
"""

import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.conf.global_settings import PASSWORD_HASHERS
from django.core.exceptions import ImproperlyConfigured

from shopmcp.data_dir import SQLITE, PrivateConnection, last_address, notify_secret, secret_key
from shopmcp.env import read, refuse_unsafe, refuse_unsafe_payments

BASE_DIR = Path(__file__).resolve().parent.parent
env = read(BASE_DIR / ".env")

# The shop's own
DATA_DIR = Path(env.SHOPMCP_DATA_DIR or BASE_DIR / "var").expanduser().resolve()
try:
    # Carts and password digests live here: other people on the machine have no business in it.
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    raise ImproperlyConfigured(
        f"SHOPMCP_DATA_DIR is {str(DATA_DIR)!r}; it must be a folder that can be written: {error.strerror}."
    ) from None

_database = env.DATABASE_URL or {"ENGINE": SQLITE, "NAME": DATA_DIR / "shopmcp.sqlite3"}
ADDRESS_FILE = DATA_DIR / "address"  # written by `serve`
FORGOTTEN_FILE = DATA_DIR / "forgotten"  # digests of forgotten contacts, for a restored backup
PUBLIC_URL_IS_SET = bool(env.PUBLIC_URL)
PUBLIC_URL = env.PUBLIC_URL or last_address(ADDRESS_FILE)
SHOPMCP_UNKEYED_CALLS = env.SHOPMCP_UNKEYED_CALLS
SHOPMCP_SESSION_KEYS = env.SHOPMCP_SESSION_KEYS
SHOPMCP_ACTIVE_WINDOW = env.SHOPMCP_ACTIVE_WINDOW
# A cart with items counts as abandoned when its session has been quiet for so long.
SHOPMCP_ABANDONED_AFTER = env.SHOPMCP_ABANDONED_AFTER
SHOPMCP_KEEP_CARTS = env.SHOPMCP_KEEP_CARTS
SHOPMCP_KEEP_EMPTY = env.SHOPMCP_KEEP_EMPTY
SHOPMCP_KEEP_BUYERS = env.SHOPMCP_KEEP_BUYERS
# How long a stored answer is replayed to a repeated request_id.
SHOPMCP_KEEP_ANSWERS = timedelta(days=1)
# How long the record of a call is kept.
SHOPMCP_KEEP_CALLS = timedelta(days=30)
# How many calls one session may make, how many sessions may be new in all, and how many carts without an id from one
# network (carts/limits.py). With Redis, all processes count together.
SHOPMCP_SESSION_CALLS = env.SHOPMCP_SESSION_CALLS
SHOPMCP_NEW_SESSIONS = env.SHOPMCP_NEW_SESSIONS
SHOPMCP_NEW_UNKEYED = env.SHOPMCP_NEW_UNKEYED
REDIS_URL = env.REDIS_URL
# Requests to the JSON API within a minute, by one key and from one address.
SHOPMCP_API_PER_KEY = env.SHOPMCP_API_PER_KEY
SHOPMCP_API_PER_ADDRESS = env.SHOPMCP_API_PER_ADDRESS
# The proxies that may tell a client's address and scheme (shopmcp/network.py).
SHOPMCP_TRUSTED_PROXIES = env.SHOPMCP_TRUSTED_PROXIES

# Whether answers and counts of searches are remembered (catalog/memory.py, catalog/search/cache.py).
SHOPMCP_CACHE = env.SHOPMCP_CACHE

# Connections to PostgreSQL that a worker of `serve` opens at the most.
SHOPMCP_DATABASE_CONNECTIONS = env.SHOPMCP_DATABASE_CONNECTIONS

# Security
DEBUG = env.DEBUG
KEY_FILE = DATA_DIR / "secret_key"  # generated, if the environment gives no key
SECRET_KEY = env.SECRET_KEY or secret_key(KEY_FILE, _database)
SECRET_KEY_FALLBACKS = env.SECRET_KEY_FALLBACKS
refuse_unsafe(env.PUBLIC_URL, SECRET_KEY, debug=DEBUG)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
_public = urlsplit(PUBLIC_URL)
LOOPBACK_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS = list(
    dict.fromkeys(
        [
            f"[{_public.hostname}]" if ":" in (_public.hostname or "") else _public.hostname or "",
            *LOOPBACK_HOSTS,
            *env.ALLOWED_HOSTS,
        ]
    )
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
_https = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
# Whether a request came over https is the word of a trusted proxy (shopmcp/network.py).
SILENCED_SYSTEM_CHECKS = [
    # The promise is made for our own host name alone; its neighbours under the same domain belong to others.
    "security.W005",
    "security.W021",
    # Plain http stays served on loopback, for health checks and the owner on the machine itself. Towards the world,
    # the tunnel or proxy that ends TLS redirects, and cookies never travel over http.
    "security.W008",
    # Programs on a shopper's own device take codes by plain http (RFC 8252); accounts/oauth/clients.py allows that to
    # no others.
    "oauth2_provider.W008",
]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "shopmcp.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

INSTALLED_APPS = [
    "shopmcp.admin_config.LateAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth.account",
    "oauth2_provider",
    "csp",
    "ninja",
    "shopmcp",
    "outbox",
    "accounts",
    "catalog",
    "offers",
    "carts",
    "orders",
    "my",
    "analytics",
    "health",
    "benchmarks",
    "dashboard",
    "maintenance",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.TwoSessions",
    "django.middleware.locale.LocaleMiddleware",
    "shopmcp.middleware.explain_refused_methods",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "shopmcp.urls"
ASGI_APPLICATION = "shopmcp.asgi.application"
WSGI_APPLICATION = None
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGIN_URL = "admin:login"

# Who signs in: staff by name and password, shoppers by a mailed code (accounts/sign_in.py). Django's cookie for
# messages would be shared by both.
AUTHENTICATION_BACKENDS = ["accounts.backends.StaffBackend", "accounts.backends.ShopperBackend"]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
ACCOUNT_ADAPTER = "accounts.sign_in.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600  # seconds
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False  # an address that was mistyped can be typed anew
ACCOUNT_RATE_LIMITS = False  # ours count for all processes together
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

# What ends when an account ends is in the apps above (accounts/ending.py).
ACCOUNTS_CLOSE_CHATS = "orders.handoff.access.close_chats"
ACCOUNTS_END_PROGRAMS_AND_CHATS = "orders.handoff.access.end_programs_and_chats"

# Chats of shoppers get tokens for `/mcp`, and for nothing else (accounts/oauth).
PASSWORD_HASHERS = [*PASSWORD_HASHERS, "accounts.oauth.secrets.SecretHasher"]
OAUTH2_PROVIDER = {
    "OIDC_ISS_ENDPOINT": PUBLIC_URL,
    "OAUTH2_PROTECTED_RESOURCE_IDENTIFIER": f"{PUBLIC_URL}/mcp",
    "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": [PUBLIC_URL],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token"],
    "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": ["none", "client_secret_basic", "client_secret_post"],
    "OAUTH2_VALIDATOR_CLASS": "accounts.oauth.validator.Validator",
    # shopmcp/mcp/access.py has them too.
    "SCOPES": {"cart": "See the carts of the shopper and fill them.", "orders": "See the orders of the shopper."},
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 60 * 24 * 3600,  # after the access token's end
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "CLEAR_EXPIRED_TOKENS_BATCH_SIZE": 500,
    "CLIENT_SECRET_HASHER": "shopmcp_client_secret",
    "PKCE_REQUIRED": True,
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "DCR_ENABLED": True,
    "CIMD_ENABLED": True,
    "CIMD_METADATA_FETCHER": "accounts.oauth.documents.Fetcher",
    "CIMD_REGISTRATION_PERMISSION_CLASSES": ["accounts.oauth.documents.MayFetch"],
    **{
        f"COMPLIANT_BCP_RFC9700_{name}": True
        for name in (
            *("IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD", "PKCE_REQUIRED", "ACCESS_TOKEN_TRANSPORT"),
            *("AUTHZ_RESPONSE_ISS", "TOKEN_STORAGE", "REFRESH_TOKEN", "REDIRECT_URI_MATCHING"),
        )
    },
}

# Data
DATABASES = {"default": _database}
COPY_TO = env.COPY_TO_URL  # for `manage.py copy_to`
if DATABASES["default"]["ENGINE"] == SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "factory": PrivateConnection,
        # Taking the write lock at BEGIN: a transaction that has to upgrade later fails under concurrency
        # instead of waiting.
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        # FULL: an acknowledged change survives the plug being pulled.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8000; PRAGMA foreign_keys=ON"
        ),
    }
else:
    DATABASES["default"]["ENGINE"] = "shopmcp.db.postgresql"
    # A machine that does not answer is said to be gone after seconds, not minutes: before it has accepted a connection,
    # while one waits (keepalives), and when it takes no more data (milliseconds). How long a statement may take is
    # set with each connection (shopmcp/db/postgresql/base.py).
    OPTIONS = DATABASES["default"].setdefault("OPTIONS", {})
    OPTIONS.setdefault("connect_timeout", 5)
    OPTIONS.setdefault("keepalives_idle", 4)
    OPTIONS.setdefault("keepalives_interval", 2)
    OPTIONS.setdefault("keepalives_count", 2)
    OPTIONS.setdefault("tcp_user_timeout", 8000)
    # What came so often on a connection is planned once for it (shopmcp/db/prepared.py). A pooler that lends
    # connections for a transaction at a time may not keep such plans: `?prepare_threshold=none`.
    if OPTIONS.setdefault("prepare_threshold", 5) == "none":
        OPTIONS["prepare_threshold"] = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Mail and alarms
MAIL_IS_SET = bool(env.EMAIL_URL)
# EMAIL_BACKEND, EMAIL_HOST and the others of Django's.
globals().update(env.EMAIL_URL)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.DEFAULT_FROM_EMAIL or f"shopmcp@{_public.hostname}"
SHOPMCP_NOTIFY = env.SHOPMCP_NOTIFY
SHOPMCP_NOTIFY_SECRET = env.SHOPMCP_NOTIFY_SECRET
if not SHOPMCP_NOTIFY_SECRET and any(where.startswith("https:") for where in SHOPMCP_NOTIFY):
    SHOPMCP_NOTIFY_SECRET = notify_secret(DATA_DIR / "notify_secret")
SHOPMCP_WEBHOOKS_PRIVATE = env.SHOPMCP_WEBHOOKS_PRIVATE
# Ways to pay online, and how long an order that awaits its payment holds its goods.
SHOPMCP_PAYMENTS = env.SHOPMCP_PAYMENTS
SHOPMCP_PAYMENT_HOLD = env.SHOPMCP_PAYMENT_HOLD
STRIPE_SECRET_KEY = env.STRIPE_SECRET_KEY
STRIPE_WEBHOOK_SECRET = env.STRIPE_WEBHOOK_SECRET
STRIPE_API_BASE = env.STRIPE_API_BASE
refuse_unsafe_payments(env.PUBLIC_URL, SHOPMCP_PAYMENTS, STRIPE_SECRET_KEY)
# Who may read /metrics.
METRICS = env.METRICS or ("loopback" if _public.hostname in ("127.0.0.1", "localhost", "::1") else "key")

# Languages and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("he", "עברית")]
FORMAT_MODULE_PATH = ["shopmcp.formats"]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.TIME_ZONE

# Static files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What the log's format does not name need not be found out for every line (Python's logging HOWTO, "Optimization").
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "shopmcp.logs.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Without the handlers that Django gives it by itself: every line passes the one formatter.
        "django": {"handlers": []},
        # A request for another host is answered in words and logged in a line (shopmcp/views.py), not with a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Only faults of our own: a line for each page that does not exist would name the paths of sign-in links too.
        "django.request": {"level": "ERROR"},
        # Each request and answer.
        "stripe": {"level": "WARNING"},
        # Every client that was refused.
        "oauth2_provider": {"level": "WARNING"},
        "oauthlib": {"level": "WARNING"},
    },
}
