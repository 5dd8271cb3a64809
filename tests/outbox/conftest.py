"""A mail server and a receiver of webhooks: both real, on loopback."""

from tests.catalog.imports.serving import certificate
from tests.outbox.receiving import endpoint, mail_server, mails, other, receiver

__all__ = ["certificate", "endpoint", "mail_server", "mails", "other", "receiver"]
