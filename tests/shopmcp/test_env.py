import os
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.core.exceptions import ImproperlyConfigured

from shopmcp.env import parse_age, read, refuse_unsafe
from shopmcp.network import LOOPBACK
from shopmcp.throttle import Rate


@pytest.fixture
def environment(monkeypatch):
    """The variables of the process: none, until a test sets them."""
    monkeypatch.setattr(os, "environ", {})
    return os.environ


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90m", timedelta(minutes=90)),
        ("24h", timedelta(days=1)),
        ("30d", timedelta(days=30)),
        (" 1d ", timedelta(days=1)),
    ],
)
def test_an_age_is_minutes_hours_or_days(text, age):
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "30", "d", "1w", "-1d", "1.5h", "0m", "4000d", "1d2h", "1 d"])
def test_other_ages_are_refused(text):
    with pytest.raises(ValueError, match="age"):
        parse_age(text)


GOOD_KEY = "0123456789" * 5


@pytest.mark.parametrize(
    ("key", "debug", "words"),
    [
        (GOOD_KEY[:49], False, r"\ASECRET_KEY can be guessed; .* at least 50 characters.* Make one with: python3 -c"),
        ("abcd" * 20, False, r"\ASECRET_KEY can be guessed; .* 5 of them different"),
        (GOOD_KEY, True, r"\ADEBUG is on and PUBLIC_URL is 'https://shop.example.com'"),
    ],
)
def test_what_would_open_the_shop_to_the_world_is_refused_with_an_https_address(key, debug, words):
    with pytest.raises(ImproperlyConfigured, match=words) as refusal:
        refuse_unsafe("https://shop.example.com", key, debug=debug)

    assert "\n" not in str(refusal.value)
    assert key not in str(refusal.value)
    for address in ("", "http://127.0.0.1:8000"):
        refuse_unsafe(address, key, debug=debug)
    refuse_unsafe("https://shop.example.com", GOOD_KEY, debug=False)


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("DEBUG", "", False),
        ("DEBUG", "On", True),
        ("DEBUG", "0", False),
        ("SHOPMCP_SESSION_KEYS", " a, b ,,c ", ["a", "b", "c"]),
        ("SHOPMCP_UNKEYED_CALLS", "", "isolate"),
        ("SHOPMCP_UNKEYED_CALLS", "shared", "shared"),
        ("SHOPMCP_KEEP_CARTS", "90m", timedelta(minutes=90)),
        ("SHOPMCP_KEEP_CARTS", "", timedelta(days=30)),
        ("PUBLIC_URL", "https://shop.example.com/", "https://shop.example.com"),
        ("PUBLIC_URL", "http://[::1]:8000", "http://[::1]:8000"),
        ("PUBLIC_URL", "HTTPS://Shop.Example.com:443", "https://shop.example.com"),
        ("PUBLIC_URL", "http://shop.example.com:443", "http://shop.example.com:443"),
        ("ALLOWED_HOSTS", "Shop.example.com, .example.org,[::1]", ["shop.example.com", ".example.org", "[::1]"]),
        ("SECRET_KEY", "  ", ""),
        ("SHOPMCP_API_PER_KEY", "", 600),
        ("SHOPMCP_API_PER_KEY", "7", 7),
        ("SHOPMCP_SESSION_CALLS", "", Rate(10, 600)),
        ("SHOPMCP_SESSION_CALLS", "7/s:9", Rate(7, 9)),
        ("SHOPMCP_NEW_SESSIONS", "5/s", Rate(5, 300)),
        ("SHOPMCP_NEW_UNKEYED", "", Rate(2, 600)),
        ("SHOPMCP_NEW_UNKEYED", "90/h:5", Rate(0.025, 5)),
        ("SHOPMCP_NEW_UNKEYED", "1/d", Rate(1 / 86_400, 1)),
        ("REDIS_URL", "redis://host:6379/0", "redis://host:6379/0"),
        ("SHOPMCP_TRUSTED_PROXIES", "", LOOPBACK),
        ("SHOPMCP_TRUSTED_PROXIES", "none", ()),
        ("SHOPMCP_TRUSTED_PROXIES", "10.0.0.0/8, loopback", (ip_network("10.0.0.0/8"), *LOOPBACK)),
        ("SHOPMCP_TRUSTED_PROXIES", "192.0.2.1", (ip_network("192.0.2.1/32"),)),
        ("TIME_ZONE", "", "UTC"),
        ("TIME_ZONE", "Asia/Jerusalem", "Asia/Jerusalem"),
    ],
)
def test_a_good_value_is_read(tmp_path, environment, name, value, result):
    environment[name] = value

    assert getattr(read(tmp_path / ".env"), name) == result


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "maybe"),
        ("SHOPMCP_UNKEYED_CALLS", "perhaps"),
        ("SHOPMCP_KEEP_CARTS", "1 month"),
        ("SHOPMCP_KEEP_EMPTY", "-1h"),
        ("SHOPMCP_ACTIVE_WINDOW", "soon"),
        ("PUBLIC_URL", "shop.example.com"),
        ("PUBLIC_URL", "ftp://shop.example.com"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://*.example.com"),
        ("PUBLIC_URL", "https://two words.example.com"),
        ("PUBLIC_URL", "https://shop.example.com:99999"),
        ("PUBLIC_URL", "https://shop.example.com/path"),
        ("PUBLIC_URL", "https://user@shop.example.com"),
        ("PUBLIC_URL", "https://shop.example.com:port"),
        ("ALLOWED_HOSTS", "https://shop.example.com"),
        ("ALLOWED_HOSTS", "shop.example.com:8000"),
        ("ALLOWED_HOSTS", "*"),
        ("TIME_ZONE", "Jerusalem"),
        ("TIME_ZONE", "../etc/passwd"),
        ("SHOPMCP_API_PER_KEY", "0"),
        ("SHOPMCP_API_PER_KEY", "-5"),
        ("SHOPMCP_API_PER_KEY", "1.5"),
        ("SHOPMCP_API_PER_KEY", "9999999"),
        ("SHOPMCP_SESSION_CALLS", "10"),
        ("SHOPMCP_SESSION_CALLS", "0/s"),
        ("SHOPMCP_SESSION_CALLS", "10/s:0"),
        ("SHOPMCP_NEW_SESSIONS", "10/week"),
        ("SHOPMCP_NEW_UNKEYED", "-1/s:5"),
        ("REDIS_URL", "http://user:secret@host"),
        ("REDIS_URL", "redis://:secret/more@host:6379/0"),
        ("REDIS_URL", "redis://:secret@host:port/0"),
        ("SHOPMCP_TRUSTED_PROXIES", "proxy.example.com"),
        ("SHOPMCP_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("DATABASE_URL", "mysql://localhost/shop"),
        ("DATABASE_URL", "postgres://user:secret@host:port/shop"),
    ],
)
def test_a_bad_value_is_refused_and_names_its_variable(tmp_path, environment, name, value):
    environment[name] = value

    with pytest.raises(ImproperlyConfigured, match=rf"\A{name} .*must be") as refusal:
        read(tmp_path / ".env")

    assert "secret" not in str(refusal.value)


def test_a_dotenv_file_completes_the_environment_and_never_overrides_it(tmp_path, environment):
    (tmp_path / ".env").write_text("# a comment\nSECRET_KEY=file\nTIME_ZONE=Europe/Rome\nPUBLIC_URL=http://file\n")
    environment |= {"SECRET_KEY": "process", "PUBLIC_URL": ""}

    env = read(tmp_path / ".env")

    assert (env.SECRET_KEY, env.TIME_ZONE, env.PUBLIC_URL) == ("process", "Europe/Rome", "")


@pytest.mark.parametrize("value", ["$a", "${a}", "$a${DEBUG}", "#a", "a#b", "a'b", 'a"b', "a\\b", "%a", "\ufeffa"])
@pytest.mark.parametrize("source", ["environment", "file", "file, quoted", "file of Notepad"])
def test_a_value_is_taken_as_it_stands(tmp_path, environment, value, source):
    environment |= {"a": "another", "DEBUG": "on"}
    if source == "environment":
        environment["SECRET_KEY"] = value
    else:
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        line = f"SECRET_KEY='{escaped}' # a comment" if "quoted" in source else f"SECRET_KEY={value}"
        encoding, end = ("utf-8-sig", "\r\n") if "Notepad" in source else ("utf-8", "\n")
        (tmp_path / ".env").write_text(f"{line}{end}TIME_ZONE=Asia/Jerusalem{end}", encoding, newline="")

    key = read(tmp_path / ".env").SECRET_KEY

    assert key == value


@pytest.mark.parametrize("content", [b"DEBUG=off\nSECRET_KEY='abc\n", b"\nSECRET_KEY abc\n", b"\xff\xfeD\0"])
def test_a_dotenv_file_that_cannot_be_read_is_refused_whole(tmp_path, environment, content):
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(
        ImproperlyConfigured, match=r"\.env cannot be read: (line 2 is not NAME=value|.*codec)"
    ) as refusal:
        read(tmp_path / ".env")

    assert "abc" not in str(refusal.value)
