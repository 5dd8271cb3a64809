"""A mail server and a receiver of webhooks: both real, on loopback."""

import json
import ssl
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from standardwebhooks import Webhook

from outbox.models import Endpoint, Message
from outbox.services.endpoints import make_endpoint
from tests.smtp import MailServer

HELLO = {"subject": "Hello", "text": "Good morning."}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def make_due(ago=timedelta(0)):
    """Let so much time pass, and at least as much as makes every message due."""
    for model, names in ((Message, ("first_tried_at", "created_at")), (Endpoint, ("held_until", "answered_at"))):
        model.objects.update(**{name: F(name) - ago for name in names})
    Endpoint.objects.update(held_until=None)
    Message.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))


class Receiver:
    """A webhook's receiver. `answer` decides about each request; `requests` are (headers, body).

    Args:
        certificate: None for one without TLS.
    """

    def __init__(self, certificate=None):
        self.requests: list[Any] = []
        self.answer: Any = lambda handler: (204, {})
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((self.headers, body))
                status, headers = receiver.answer(self)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{scheme}://localhost:{self.server.server_port}/hooks/secret-path"
        Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    @property
    def bodies(self):
        return [json.loads(body) for _, body in self.requests]

    def verified(self, secret):
        """The bodies, each verified by the library that receivers use."""
        return [Webhook(secret).verify(body, dict(headers)) for headers, body in self.requests]

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.requests]


@pytest.fixture
def receiver(certificate, monkeypatch, settings):
    """A receiver that webhooks may reach, though it is private."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.SHOPMCP_WEBHOOKS_PRIVATE = True
    settings.SHOPMCP_NOTIFY_SECRET = SECRET
    receiver = Receiver(certificate)
    yield receiver
    receiver.close()


@pytest.fixture
def other(receiver, certificate):
    """A second receiver."""
    other = Receiver(certificate)
    yield other
    other.close()


@pytest.fixture
def endpoint(receiver):
    """An endpoint at the receiver that is told of orders and stock."""
    return make_endpoint(receiver.url, ["order.placed", "order.changed", "stock.low"])


@pytest.fixture
def mail_server(settings):
    """A mail server; the shop sends its mail there."""
    server = MailServer()
    server.start()
    settings.MAIL_IS_SET = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.DEFAULT_FROM_EMAIL = "shop@shop.example.com"
    yield server
    server.stop()


@pytest.fixture
def mails(mail_server):
    """What the mail server has received."""
    return mail_server.mails
