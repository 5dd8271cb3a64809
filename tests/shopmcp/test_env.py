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
        ("7y", timedelta(days=7 * 366)),
    ],
)
def test_an_age_is_minutes_hours_days_or_years(text, age):
    assert parse_age(text) == age


@pytest.mark.parametrize("text", ["", "30", "d", "1w", "-1d", "1.5h", "0m", "4000d", "11y", "1d2h", "1 d"])
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
        ("SHOPMCP_KEEP_BUYERS", "", timedelta(days=7 * 366)),
        ("PUBLIC_URL", "https://shop.example.com/", "https://shop.example.com"),
        ("PUBLIC_URL", "http://[::1]:8000", "http://[::1]:8000"),
        ("PUBLIC_URL", "HTTPS://Shop.Example.com:443", "https://shop.example.com"),
        ("PUBLIC_URL", "http://shop.example.com:443", "http://shop.example.com:443"),
        ("PUBLIC_URL", "https://חנות.example.co.il/", "https://xn--9dbd1a4b.example.co.il"),
        ("PUBLIC_URL", "\u200fhttps://חנות.example:8443\u200e", "https://xn--9dbd1a4b.example:8443"),
        ("PUBLIC_URL", "https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("PUBLIC_URL", "https://xn--9dbd1a4b.example", "https://xn--9dbd1a4b.example"),
        ("ALLOWED_HOSTS", "חנות.example, .קפה.example", ["xn--9dbd1a4b.example", ".xn--8db5ai.example"]),
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
        ("ALLOWED_HOSTS", "חנות example"),
        ("ALLOWED_HOSTS", "https://חנות.example"),
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


LINES = "SECRET_KEY=abc\nTIME_ZONE=Asia/Jerusalem\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"DEBUG=off\nSECRET_KEY='abc\n", "line 2 is not NAME=value"),
        (b"\nSECRET_KEY abc\n", "line 2 is not NAME=value"),
        (LINES.encode("utf-16"), "it is in UTF-16; save it as UTF-8"),
        (LINES.encode("utf-16-le"), "it is in UTF-16; save it as UTF-8"),
        (LINES.encode("utf-16-be"), "it is in UTF-16; save it as UTF-8"),
        (LINES.encode("utf-32"), "it is in UTF-16; save it as UTF-8"),
        ("SECRET_KEY=abc\nDEFAULT_FROM_EMAIL=חנות\n".encode("windows-1255"), "it is not in UTF-8; save it as UTF-8"),
    ],
    ids=range(7),
)
def test_a_dotenv_file_that_cannot_be_read_is_refused_whole(tmp_path, environment, content, words):
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(ImproperlyConfigured, match=rf"\.env cannot be read: {words}\.") as refusal:
        read(tmp_path / ".env")

    assert "abc" not in str(refusal.value)
    assert not environment.keys() & {"SECRET_KEY", "DEBUG", "TIME_ZONE"}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_loses_no_variable(tmp_path, environment, end):
    lines = ["\ufeffPUBLIC_URL=https://bom.example.com", "TIME_ZONE=Asia/Jerusalem", "\ufeffDEBUG=on", ""]
    (tmp_path / ".env").write_bytes(end.join(lines).encode())

    env = read(tmp_path / ".env")

    assert (env.PUBLIC_URL, env.TIME_ZONE, env.DEBUG) == ("https://bom.example.com", "Asia/Jerusalem", True)


@pytest.mark.parametrize(
    ("text", "ways"), [("", []), ("link", ["link"]), (" link ,", ["link"]), ("dummy,link", ["dummy", "link"])]
)
def test_ways_to_pay_online_are_named(environment, tmp_path, text, ways):
    environment["SHOPMCP_PAYMENTS"] = text

    assert ways == read(tmp_path / ".env").SHOPMCP_PAYMENTS


def test_a_way_to_pay_that_there_is_not_is_refused(environment, tmp_path):
    environment["SHOPMCP_PAYMENTS"] = "link,gold"

    with pytest.raises(ImproperlyConfigured, match="SHOPMCP_PAYMENTS"):
        read(tmp_path / ".env")
