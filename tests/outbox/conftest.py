"""A mail server and a receiver of webhooks: both real, on loopback."""

import json
import socketserver
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.catalog.imports.test_download import certificate

__all__ = ["certificate"]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """A webhook's receiver over TLS. `answer` decides about each request; `requests` are (headers, body)."""

    def __init__(self, certificate):
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
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://localhost:{self.server.server_port}/hooks/secret-path"

    @property
    def bodies(self):
        return [json.loads(body) for _, body in self.requests]

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
    Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True).start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    mails: list[str]


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs that only sends."""

    def handle(self):
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                assert isinstance(self.server, _MailServer)
                self.server.mails.append(b"".join(lines).decode())
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def mails(settings):
    """What a mail server has received; the shop sends its mail there."""
    server = _MailServer(("127.0.0.1", 0), _Smtp)
    server.mails = []
    settings.MAIL_IS_SET = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    settings.DEFAULT_FROM_EMAIL = "shop@shop.example.com"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.mails
    server.shutdown()
    server.server_close()
