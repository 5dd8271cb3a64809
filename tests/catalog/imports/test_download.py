"""Feeds from an address, loaded from a real server over real TLS."""

import gzip
from contextlib import suppress

import pytest

from catalog.feeds import Unreadable, source
from catalog.imports import download
from catalog.imports.importing import import_products
from catalog.imports.lock import ImportRunning
from catalog.models import FeedAddress, ImportRun, Product
from tests.catalog.imports.serving import certificate, serve

__all__ = ["certificate", "serve"]

FEED = b"sku,name,price\na,Rice,9.90\n"
CHUNKED = {"Content-Length": None, "Transfer-Encoding": "chunked"}


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
        (lambda request: (302, {"Location": "https://localhost:1/feed"}, b""), "another machine, localhost:1"),
        (lambda request: (302, {"Location": "//user:word@localhost/feed"}, b""), "no address that a feed"),
        (lambda request: (302, {"Location": "/a b"}, b""), "no address that a feed"),
        (lambda request: (302, {}, b""), "answers 302"),
        (lambda request: (500, {}, FEED), "answers 500"),
        (lambda request: (206, {}, FEED), "answers 206"),
        (lambda request: (304, {}, b""), "answers 304"),
        (lambda request: (200, {"Content-Encoding": "br"}, FEED), "packed as br"),
        (lambda request: (200, {"Content-Length": "999"}, FEED), "broke off"),
        (lambda request: (200, {"Content-Length": "5"}, FEED), "no column for the name"),
        (lambda request: (200, {"Content-Length": None}, FEED), "broke off"),
        (lambda request: (200, CHUNKED, b"1b\r\n" + FEED), "broke off"),
        (lambda request: (200, CHUNKED, b"1b\r\n" + FEED + b"\r\nx"), "broke off"),
        (lambda request: (200, {}, FEED * 10), "larger"),
        (lambda request: (200, CHUNKED, (b"1b\r\n" + FEED + b"\r\n") * 10), "larger"),
        (lambda request: (200, {}, gzip.compress(FEED)[:-9]), "cannot be unpacked to its end"),
        (lambda request: (200, {}, gzip.compress(b"sku,name\n" * 6000)), "unpacks to more"),
        (lambda request: (200, {}, b""), "is empty"),
    ],
)
def test_what_is_no_feed_is_refused_in_words_and_changes_nothing(db, serve, monkeypatch, answer, reason):
    monkeypatch.setattr(download, "LARGEST_FILE", 160)
    monkeypatch.setattr(source, "LARGEST_TEXT", 50_000)
    with serve(answer) as (url, _), pytest.raises(Unreadable, match=reason) as refusal:
        import_products(f"{url}/feed.csv?key=secret", slug="shop")

    assert not Product.objects.exists()
    assert not FeedAddress.objects.exists()
    run = ImportRun.objects.get()
    assert run.state == "failed"
    said = f"{refusal.value.message} {refusal.value.fix} {run.failure} {run.source}"
    assert "secret" not in said
    assert "word@" not in said


def test_a_redirect_on_the_same_machine_is_followed(db, serve):
    def answer(request):
        return (200, {}, FEED) if request.path == "/new" else (301, {"Location": "/new"}, b"")

    with serve(answer) as (url, _):
        assert import_products(f"{url}/old", slug="shop").created == 1


@pytest.mark.parametrize("line", [b"HTTP/1.1 100 Continue\r\n\r\n", b"x", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 99])
def test_a_server_that_never_comes_to_an_end_is_left_in_time(db, serve, monkeypatch, line):
    monkeypatch.setattr(download, "TIME_LIMIT", 0.3)

    def drip(request):
        with suppress(OSError):  # until the other side has enough
            while True:
                request.wfile.write(line)
        request.close_connection = True
        return 200, {}, b""

    with serve(drip) as (url, _), pytest.raises(Unreadable, match="cannot be read"):
        import_products(f"{url}/feed.csv", slug="shop")

    assert not Product.objects.exists()


def test_a_server_that_sends_ever_less_is_left_when_all_of_it_took_too_long(db, serve, monkeypatch):
    now = iter(range(0, 10_000, 40))
    monkeypatch.setattr(download, "monotonic", lambda: next(now))
    body = b"".join(b"1\r\nx\r\n" for _ in range(1000))

    with (
        serve(lambda request: (200, CHUNKED, body)) as (url, _),
        pytest.raises(Unreadable, match=r"five min|timed out"),
    ):
        import_products(f"{url}/feed.csv", slug="shop")

    assert ImportRun.objects.get().state == "failed"


def test_what_a_server_says_of_itself_reaches_nobodys_terminal(db, serve):
    def answer(request):
        request.wfile.write(b"\x1b[2J\x1b[31mnot http\r\n")
        request.close_connection = True
        return 200, {}, b""

    with serve(answer) as (url, _), pytest.raises(Unreadable, match="cannot be read") as refusal:
        import_products(f"{url}/feed.csv", slug="shop")

    assert "\x1b" not in refusal.value.message
    assert "\x1b" not in ImportRun.objects.get().failure


def test_a_feed_without_marks_is_read_every_time_and_changes_nothing(db, serve):
    with serve(lambda request: (200, {}, FEED)) as (url, asked):
        import_products(f"{url}/feed.csv", slug="shop")
        again = import_products(f"{url}/feed.csv", slug="shop")

    assert (again.not_modified, again.unchanged, again.changed) == (False, 1, 0)
    assert not {"If-None-Match", "If-Modified-Since"} & asked[1][1].keys()


def test_what_another_file_put_in_its_place_is_asked_for_again(db, serve, load):
    def answer(request):
        return (304, {}, b"") if request.headers.get("If-None-Match") else (200, {"ETag": '"v1"'}, FEED)

    with serve(answer) as (url, _):
        import_products(f"{url}/feed.csv", slug="shop")
        load("sku,name,price\na,Rye,1\n")
        again = import_products(f"{url}/feed.csv", slug="shop")
        third = import_products(f"{url}/feed.csv", slug="shop")

    assert (again.changed, third.not_modified) == (1, True)
    assert Product.objects.get().name == "Rice"


def test_an_import_that_was_taken_for_dead_while_it_loaded_writes_nothing(db, serve, monkeypatch):
    def fetch_feed(*arguments):
        ImportRun.objects.update(state="failed")
        return download.fetch_feed(*arguments)

    monkeypatch.setattr("catalog.imports.importing.fetch_feed", fetch_feed)
    with serve(lambda request: (200, {}, FEED)) as (url, _), pytest.raises(ImportRunning):
        import_products(f"{url}/feed.csv", slug="shop")

    assert not Product.objects.exists()


def test_a_proxy_of_the_environment_is_not_asked(db, serve, monkeypatch):
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    with serve(lambda request: (200, {}, FEED)) as (url, asked):
        assert import_products(f"{url}/feed.csv", slug="shop").created == 1
    assert len(asked) == 1


def test_an_address_may_be_written_in_hebrew(db, serve):
    with serve(lambda request: (200, {}, FEED)) as (url, asked):
        assert import_products(f"{url}/מוצרים.csv?שפה=%D7%A2", slug="shop").created == 1

    assert asked[0][0] == "/%D7%9E%D7%95%D7%A6%D7%A8%D7%99%D7%9D.csv?%D7%A9%D7%A4%D7%94=%D7%A2"
    assert download.name_of("https://חנות.example:443/a?b") == "https://xn--9dbd1a4b.example/a"


def test_a_certificate_that_nobody_vouches_for_is_refused(db, serve, monkeypatch):
    with serve(lambda request: (200, {}, FEED)) as (url, asked):
        monkeypatch.delenv("SSL_CERT_FILE")
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
        "https://user:word@example.com/?key=word",
        "https://user:pass/word@example.com/",
        "https://user:word@example.com:99999999/",
        "https://[::1",
        "https://a..b/",
        "https://\udcff.example.com/",
        "https://example.com/\x7f",
        "https://example.com:99999/",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
    ],
)
def test_only_plain_https_addresses_are_asked(db, url):
    with pytest.raises(Unreadable, match="no address that a feed") as refusal:
        import_products(url, slug="shop")

    assert "word" not in refusal.value.message
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "１２７.0.0.1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "169.254.169.254", "0.0.0.0",
    ],
)  # fmt: skip
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
