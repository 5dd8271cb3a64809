"""What a connection may cost the server before a request is complete, over bare sockets."""

import asyncio
import gc
import logging
import socket
from contextlib import ExitStack, contextmanager
from threading import Event
from urllib.parse import urlsplit
from weakref import ref

import pytest

from shopmcp.connections import HUNG_UP, MAX_HEAD, Connection
from tests.live import serving

REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
# More than the systems' buffers take.
LARGE = 20 * 1024 * 1024


async def app(scope, receive, send):
    body = f"{len(scope['headers'])} headers".encode()
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    elif scope["path"] == "/large":
        body = b" " * LARGE
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Hasty(Connection):
    head_seconds = 0.2


class Few(Connection):
    most = 3


@pytest.fixture(scope="module")
def url():
    with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def hasty():
    with serving(app, http=Hasty) as address:
        yield address


@pytest.fixture
def few():
    with serving(app, http=Few) as address:
        yield address


@contextmanager
def raw(url):
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=10) as wire:
        yield wire


def asked(wire, request=REQUEST):
    wire.sendall(request)
    return wire.recv(4096)


def rest(wire):
    """All that comes until the server closes."""
    said = b""
    try:
        while piece := wire.recv(65536):
            said += piece
    except ConnectionResetError:  # what was sent after the end is not read
        pass
    return said


def head(size):
    """A complete head of which so many bytes count: address, names and values."""
    return b"GET / HTTP/1.1\r\nHost: shop\r\nx: " + b"y" * (size - len(b"/Hostshopx")) + b"\r\n\r\n"


def test_a_head_of_64_kib_is_taken_and_one_byte_more_is_refused(url):
    with raw(url) as wire:
        assert asked(wire, head(MAX_HEAD)).endswith(b"2 headers")
    with raw(url) as wire:
        assert asked(wire, head(MAX_HEAD + 1)).startswith(b"HTTP/1.1 431 ")
        assert rest(wire) == b""


@pytest.mark.parametrize(
    "endless",
    [
        b"GET /" + b"a" * 99,
        b"GET / HTTP/1.1\r\nx: " + b"a" * 99,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 99,
        b"\r\n" * 99,
    ],
    ids=["address", "one header", "many headers", "empty lines"],
)
@pytest.mark.parametrize("before", [b"", REQUEST], ids=["first", "later"])
def test_a_head_that_never_ends_is_cut_off(url, before, endless):
    with raw(url) as wire:
        if before:
            asked(wire, before)
        wire.sendall(endless)
        more = endless[-6:] * 50
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):  # the server has closed, and says so
            for _ in range(100_000):
                wire.sendall(more)


def test_an_endless_trailer_is_cut_off(url):
    with raw(url) as wire:
        wire.sendall(b"POST /read HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
        with pytest.raises(OSError, match=r"reset|[Bb]roken"):
            for _ in range(100_000):
                wire.sendall(b"a: b\r\n" * 50)


def test_two_hundred_headers_are_taken_and_one_more_is_refused(url):
    for count, answer in ((200, b"200"), (201, b"431")):
        with raw(url) as wire:
            assert asked(wire, b"GET / HTTP/1.1\r\n" + b"a:b\r\n" * count + b"\r\n").split()[1] == answer


def test_a_large_body_after_a_small_head_counts_as_no_head(url):
    body = b" " * LARGE
    with raw(url) as wire:
        for _ in range(2):
            wire.sendall(b"POST /read HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n" % len(body))
            assert asked(wire, body).startswith(b"HTTP/1.1 200 ")


def test_requests_that_are_sent_together_are_all_answered(url):
    with raw(url) as wire:
        wire.sendall(REQUEST * 3000)
        said = b""
        while said.count(b"1 headers") < 3000:
            said += wire.recv(65536)


def test_nonsense_is_refused(url):
    with raw(url) as wire:
        assert asked(wire, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("before", [b"", REQUEST], ids=["first", "later"])
def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(hasty, before):
    with raw(hasty) as wire:
        if before:
            asked(wire, before)
        wire.sendall(b"GET / HTTP/1.1\r\nHost")

        assert rest(wire).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("before", [b"", REQUEST], ids=["first", "later"])
def test_a_head_that_comes_a_byte_at_a_time_is_not_waited_for_either(hasty, before):
    with raw(hasty) as wire:
        if before:
            asked(wire, before)
        wire.settimeout(0.05)
        wire.sendall(b"GET / HTTP/1.1\r\nx: ")
        for _ in range(100):
            wire.sendall(b"y")
            try:
                said = wire.recv(4096)
            except TimeoutError:
                continue
            break

        assert said.startswith(b"HTTP/1.1 408 ")


def test_a_silent_connection_is_closed(hasty):
    with raw(hasty) as wire:
        assert rest(wire) == b""


def test_a_connection_between_two_requests_is_kept(hasty):
    with raw(hasty) as first, raw(hasty) as silent:
        asked(first)
        rest(silent)  # by now it is older than a head may become

        assert asked(first).startswith(b"HTTP/1.1 200 ")


def test_a_further_connection_takes_the_place_of_the_one_that_has_waited_longest(few):
    with raw(few) as first, raw(few) as silent, raw(few) as third:
        asked(third)
        asked(first)
        with raw(few) as further:
            assert asked(further).startswith(b"HTTP/1.1 200 ")
            assert rest(silent) == b""
            assert asked(first).startswith(b"HTTP/1.1 200 ")
            assert asked(third).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("request_", "read"),
    [
        (b"POST /read HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\n", 0),
        (b"GET /large HTTP/1.1\r\nHost: shop\r\n\r\n", 1),
    ],
    ids=["a body that does not come", "an answer that is not read"],
)
def test_clients_that_are_waited_for_keep_nobody_out(few, caplog, request_, read):
    with ExitStack() as held:
        for _ in range(10):
            wire = held.enter_context(raw(few))
            wire.sendall(request_)
            # Once the answer comes, the server waits for its client to read the rest.
            wire.recv(read)
        with raw(few) as wire:
            assert asked(wire).startswith(b"HTTP/1.1 200 ")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_connection_is_refused_while_all_others_are_being_answered():
    go_on, entered = Event(), Event()
    held = 0

    async def slow(scope, receive, send):
        nonlocal held
        held += 1
        if held == Few.most:
            entered.set()
        await asyncio.to_thread(go_on.wait, 10)
        await app(scope, receive, send)

    with serving(slow, http=Few) as few, raw(few) as first, raw(few) as second, raw(few) as third:
        wires = (first, second, third)
        for wire in wires:
            wire.sendall(REQUEST)
        assert entered.wait(10)
        try:
            with raw(few) as further:
                assert rest(further).startswith(b"HTTP/1.1 503 ")
        finally:
            go_on.set()
        assert [wire.recv(4096).split()[1] for wire in wires] == [b"200"] * 3


def test_a_client_that_hung_up_while_the_loop_was_busy_is_known_to_be_gone():
    entered, go_on, answered = Event(), Event(), Event()
    gone = {}

    async def busy(scope, receive, send):
        if scope["path"] == "/busy":
            entered.set()
            go_on.wait(10)  # the loop stands still
        gone[scope["path"]] = scope["extensions"][HUNG_UP]()
        await app(scope, receive, send)
        if len(gone) == 3:
            answered.set()

    with serving(busy) as url, raw(url) as first, raw(url) as stays:
        first.sendall(REQUEST.replace(b"/ ", b"/busy ", 1))
        assert entered.wait(10)
        with raw(url) as leaves:
            leaves.sendall(REQUEST.replace(b"/ ", b"/leaves ", 1))
        stays.sendall(REQUEST.replace(b"/ ", b"/stays ", 1))
        go_on.set()
        assert answered.wait(10)

    assert gone == {"/busy": False, "/leaves": True, "/stays": False}


def test_a_call_whose_client_hung_up_while_the_loop_was_busy_is_not_even_begun(caplog):
    entered, go_on = Event(), Event()
    begun = []

    async def busy(scope, receive, send):
        begun.append(scope["path"])
        if scope["path"] == "/busy":
            entered.set()
            go_on.wait(10)  # the loop stands still
        await app(scope, receive, send)

    call = b"POST /mcp HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n{}"
    with serving(busy) as url, raw(url) as first, raw(url) as stays:
        first.sendall(REQUEST.replace(b"/ ", b"/busy ", 1))
        assert entered.wait(10)
        with raw(url) as leaves:
            leaves.sendall(call)
        stays.sendall(call)
        go_on.set()
        assert stays.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert asked(first).startswith(b"HTTP/1.1 200 ")

    assert begun.count("/mcp") == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_what_a_request_used_is_freed_without_the_garbage_collector():
    seen = []

    async def marked(scope, receive, send):
        scope["marker"] = Event()
        seen.append(ref(scope["marker"]))
        await app(scope, receive, send)

    with serving(marked) as address, raw(address) as wire:
        gc.disable()
        try:
            for _ in range(3):
                asked(wire)
        finally:
            gc.enable()

    assert len(seen) == 3
    assert [marker() for marker in seen[:2]] == [None, None]
