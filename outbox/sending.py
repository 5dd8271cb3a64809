"""Sending one message: an e-mail, or a webhook signed as Standard Webhooks says (standardwebhooks.com)."""

import http.client
import json
import smtplib
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from time import monotonic
from typing import Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from standardwebhooks import Webhook

from outbox.models import PEOPLE, Message
from shopmcp import __version__
from shopmcp.outgoing import NotAllowed, Pinned, PinnedPlain, is_public, reason, web_parts

# For a whole webhook, from the look-up of its host to the head of the answer. Of mail, for each step
# (`EMAIL_TIMEOUT`).
TIME_LIMIT: Final = 20.0
# What a receiver may ask for by `Retry-After`, in seconds.
LONGEST_HOLD: Final = 86_400.0
_LONGEST_REASON = 300
# A mail server says by these that it wants a password or an encrypted connection: the owner can mend it (RFC 4954).
_ASKS_FOR_MORE = frozenset({530, 534, 535, 538})


class NotSent(Exception):
    """The message was not delivered, or it is not known.

    Args:
        final: Whether another try has no use.
        status: Of the answer, if one came.
        retry_after: Seconds for which the receiver wants to be left alone.
    """

    def __init__(
        self, why: str, *, final: bool = False, status: int | None = None, retry_after: float | None = None
    ) -> None:
        clean = "".join(sign if sign.isprintable() else " " for sign in why)
        super().__init__(clean[:_LONGEST_REASON])
        self.final = final
        self.status = status
        self.retry_after = retry_after


def send(message: Message) -> int | None:
    """Send the message once, without a query; return the status of a webhook's answer.

    Raises:
        NotSent: With the reason.
    """
    try:
        if message.channel == Message.Channel.WEBHOOK:
            return _send_webhook(message)
        _send_mail(message)
    except NotAllowed:
        raise NotSent(_why_not_allowed(message)) from None
    except smtplib.SMTPException as error:
        raise _refused_mail(error) from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NotSent(f"{type(error).__name__}: {reason(error)}") from None
    return None


def _send_mail(message: Message) -> None:
    told = message.payload
    # A line break would begin another header.
    subject = " ".join(str(told["subject"]).split())
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    # The same at each try, so that mail programs can drop a double.
    headers = {"Message-ID": f"<{message.public_id}@{domain}>", "Auto-Submitted": "auto-generated"}
    if told.get("language"):
        headers["Content-Language"] = told["language"]
    if told.get("unsubscribe"):
        headers["List-Unsubscribe"] = f"<{told['unsubscribe']}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    # A connection for each message: a server may close one on which it has refused a message.
    connection = get_connection()
    mail = EmailMultiAlternatives(
        subject,
        str(told["text"]),
        to=[message.destination],
        reply_to=told.get("reply_to"),
        headers=headers,
        connection=connection,
    )
    if told.get("html"):
        mail.attach_alternative(told["html"], "text/html")
    try:
        connection.open()
        mail.send()
    finally:
        # A server that has accepted the message may fail at QUIT: the message is sent all the same.
        with suppress(OSError):
            connection.close()


def _refused_mail(error: smtplib.SMTPException) -> NotSent:
    """What became of a mail: a code from 500 is for ever (RFC 5321), unless it is about the shop itself."""
    code, words, is_about_message = 0, reason(error), isinstance(error, smtplib.SMTPDataError)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, said),) = error.recipients.values()
        words, is_about_message = f"{code} {_decoded(said)}", True
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, f"{error.smtp_code} {_decoded(error.smtp_error)}"
        # The answer to the sender's address is about the shop, except that the message is too large.
        is_about_message = is_about_message or code == 552
    final = (is_about_message and code >= 500 and code not in _ASKS_FOR_MORE) or isinstance(
        error, smtplib.SMTPNotSupportedError
    )
    return NotSent(f"{type(error).__name__}: {words}", final=final)


def _decoded(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words


def _send_webhook(message: Message) -> int:
    body, moment = body_of(message), datetime.now(UTC).replace(microsecond=0)
    endpoint = message.endpoint
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"shopmcp/{__version__}",
        "webhook-id": message.public_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signatures(
            [settings.SHOPMCP_NOTIFY_SECRET] if endpoint is None else endpoint.secrets, message.public_id, moment, body
        ),
    }
    scheme, host, port, path = web_parts(message.destination if endpoint is None else endpoint.address)
    deadline = monotonic() + TIME_LIMIT
    if scheme == "https":
        connection: http.client.HTTPConnection = Pinned(host, port, deadline, _may_go_to)
    else:
        connection = PinnedPlain(host, port, deadline, _may_go_unencrypted_to)
    try:
        connection.request("POST", path, body.encode(), headers)
        # The body of the answer is not read: it may be endless.
        answer = connection.getresponse()
    finally:
        connection.close()
    status = answer.status
    if 300 <= status < 400:
        raise NotSent(f"the receiver answered {status}; redirects are not followed", status=status)
    if not 200 <= status < 300:
        raise NotSent(
            f"the receiver answered {status}",
            final=status == http.client.GONE,
            status=status,
            retry_after=_seconds(answer.headers.get("Retry-After", "")),
        )
    return status


def body_of(message: Message) -> str:
    """Return what a webhook says; the same at each try, but without the buyer once its endpoint may not know people."""
    data, endpoint = message.payload, message.endpoint
    if endpoint is not None and not endpoint.with_people:
        data = {name: value for name, value in data.items() if name not in PEOPLE}
    told = {"type": message.kind, "timestamp": message.created_at.isoformat(), "data": data}
    if endpoint is None:
        # What Slack shows of an alarm, and others that take the same; it wants these three signs escaped.
        told["text"] = escape(f"{data['subject']}\n{data['text']}", quote=False)
    return json.dumps(told, ensure_ascii=False)


def signatures(secrets: Iterable[str], message_id: str, moment: datetime, body: str) -> str:
    """Return the header `webhook-signature`: one signature for each secret.

    Args:
        moment: In UTC; the library signs a wrong time for other zones.
    """
    return " ".join(Webhook(secret).sign(message_id, moment, body) for secret in secrets)


def _seconds(retry_after: str) -> float | None:
    """Read `Retry-After`: seconds, or a date (RFC 9110)."""
    if retry_after.strip().isdecimal():
        return min(float(retry_after.strip()[:9]), LONGEST_HOLD)
    try:
        left = (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):  # no date, or one without a zone
        return None
    return min(max(left, 0.0), LONGEST_HOLD)


def _why_not_allowed(message: Message) -> str:
    if settings.SHOPMCP_WEBHOOKS_PRIVATE and message.endpoint is not None and message.endpoint.address[:5] == "http:":
        return "the host is on the public network, where only https is sent"
    return "the host is not on the public network; SHOPMCP_WEBHOOKS_PRIVATE allows others"


def _may_go_to(address: str) -> bool:
    return settings.SHOPMCP_WEBHOOKS_PRIVATE or is_public(address)


def _may_go_unencrypted_to(address: str) -> bool:
    """Whether the address is of a private network: nothing goes further without encryption."""
    return settings.SHOPMCP_WEBHOOKS_PRIVATE and not is_public(address)
