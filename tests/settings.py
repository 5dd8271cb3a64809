"""The project's settings for tests: a data folder of their own, and PostgreSQL when `TEST_DATABASE_URL` names one."""

import os
import tempfile

os.environ["SHOPMCP_DATA_DIR"] = tempfile.mkdtemp(prefix="shopmcp-tests-")
for name in (
    "DATABASE_URL",
    "PUBLIC_URL",
    "DEBUG",
    "SHOPMCP_UNKEYED_CALLS",
    "SHOPMCP_SESSION_KEYS",
    "SECRET_KEY_FALLBACKS",
    "EMAIL_URL",
    "SHOPMCP_NOTIFY",
    "SHOPMCP_PAYMENTS",
    "METRICS",
):
    os.environ[name] = ""  # set and empty: neither the shell's nor a `.env` file's value counts
os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
os.environ["SECRET_KEY"] = "a key for tests alone, long enough for Django's own checks: 0123456789"

from shopmcp.settings import *  # noqa: E402, F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.flushing"]  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "accounts.oauth.secrets.SecretHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
