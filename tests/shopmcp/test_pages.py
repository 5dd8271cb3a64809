"""How much of a body is taken for Django's pages and the JSON API, over real HTTP and bare sockets."""

import json
import re
import socket

import pytest

from shopmcp import asgi
from shopmcp.bodies import Limit
from shopmcp.pages import BODY, UPLOAD, Pages
from tests.live import serving
from tests.rpc import send

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATHS = ["/", "/healthz", "/language/setlang/", "/admin/login/", "/dashboard/", "/api/sessions", "/nowhere"]


@pytest.fixture(scope="module")
def hasty():
    with serving(Pages(asgi.django, limit=Limit(size=2048, seconds=0.2))) as address:
        yield address


@pytest.fixture(scope="module")
def staff(live_shop):
    """The headers of a member of staff who is signed in."""
    path = live_shop.manage("sign_in_link").stdout.strip().removeprefix(live_shop.url)
    page = live_shop.get(path)
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    form, cookie = f"csrfmiddlewaretoken={token}".encode(), page.headers["set-cookie"].split(";")[0]
    signed_in = send(live_shop.url, form, {"Cookie": cookie, **FORM}, path=path)
    session = next(line for line in signed_in.headers.get_all("set-cookie", ()) if line.startswith("sessionid="))
    return {"Cookie": session.split(";")[0], **FORM}


def raw(url):
    return socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=60)


def head(path, *lines, method="POST"):
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", "")).encode()


def answer(wire):
    status, _, rest = wire.recv(65536).partition(b"\r\n")
    return int(status.split()[1]), rest.partition(b"\r\n\r\n")[2].decode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_a_declared_size_is_refused_before_any_of_it_is_sent(live_shop, path, method):
    with raw(live_shop.url) as wire:
        wire.sendall(head(path, f"Content-Length: {BODY.size + 1}", "Expect: 100-continue", method=method))

        assert answer(wire)[0] == 413


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_chunked_body_is_counted_as_it_comes(live_shop, path, method):
    with raw(live_shop.url) as wire:
        wire.sendall(head(path, "Transfer-Encoding: chunked", method=method))
        for _ in range(BODY.size // 0x4000 + 1):
            wire.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")

        assert answer(wire)[0] == 413


def test_a_body_of_256_kib_reaches_the_page(live_shop):
    assert send(live_shop.url, b" " * BODY.size, FORM, path="/healthz").status == 403


def test_a_body_that_is_announced_is_asked_for(live_shop):
    with raw(live_shop.url) as wire:
        wire.sendall(head("/healthz", "Content-Length: 3", "Expect: 100-continue"))
        assert wire.recv(4096).startswith(b"HTTP/1.1 100 ")
        wire.sendall(b"a=1")

        assert answer(wire)[0] == 403


@pytest.mark.parametrize("lines", [["Content-Length: 100"], ["Transfer-Encoding: chunked"]], ids=" ".join)
@pytest.mark.parametrize("piece", [b"", b"5\r\nabcde\r\n"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_body_that_does_not_come_is_not_waited_for(hasty, lines, piece, method):
    with raw(hasty) as wire:
        wire.sendall(head("/healthz", *lines, method=method) + piece)

        status, text = answer(wire)
    assert status == 408
    assert text.startswith("The body did not arrive within ")


def test_a_body_that_comes_a_byte_at_a_time_is_not_waited_for_either(hasty):
    with raw(hasty) as wire:
        wire.settimeout(0.01)
        wire.sendall(head("/healthz", "Content-Length: 1000"))
        for _ in range(999):
            wire.sendall(b"a")
            try:
                status, _ = answer(wire)
            except TimeoutError:
                continue
            break

    assert status == 408


def test_what_follows_a_declared_body_is_no_part_of_it(hasty):
    with raw(hasty) as wire:
        wire.sendall(head("/nowhere", "Content-Length: 2") + b" " * 2 + head("/healthz", "Content-Length: 2049"))
        said = b""
        while b" 413 " not in said:
            said += wire.recv(65536)

    assert said.startswith(b"HTTP/1.1 404 ")


def test_a_refused_body_may_be_sent_to_its_end_and_the_connection_goes_on(hasty):
    with raw(hasty) as wire:
        wire.sendall(head("/healthz", "Content-Length: 200000"))
        assert answer(wire)[0] == 413
        wire.sendall(b" " * 200_000 + head("/nowhere", "Content-Length: 0"))

        assert answer(wire)[0] == 404


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(hasty, caplog):
    for piece in (b"", b"abc"):
        with raw(hasty) as wire:
            wire.sendall(head("/healthz", "Content-Length: 100") + piece)

    assert send(hasty, b"", FORM, path="/healthz").status == 403
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_api_says_it_as_it_says_everything(hasty):
    reply = send(hasty, b" " * 3000, {"Accept-Language": "he"}, path="/api/sessions")

    assert reply.status == 413
    assert json.loads(reply.body)["error"] == {
        "code": "too_large",
        "message": "הגוף גדול מ־2 KiB.",
        "fix": "שלחו פחות בבת אחת.",
    }


@pytest.mark.parametrize("path", ["/admin/", "/dashboard/"])
def test_members_of_staff_who_are_signed_in_may_upload_more_on_their_pages(live_shop, staff, path):
    assert send(live_shop.url, b" " * (BODY.size + 1), staff, path=path).status in (403, 405)
    with raw(live_shop.url) as wire:
        wire.sendall(head(path, f"Content-Length: {UPLOAD.size + 1}", f"Cookie: {staff['Cookie']}"))
        assert answer(wire)[0] == 413


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/sessions", "/administration"])
def test_members_of_staff_may_not_upload_more_elsewhere(live_shop, staff, path):
    assert send(live_shop.url, b" " * (BODY.size + 1), staff, path=path).status == 413


@pytest.mark.parametrize("cookie", ["sessionid=", "sessionid=made-up", "sessionid=\xff", "=", ";;"])
def test_a_cookie_of_ones_own_making_opens_nothing(live_shop, cookie):
    assert send(live_shop.url, b" " * (BODY.size + 1), {"Cookie": cookie, **FORM}, path="/admin/").status == 413
