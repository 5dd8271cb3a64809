"""Feeds from an address, loaded from a real server over real TLS."""

import gzip
import ssl
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from catalog.feeds import Unreadable
from catalog.models import FeedAddress, ImportRun, Product
from catalog.services import fetching, import_products

FEED = b"sku,name,price\na,Rice,9.90\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(plain + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def serve(certificate, monkeypatch):
    """Serve with a function of the request; the address is made to count as public."""

    @contextmanager
    def serve(answer):
        asked = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, dict(self.headers)))
                status, headers, body = answer(self)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"https://localhost:{server.server_port}", asked
        finally:
            server.shutdown()
            server.server_close()

    monkeypatch.setattr(fetching, "is_public", lambda address: True)
    monkeypatch.setattr(fetching, "_tls", lambda: ssl.create_default_context(cafile=str(certificate)))
    return serve


def test_a_feed_is_imported_and_then_costs_one_conditional_request(db, serve):
    def answer(request):
        if request.headers.get("If-None-Match") == '"v1"':
            assert request.headers["If-Modified-Since"] == "yesterday"
            return 304, {}, b""
        return 200, {"ETag": '"v1"', "Last-Modified": "yesterday", "Content-Encoding": "gzip"}, gzip.compress(FEED)

    with serve(answer) as (url, asked):
        first = import_products(f"{url}/feed.csv?key=secret", slug="shop")
        second = import_products(f"{url}/feed.csv?key=secret", slug="shop")

    assert (first.created, second.not_modified, len(asked)) == (1, True, 2)
    assert asked[0][0] == "/feed.csv?key=secret"
    assert "secret" not in ImportRun.objects.latest("id").source
    assert FeedAddress.objects.get().etag == '"v1"'


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda request: (302, {"Location": "https://elsewhere.example.com/feed"}, b""), "another machine"),
        (lambda request: (302, {"Location": "http://localhost/feed"}, b""), "no address that a feed"),
        (lambda request: (302, {"Location": request.path}, b""), "without end"),
        (lambda request: (404, {}, b""), "answers 404"),
        (lambda request: (304, {}, b""), "answers 304"),
        (lambda request: (200, {"Content-Length": "999"}, FEED), "broke off|cannot be read"),
        (lambda request: (200, {}, FEED * 10), "larger"),
    ],
)
def test_what_is_no_feed_is_refused_in_words_and_changes_nothing(db, serve, monkeypatch, answer, reason):
    monkeypatch.setattr(fetching, "LARGEST_FILE", 100)
    with serve(answer) as (url, _), pytest.raises(Unreadable, match=reason):
        import_products(f"{url}/feed.csv", slug="shop")

    assert not Product.objects.exists()
    assert ImportRun.objects.get().state == "failed"


def test_a_redirect_on_the_same_machine_is_followed(db, serve):
    def answer(request):
        return (200, {}, FEED) if request.path == "/new" else (301, {"Location": "/new"}, b"")

    with serve(answer) as (url, _):
        assert import_products(f"{url}/old", slug="shop").created == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(db, serve, monkeypatch):
    with serve(lambda request: (200, {}, FEED)) as (url, asked):
        monkeypatch.setattr(fetching, "_tls", ssl.create_default_context)
        with pytest.raises(Unreadable, match="cannot be read"):
            import_products(f"{url}/feed.csv", slug="shop")
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/feed.csv",
        "ftp://example.com/feed.csv",
        "file:///etc/passwd",
        "https://",
        "https://user:word@example.com/",
        "https://example.com:99999/",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
    ],
)
def test_only_plain_https_addresses_are_asked(db, url):
    with pytest.raises(Unreadable, match="no address that a feed"):
        import_products(url, slug="shop")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "0.0.0.0"]
)
def test_machines_that_are_not_public_are_never_asked(db, host):
    with pytest.raises(Unreadable, match="public network"):
        import_products(f"https://{host}/feed.csv", slug="shop")


def test_a_name_is_looked_up_once_and_one_private_address_among_public_ones_is_enough(db, monkeypatch):
    looked_up = []

    def look_up(host, port, **kwargs):
        looked_up.append(host)
        return [(2, 1, 6, "", (address, port)) for address in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    monkeypatch.setattr("socket.create_connection", lambda *a, **k: pytest.fail("it was asked"))

    with pytest.raises(Unreadable, match="public network"):
        import_products("https://feeds.example.com/feed.csv", slug="shop")
    assert looked_up == ["feeds.example.com"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("192.168.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("no address", False),
    ],
)
def test_public_addresses(address, public):
    assert fetching.is_public(address) is public
