"""Reading settings from the environment, so that a mistake names its variable."""

import contextlib
import os
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

T = TypeVar("T")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Environment:
    """The variables of the process, completed by a `.env` file."""

    def __init__(self, dotenv: Path) -> None:
        self._env = environ.Env()
        if dotenv.is_file():
            self._env.read_env(dotenv)

    def text(self, name: str, default: str = "") -> str:
        """The value with surrounding space removed; a variable that is set but empty counts as unset."""
        return str(self._env.str(name, default="")).strip() or default

    def flag(self, name: str, default: bool = False) -> bool:
        values = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        value = self.text(name).lower()
        if value and value not in values:
            raise _bad(name, value, "on or off")
        return values.get(value, default)

    def words(self, name: str) -> list[str]:
        """A comma-separated list."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def hosts(self, name: str) -> list[str]:
        """A comma-separated list of host names, without scheme, port or path."""
        expected = "host names such as shop.example.com, separated by commas"
        return [self._parsed(name, word, _host, expected) for word in self.words(name)]

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices; the first is the default."""
        value = self.text(name, choices[0])
        if value not in choices:
            raise _bad(name, value, " or ".join(choices))
        return value

    def age(self, name: str, default: str) -> timedelta:
        return self._parsed(name, self.text(name, default), parse_age, "an age such as 90m, 24h or 30d")

    def count(self, name: str, default: int) -> int:
        """A whole number of at least one."""
        return self._parsed(name, self.text(name, str(default)), _count, "a whole number from 1 to 1000000")

    def zone(self, name: str, default: str) -> str:
        """A time zone by its name in the IANA database."""
        expected = "a time zone such as Asia/Jerusalem"
        return self._parsed(name, self.text(name, default), lambda value: ZoneInfo(value).key, expected)

    def url(self, name: str, default: str) -> str:
        """An http or https address without a path, and without a slash at its end."""
        value = self.text(name, default)
        return self._parsed(name, value, _origin, "an address such as https://shop.example.com")

    def database(self, name: str, default: dict[str, Any]) -> dict[str, Any]:
        value = self.text(name)
        if not value:
            return default
        if not value.startswith(("postgres://", "postgresql://", "sqlite:///")):
            raise ImproperlyConfigured(
                f"{name} must be like postgres://user:password@host:5432/name or sqlite:////path/to/file."
            )
        return dict(self._parsed(name, value, self._env.db_url_config, "a database URL", show=False))

    @staticmethod
    def _parsed(name: str, value: str, parse: Callable[[str], T], expected: str, show: bool = True) -> T:
        try:
            return parse(value)
        except (ValueError, ZoneInfoNotFoundError, OSError, environ.ImproperlyConfigured):
            raise _bad(name, value if show else "the value", expected) from None


def parse_age(text: str) -> timedelta:
    """Read `90m`, `24h` or `30d`.

    Raises:
        ValueError: For anything else, and for ages beyond ten years.
    """
    if not (found := re.fullmatch(r"(\d{1,7})([mhd])", text.strip())):
        raise ValueError("not an age such as 90m, 24h or 30d")
    age = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if not timedelta(0) < age <= timedelta(days=3660):
        raise ValueError("an age is more than nothing and at most ten years")
    return age


def secret_key(file: Path) -> str:
    """Return the key kept in the file, making it at the first start, readable by its owner alone.

    Raises:
        ImproperlyConfigured: If the file cannot be read or made, or holds no key.
    """
    try:
        if not file.exists():
            _write_secret_key(file)
        key = file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY is not set, and the one kept in {file} cannot be used: {error.strerror}."
        ) from None
    if not key:
        raise ImproperlyConfigured(f"SECRET_KEY is not set, and {file} is empty; delete the file or set the variable.")
    return key


def last_address(file: Path) -> str:
    """The address that `serve` listened on last, so that other commands can name it; the usual one before that."""
    try:
        return _origin(file.read_text().strip())
    except (OSError, ValueError):
        return "http://127.0.0.1:8000"


def _write_secret_key(file: Path) -> None:
    # Written aside and linked into place: processes that start together never read half a key, and agree on one.
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as new:
            new.write(get_random_secret_key())
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(draft)
    finally:
        draft.unlink()


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text) or not 1 <= int(text) <= 1_000_000:
        raise ValueError
    return int(text)


def _host(text: str) -> str:
    name = text.removeprefix(".")
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]", name):
        raise ValueError
    return text.lower()


def _origin(text: str) -> str:
    """The address as browsers write it in an Origin header: small letters, and no port where it is the usual one."""
    parts = urlsplit(text.rstrip("/"))
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError
    name = parts.hostname or ""
    host = _host(f"[{name}]" if ":" in name else name)
    usual = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{host}" if parts.port in (None, usual) else f"{parts.scheme}://{host}:{parts.port}"


def _bad(name: str, value: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {value!r}; it must be {expected}.")
