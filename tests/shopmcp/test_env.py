import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from shopmcp.env import Environment, last_address, parse_age, secret_key


@pytest.fixture
def env(tmp_path, monkeypatch):
    """Set a variable and read it back with one of Environment's methods."""

    def read(value, method, *arguments):
        monkeypatch.setenv("THING", value)
        return getattr(Environment(tmp_path / ".env"), method)("THING", *arguments)

    return read


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


@pytest.mark.parametrize(
    ("value", "method", "arguments", "result"),
    [
        ("", "flag", (), False),
        ("On", "flag", (), True),
        ("0", "flag", (True,), False),
        (" a, b ,,c ", "words", (), ["a", "b", "c"]),
        ("", "choice", (("one", "two"),), "one"),
        ("two", "choice", (("one", "two"),), "two"),
        ("https://shop.example.com/", "url", ("x",), "https://shop.example.com"),
        ("http://[::1]:8000", "url", ("x",), "http://[::1]:8000"),
        ("HTTPS://Shop.Example.com:443", "url", ("x",), "https://shop.example.com"),
        ("http://shop.example.com:443", "url", ("x",), "http://shop.example.com:443"),
        ("Shop.example.com, .example.org,[::1]", "hosts", (), ["shop.example.com", ".example.org", "[::1]"]),
        ("  ", "text", ("default",), "default"),
        ("", "count", (600,), 600),
        ("7", "count", (600,), 7),
        ("", "zone", ("UTC",), "UTC"),
        ("Asia/Jerusalem", "zone", ("UTC",), "Asia/Jerusalem"),
    ],
)
def test_a_good_value_is_read(env, value, method, arguments, result):
    assert env(value, method, *arguments) == result


@pytest.mark.parametrize(
    ("value", "method", "arguments"),
    [
        ("maybe", "flag", ()),
        ("three", "choice", (("one", "two"),)),
        ("soon", "age", ("1d",)),
        ("shop.example.com", "url", ("x",)),
        ("ftp://shop.example.com", "url", ("x",)),
        ("https://", "url", ("x",)),
        ("https://two words.example.com", "url", ("x",)),
        ("https://shop.example.com:99999", "url", ("x",)),
        ("https://shop.example.com/path", "url", ("x",)),
        ("https://user@shop.example.com", "url", ("x",)),
        ("https://shop.example.com:port", "url", ("x",)),
        ("https://shop.example.com", "hosts", ()),
        ("shop.example.com:8000", "hosts", ()),
        ("*", "hosts", ()),
        ("Jerusalem", "zone", ("UTC",)),
        ("../etc/passwd", "zone", ("UTC",)),
        ("0", "count", (1,)),
        ("-5", "count", (1,)),
        ("1.5", "count", (1,)),
        ("9999999", "count", (1,)),
        ("mysql://localhost/shop", "database", ({},)),
        ("postgres://user:secret@host:port/shop", "database", ({},)),
    ],
)
def test_a_bad_value_is_refused_and_names_its_variable(env, value, method, arguments):
    with pytest.raises(ImproperlyConfigured, match=r"\ATHING .*must be") as refusal:
        env(value, method, *arguments)

    assert "secret" not in str(refusal.value)


def test_a_dotenv_file_completes_the_environment_and_never_overrides_it(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("SHOPMCP_TEST_GIVEN=file\nSHOPMCP_TEST_ABSENT=file\n")
    monkeypatch.setenv("SHOPMCP_TEST_GIVEN", "process")
    monkeypatch.setenv("SHOPMCP_TEST_ABSENT", "remembered so that it is put back")
    monkeypatch.delenv("SHOPMCP_TEST_ABSENT")

    env = Environment(tmp_path / ".env")

    assert (env.text("SHOPMCP_TEST_GIVEN"), env.text("SHOPMCP_TEST_ABSENT")) == ("process", "file")


def test_the_secret_key_is_made_once_for_its_owner_alone(tmp_path):
    first = secret_key(tmp_path / "key")

    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert secret_key(tmp_path / "key") == first


def test_processes_that_start_together_agree_on_one_secret_key(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: secret_key(tmp_path / "key"), range(64)))

    assert len(keys) == 1
    assert "" not in keys
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]


@pytest.mark.parametrize(
    "spoil", [lambda file: file.write_text("\n"), lambda file: file.mkdir()], ids=["empty", "folder"]
)
def test_a_secret_key_that_cannot_be_used_is_told_by_the_variables_name(tmp_path, spoil):
    spoil(tmp_path / "key")

    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        secret_key(tmp_path / "key")


@pytest.mark.parametrize(
    ("kept", "address"),
    [
        ("http://127.0.0.1:9000\n", "http://127.0.0.1:9000"),
        ("nonsense", "http://127.0.0.1:8000"),
        (None, "http://127.0.0.1:8000"),
    ],
)
def test_the_last_address_is_the_kept_one_or_the_usual(tmp_path, kept, address):
    if kept is not None:
        (tmp_path / "address").write_text(kept)

    assert last_address(tmp_path / "address") == address
