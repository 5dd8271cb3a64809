"""Sending one message: an e-mail, or a webhook signed as Standard Webhooks says (standardwebhooks.com)."""

import base64
import http.client
import json
import smtplib
from hashlib import sha256
from hmac import digest
from time import monotonic, time
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage

from outbox.models import Message
from shopmcp import __version__
from shopmcp.outgoing import NotAllowed, Pinned, https_parts, is_public, reason

# For a whole webhook, from the look-up of its host to the head of the answer. Of mail, for each step
# (`EMAIL_TIMEOUT`).
TIME_LIMIT: Final = 10.0
SECRET_PREFIX: Final = "whsec_"
_LONGEST_REASON = 300


class NotSent(Exception):
    """The message was not delivered, or it is not known.

    Args:
        final: Whether another try has no use.
    """

    def __init__(self, why: str, *, final: bool = False) -> None:
        clean = "".join(sign if sign.isprintable() else " " for sign in why)
        super().__init__(clean[:_LONGEST_REASON])
        self.final = final


def send(message: Message) -> None:
    """Send the message once.

    Raises:
        NotSent: With the reason.
    """
    try:
        if message.channel == Message.Channel.EMAIL:
            _send_mail(message)
        else:
            _send_webhook(message)
    except NotAllowed:
        raise NotSent("the host is not on the public network; SHOPMCP_WEBHOOKS_PRIVATE allows others") from None
    except (OSError, ValueError, http.client.HTTPException, smtplib.SMTPException) as error:
        raise NotSent(f"{type(error).__name__}: {reason(error)}") from None


def sign(message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`."""
    secret = base64.b64decode(settings.SHOPMCP_NOTIFY_SECRET.removeprefix(SECRET_PREFIX))
    signed = digest(secret, f"{message_id}.{timestamp}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def _send_mail(message: Message) -> None:
    # A line break would begin another header.
    subject = " ".join(str(message.payload["subject"]).split())
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    # The same at each try, so that mail programs can drop a double.
    headers = {"Message-ID": f"<{message.public_id}@{domain}>", "Auto-Submitted": "auto-generated"}
    EmailMessage(subject, str(message.payload["text"]), to=[message.destination], headers=headers).send()


def _send_webhook(message: Message) -> None:
    told = {"type": message.kind, "timestamp": message.created_at.isoformat(), "data": message.payload}
    body, timestamp = json.dumps(told, ensure_ascii=False).encode(), int(time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"shopmcp/{__version__}",
        "webhook-id": message.public_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(message.public_id, timestamp, body),
    }
    host, port, path = https_parts(message.destination)
    connection = Pinned(host, port, monotonic() + TIME_LIMIT, _may_go_to)
    try:
        connection.request("POST", path, body, headers)
        # The body of the answer is not read: it may be endless.
        status = connection.getresponse().status
    finally:
        connection.close()
    if 300 <= status < 400:
        raise NotSent(f"the receiver answered {status}; redirects are not followed")
    if not 200 <= status < 300:
        raise NotSent(f"the receiver answered {status}", final=status == http.client.GONE)


def _may_go_to(address: str) -> bool:
    return settings.SHOPMCP_WEBHOOKS_PRIVATE or is_public(address)
