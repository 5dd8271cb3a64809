import subprocess
import sys
from pathlib import Path

import pytest

from shopmcp.env import Env
from tests.live import ROOT, SETTINGS, clean_env, manage

# The processes of these tests know no database but the one that a test names.
pytestmark = pytest.mark.no_database
CONTRACT = {
    *("SHOPMCP_DATA_DIR", "DATABASE_URL", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "PUBLIC_URL", "ALLOWED_HOSTS"),
    *("SHOPMCP_UNKEYED_CALLS", "SHOPMCP_SESSION_KEYS", "SHOPMCP_ACTIVE_WINDOW", "SHOPMCP_KEEP_CARTS"),
    *("SHOPMCP_KEEP_EMPTY", "DEBUG"),
}
# What came later.
SINCE = {
    *("SHOPMCP_ABANDONED_AFTER", "SHOPMCP_API_PER_KEY", "SHOPMCP_API_PER_ADDRESS", "TIME_ZONE", "METRICS"),
    *("EMAIL_URL", "DEFAULT_FROM_EMAIL", "SHOPMCP_NOTIFY", "SHOPMCP_NOTIFY_SECRET", "SHOPMCP_WEBHOOKS_PRIVATE"),
    *("REDIS_URL", "SHOPMCP_SESSION_CALLS", "SHOPMCP_NEW_SESSIONS", "SHOPMCP_NEW_UNKEYED", "SHOPMCP_TRUSTED_PROXIES"),
    *("SHOPMCP_DATABASE_CONNECTIONS", "COPY_TO_URL", "SHOPMCP_CACHE", "SHOPMCP_KEEP_BUYERS", "SHOPMCP_PAYMENTS"),
    *("SHOPMCP_PAYMENT_HOLD", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE"),
}


def show(tmp_path, expression, **env):
    """The value that an expression over the settings has in a process with these variables."""
    code = f"from django.conf import settings; print({expression})"
    command = [sys.executable, "-c", code]
    environment = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DJANGO_SETTINGS_MODULE="shopmcp.settings", **env)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_with_nothing_set_the_shop_is_closed_to_the_world(tmp_path):
    shown = show(tmp_path / "new", "settings.DEBUG, settings.ALLOWED_HOSTS, oct(settings.DATA_DIR.stat().st_mode)[-3:]")

    assert shown == "False ['127.0.0.1', 'localhost', '[::1]'] 700"
    assert (tmp_path / "new" / "secret_key").exists()


def test_a_public_https_address_secures_cookies_and_names_the_host(tmp_path):
    names = [
        "ALLOWED_HOSTS[0]",
        "CSRF_TRUSTED_ORIGINS",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_SECURE",
        "SECURE_HSTS_SECONDS",
    ]
    shown = show(tmp_path, ", ".join(f"settings.{name}" for name in names), PUBLIC_URL="https://shop.example.com/")

    assert shown == "shop.example.com ['https://shop.example.com'] True True 31536000"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "shop.example.com"),
        ("DATABASE_URL", "mysql://localhost/shop"),
        ("SHOPMCP_DATA_DIR", "/dev/null/shop"),
        ("EMAIL_URL", "mail.example.com"),
        ("EMAIL_URL", "smtp+tls://"),
        ("DEFAULT_FROM_EMAIL", "The Shop"),
        ("SHOPMCP_NOTIFY", "http://hooks.example.com/"),
        ("SHOPMCP_NOTIFY", "owner@example.com, nobody"),
        ("SHOPMCP_NOTIFY_SECRET", "whsec_short"),
        ("METRICS", "all"),
    ],
)
def test_a_bad_value_stops_the_start_with_one_line_that_names_the_variable(tmp_path, name, value):
    result = manage("serve", env=clean_env(**{"SHOPMCP_DATA_DIR": str(tmp_path), name: value}))

    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"shopmcp: {name} is ") or result.stderr.startswith(f"shopmcp: {name} must be ")


@pytest.mark.parametrize(("name", "value"), [("SECRET_KEY", "short"), ("DEBUG", "on")])
def test_what_would_open_the_shop_to_the_world_stops_the_start_with_one_line(tmp_path, name, value):
    env = {"SHOPMCP_DATA_DIR": str(tmp_path), "PUBLIC_URL": "https://shop.example.com", name: value}
    result = manage("check", "--deploy", env=clean_env(**env))

    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"shopmcp: {name} ")


def test_a_server_started_without_serve_says_the_same_at_the_end(tmp_path):
    command = [sys.executable, "-m", "uvicorn", "shopmcp.asgi:application", "--port", "1"]
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DEBUG="maybe")
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].endswith("DEBUG is 'maybe'; it must be on or off.")


def test_every_setting_stands_in_the_example_and_is_read_once():
    assert set(SETTINGS) == CONTRACT | SINCE == set(Env.model_fields)


def test_only_the_settings_read_the_environment():
    readers = [
        path.relative_to(ROOT)
        for app in ("shopmcp", "catalog", "carts")
        for path in sorted((ROOT / app).rglob("*.py"))
        if "os.getenv" in path.read_text() or "os.environ[" in path.read_text() or "os.environ.get" in path.read_text()
    ]

    # The folder of prometheus_client's files: `serve` sets it for its workers.
    assert readers == [Path("shopmcp/metrics.py")]


def test_the_deploy_check_is_silent_but_for_what_the_settings_explain(tmp_path):
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), PUBLIC_URL="https://shop.example.com")
    result = manage("check", "--deploy", "--fail-level", "WARNING", "--tag", "security", env=env)

    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("address", "threshold"), [("", "5"), ("?prepare_threshold=none", "None")])
def test_plans_are_kept_on_postgresql_unless_a_pooler_cannot_keep_them(tmp_path, address, threshold):
    shown = show(
        tmp_path,
        "settings.DATABASES['default']['OPTIONS']['prepare_threshold']",
        DATABASE_URL=f"postgres://shop@127.0.0.1:5999/shop{address}",
    )

    assert shown == threshold


def test_mail_is_sent_as_its_address_says_and_from_the_shop(tmp_path):
    shown = show(
        tmp_path,
        "settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_HOST_PASSWORD, "
        "settings.DEFAULT_FROM_EMAIL, settings.MAIL_IS_SET",
        EMAIL_URL="smtp+tls://owner:pa$s@mail.example.com:587",
        PUBLIC_URL="https://shop.example.com",
    )

    assert shown == "mail.example.com 587 True pa$s shopmcp@shop.example.com True"
    assert show(tmp_path, "settings.MAIL_IS_SET") == "False"


@pytest.mark.parametrize(
    ("address", "port", "by_starttls", "by_tls"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp+tls://mail.example.com", 587, True, False),
        ("smtps://mail.example.com:465", 465, False, True),
        ("smtp+ssl://mail.example.com", 465, False, True),
    ],
)
def test_the_port_of_mail_tells_how_a_connection_is_encrypted(tmp_path, address, port, by_starttls, by_tls):
    shown = show(tmp_path, "settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL", EMAIL_URL=address)

    assert shown == f"{port} {by_starttls} {by_tls}"


def test_the_secret_of_webhooks_is_made_once_and_kept_for_its_owner(tmp_path):
    notify = "owner@example.com, https://hooks.example.com/x"
    first, second = (show(tmp_path, "settings.SHOPMCP_NOTIFY_SECRET", SHOPMCP_NOTIFY=notify) for _ in range(2))

    assert first == second == (tmp_path / "notify_secret").read_text()
    assert first.startswith("whsec_")
    assert (tmp_path / "notify_secret").stat().st_mode & 0o777 == 0o600


def test_without_a_webhook_no_secret_is_made(tmp_path):
    assert show(tmp_path, "settings.SHOPMCP_NOTIFY_SECRET", SHOPMCP_NOTIFY="owner@example.com") == ""
    assert not (tmp_path / "notify_secret").exists()


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "loopback"),
        ({"PUBLIC_URL": "http://localhost:9000"}, "loopback"),
        ({"PUBLIC_URL": "https://shop.example.com"}, "key"),
        ({"PUBLIC_URL": "https://shop.example.com", "METRICS": "off"}, "off"),
    ],
)
def test_metrics_are_for_this_machine_or_for_keys(tmp_path, env, expected):
    assert show(tmp_path, "settings.METRICS", **env) == expected
