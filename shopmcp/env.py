"""The settings that the environment and a `.env` file give, each checked before the shop starts."""

import os
import re
from base64 import b64decode
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from datetime import timedelta
from email.utils import parseaddr
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.exceptions import ValidationError as InvalidAddress
from django.core.validators import validate_email
from dotenv.parser import parse_stream
from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shopmcp.network import LOOPBACK, Network
from shopmcp.outgoing import https_parts
from shopmcp.throttle import Rate

_IMPLICIT_TLS = 465
_MARK = "\ufeff"  # a byte-order mark
# Direction marks, which come along when an address is copied out of Hebrew text.
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"


def read(dotenv: Path) -> "Env":
    """Read the environment, completed by a `.env` file; values are taken as they stand.

    Raises:
        ImproperlyConfigured: If a value is not allowed, or the file cannot be read. The message names the setting.
    """
    if dotenv.is_file():
        _load(dotenv)
    try:
        return Env()
    except ValidationError as error:
        fault = error.errors()[0]
    name = str(fault["loc"][0])
    field = Env.model_fields[name]
    shown = f"is {fault['input']!r}; it " if field.repr else ""
    raise ImproperlyConfigured(f"{name} {shown}must be {field.description or 'text'}.")


def refuse_unsafe(public_url: str, secret_key: str, *, debug: bool) -> None:
    """Refuse settings by which anybody could open a public shop: a weak key, or Django's debug pages.

    Raises:
        ImproperlyConfigured: If the address is public (https). The message names the setting.
    """
    if not public_url.startswith("https:"):
        return
    if debug:
        raise ImproperlyConfigured(
            f"DEBUG is on and PUBLIC_URL is {public_url!r}; debug pages show settings to strangers. Switch DEBUG off."
        )
    # As Django's own check security.W009 has it.
    if len(secret_key) < 50 or len(set(secret_key)) < 5:
        raise ImproperlyConfigured(
            "SECRET_KEY can be guessed; with an https PUBLIC_URL it must have at least 50 characters, 5 of them "
            f"different. Make one with: {MAKE_A_KEY}"
        )


def refuse_unsafe_payments(public_url: str, payments: Sequence[str], stripe_key: str) -> None:
    """Refuse settings by which a public shop would take no money for its goods, or no payment at all.

    Raises:
        ImproperlyConfigured: If the address is public (https) and the dummy takes payments, or Stripe has no key. The
            message names the setting.
    """
    if "stripe" in payments and not stripe_key:
        raise ImproperlyConfigured("SHOPMCP_PAYMENTS names stripe, so STRIPE_SECRET_KEY must be set.")
    if "dummy" in payments and public_url.startswith("https:"):
        raise ImproperlyConfigured(
            f"SHOPMCP_PAYMENTS names dummy, which takes no money, and PUBLIC_URL is {public_url!r}. Take dummy out of "
            "SHOPMCP_PAYMENTS."
        )


def parse_age(text: str) -> timedelta:
    """Read `90m`, `24h`, `30d` or `7y`. A year is never shorter than one of the calendar.

    Raises:
        ValueError: For anything else, and for ages beyond ten years.
    """
    if not (found := re.fullmatch(r"(\d{1,7})([mhdy])", text.strip())):
        raise ValueError("not an age such as 90m, 24h, 30d or 7y")
    units = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "y": timedelta(days=366)}
    age = int(found[1]) * units[found[2]]
    if not timedelta(0) < age <= timedelta(days=3660):
        raise ValueError("an age is more than nothing and at most ten years")
    return age


def _load(dotenv: Path) -> None:
    """Complete the environment; pydantic-settings itself would replace `${NAME}` in the file's values."""
    try:
        lines = list(parse_stream(StringIO(_text(dotenv.read_bytes()), newline=None)))
        for line in lines:
            if line.error:
                text, first = line.original  # blank lines before it belong to it
                number = first + len(text) - len(text.lstrip("\n"))
                raise ValueError(f"line {number} is not NAME=value")
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{dotenv} cannot be read: {error}.") from None
    for line in lines:
        if line.key and line.value is not None:
            # A file that was put together from others may have their marks at the beginning of lines.
            os.environ.setdefault(line.key.lstrip(_MARK), line.value)


def _text(content: bytes) -> str:
    """Decode UTF-8, which Notepad on Windows begins with a byte-order mark."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or b"\0" in content:
        raise ValueError("it is in UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8; save it as UTF-8") from None


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError from error


def _database(text: str) -> dict[str, Any]:
    if not text.startswith(("postgres://", "postgresql://", "sqlite:///")):
        raise ValueError
    return dict(environ.Env.db_url_config(text))


def _mail(text: str) -> dict[str, Any]:
    try:
        found = dict(environ.Env.email_url_config(text))
    except ImproperlyConfigured as error:
        raise ValueError from error
    found.pop("OPTIONS", None)
    if text.startswith("smtp"):
        if not found["EMAIL_HOST"]:
            raise ValueError
        # On this port a connection is encrypted from its first byte, whatever the scheme says (RFC 8314).
        if found["EMAIL_PORT"] == _IMPLICIT_TLS:
            found |= {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}
        usual = 587 if found.get("EMAIL_USE_TLS") else _IMPLICIT_TLS if found.get("EMAIL_USE_SSL") else 25
        found["EMAIL_PORT"] = found["EMAIL_PORT"] or usual
    return found


def _sender(text: str) -> str:
    """Read `shop@example.com` or `The Shop <shop@example.com>`."""
    try:
        validate_email(parseaddr(text)[1])
    except InvalidAddress as error:
        raise ValueError from error
    if not text.isprintable():
        raise ValueError
    return text


def _notified(text: str) -> str:
    if text.startswith("https:"):
        https_parts(text)
        return text
    try:
        validate_email(text)
    except InvalidAddress as error:
        raise ValueError from error
    return text


def _webhook_secret(text: str) -> str:
    """As Standard Webhooks has it."""
    if not text.startswith("whsec_") or not 24 <= len(b64decode(text[6:], validate=True)) <= 64:
        raise ValueError
    return text


def _host(text: str) -> str:
    name = text.removeprefix(".")
    if not name.isascii() and re.fullmatch(r"[\w.-]+", name := name.strip(_DIRECTIONS)):
        name = HttpUrl(f"http://{name}").host or ""  # in the form that DNS and browsers use
        text = f".{name}" if text.startswith(".") else name
    if not re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]", name):
        raise ValueError
    return text.lower()


def origin(text: str) -> str:
    """The address as browsers write it in an Origin header.

    In small letters, without a port where it is the usual one, and with a name in Hebrew letters in its ASCII form.
    """
    url = HttpUrl(text.strip(_DIRECTIONS).rstrip("/"))
    if (url.path, url.query, url.fragment, url.username, url.password) != ("/", None, None, None, None):
        raise ValueError
    _host(url.host or "")
    return str(url).rstrip("/")


def _loopback(text: str) -> str:
    """Read an address of this machine: no other gets the key of the shop's account."""
    found = origin(text)
    if not re.match(r"http://(127\.0\.0\.1|localhost|\[::1\])(:|$)", found):
        raise ValueError
    return found


def _proxies(text: str) -> tuple[Network, ...]:
    """Read addresses and networks; `loopback` stands for this machine, and `none` for no proxy at all."""
    named = {"loopback": LOOPBACK, "none": ()}
    words = [word.strip() for word in text.split(",") if word.strip()]
    return tuple(network for word in words for network in (named[word] if word in named else [ip_network(word)]))


def _rate(text: str) -> Rate:
    """Read `RATE` or `RATE:BURST`, such as `10/s:600`. Without a burst it is what a minute gives."""
    if not (found := re.fullmatch(r"(\d{1,7})/([smhd])(?::(\d{1,9}))?", text)):
        raise ValueError
    number, seconds = int(found[1]), {"s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2]]
    burst = int(found[3]) if found[3] else max(1, number * 60 // seconds)
    if not number or not burst:
        raise ValueError
    return Rate(number / seconds, burst)


def _redis(text: str) -> str:
    from redis.connection import parse_url  # noqa: PLC0415 - only a shop that has a Redis loads the library

    parse_url(text)  # type: ignore[no-untyped-call]
    return text


_split = BeforeValidator(lambda text: [word.strip() for word in text.split(",") if word.strip()])
Age = Annotated[timedelta, BeforeValidator(parse_age), Field(description="an age such as 90m, 24h, 30d or 7y")]
Count = Annotated[int, Field(ge=1, le=1_000_000, description="a whole number from 1 to 1000000")]
Database = Annotated[dict[str, Any], BeforeValidator(_database)]
Hosts = Annotated[list[Annotated[str, AfterValidator(_host)]], _split]
Words = Annotated[list[str], _split]
Limit = Annotated[
    Rate, BeforeValidator(_rate), Field(description="RATE or RATE:BURST, such as 10/s:600; rates are by s, m, h or d")
]
Proxies = Annotated[tuple[Network, ...], BeforeValidator(_proxies)]


class Env(BaseSettings):
    """Each setting by its name, with what it must be; the value of one without `repr` is never shown."""

    model_config = SettingsConfigDict(case_sensitive=True, enable_decoding=False, validate_default=False)

    SHOPMCP_DATA_DIR: str = ""
    DATABASE_URL: Database = Field(
        default={},
        description="like postgres://user:password@host:5432/name or sqlite:////path/to/file",
        repr=False,
    )
    COPY_TO_URL: Database = Field(default={}, description="like postgres://user:password@host:5432/name", repr=False)
    SECRET_KEY: str = Field(default="", repr=False)
    SECRET_KEY_FALLBACKS: Words = Field(default=[], repr=False)
    PUBLIC_URL: Annotated[str, AfterValidator(origin)] = Field(
        default="", description="an address such as https://shop.example.com"
    )
    ALLOWED_HOSTS: Hosts = Field(default=[], description="host names such as shop.example.com, separated by commas")
    SHOPMCP_UNKEYED_CALLS: Literal["isolate", "shared", "refuse"] = Field(
        default="isolate", description="isolate or shared or refuse"
    )
    SHOPMCP_SESSION_KEYS: Words = []
    SHOPMCP_ACTIVE_WINDOW: Age = timedelta(minutes=30)
    SHOPMCP_ABANDONED_AFTER: Age = timedelta(minutes=30)
    SHOPMCP_KEEP_CARTS: Age = timedelta(days=30)
    SHOPMCP_KEEP_EMPTY: Age = timedelta(days=1)
    SHOPMCP_KEEP_BUYERS: Age = timedelta(days=7 * 366)
    SHOPMCP_SESSION_CALLS: Limit = Rate(10, 600)
    SHOPMCP_NEW_SESSIONS: Limit = Rate(5, 5000)
    SHOPMCP_NEW_UNKEYED: Limit = Rate(2, 600)
    SHOPMCP_API_PER_KEY: Count = 600
    SHOPMCP_API_PER_ADDRESS: Count = 1200
    SHOPMCP_DATABASE_CONNECTIONS: Annotated[int, Field(ge=4, le=500, description="a whole number from 4 to 500")] = 12
    EMAIL_URL: Annotated[dict[str, Any], BeforeValidator(_mail)] = Field(
        default={}, description="like smtp+tls://user:password@host:587", repr=False
    )
    DEFAULT_FROM_EMAIL: Annotated[str, AfterValidator(_sender)] = Field(
        default="", description="an address such as shop@example.com or The Shop <shop@example.com>"
    )
    SHOPMCP_NOTIFY: Annotated[list[Annotated[str, AfterValidator(_notified)]], _split] = Field(
        default=[], description="e-mail addresses and https addresses of webhooks, separated by commas", repr=False
    )
    SHOPMCP_NOTIFY_SECRET: Annotated[str, AfterValidator(_webhook_secret)] = Field(
        default="", description="whsec_ and 24 to 64 bytes in base64", repr=False
    )
    SHOPMCP_WEBHOOKS_PRIVATE: bool = Field(default=False, description="on or off")
    SHOPMCP_PAYMENTS: Annotated[list[Literal["stripe", "link", "dummy"]], _split] = Field(
        default=[], description="stripe, link, dummy or several of them, separated by commas, or nothing"
    )
    STRIPE_SECRET_KEY: str = Field(default="", repr=False)
    STRIPE_WEBHOOK_SECRET: str = Field(default="", repr=False)
    STRIPE_API_BASE: Annotated[str, AfterValidator(_loopback)] = Field(
        default="", description="an address of this machine such as http://127.0.0.1:12111, for tests"
    )
    SHOPMCP_PAYMENT_HOLD: Age = timedelta(minutes=30)
    METRICS: Literal["loopback", "key", "off"] | None = Field(default=None, description="loopback or key or off")
    SHOPMCP_TRUSTED_PROXIES: Proxies = Field(
        default=LOOPBACK,
        description="loopback, none, or addresses and networks such as 10.0.0.0/8, separated by commas",
    )
    REDIS_URL: Annotated[str, AfterValidator(_redis)] = Field(
        default="", description="an address such as redis://host:6379/0", repr=False
    )
    SHOPMCP_CACHE: bool = Field(default=True, description="on or off")
    TIME_ZONE: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="a time zone such as Asia/Jerusalem"
    )
    DEBUG: bool = Field(default=False, description="on or off")

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, values: dict[str, str]) -> dict[str, str]:
        """Remove surrounding space; a variable that is set but empty counts as unset."""
        return {name: text.strip() for name, text in values.items() if text.strip()}
