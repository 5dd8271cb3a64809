"""How much the edge reads, and for how long it waits, over real HTTP and bare sockets."""

import json
import logging
import socket
from urllib.parse import urlsplit

import pytest

from shopmcp.bodies import Limit
from shopmcp.mcp.http import BODY
from tests.rpc import JSON_HEADERS, send
from tests.shopmcp.mcp.teller import call, teller

PING = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}


@pytest.fixture(scope="module")
def url():
    with teller() as address:
        yield address


def padded(size):
    body = json.dumps(PING).encode()
    return body + b" " * (size - len(body))


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_refused(url):
    assert send(url, padded(BODY.size)).status == 200
    assert send(url, padded(BODY.size + 1)).status == 413


def test_a_chunked_body_is_counted_as_it_comes(url):
    def chunks(size):
        body = padded(size)
        return (body[i : i + 1000] for i in range(0, size, 1000))

    assert send(url, chunks(BODY.size)).status == 200
    assert send(url, chunks(BODY.size + 1)).status == 413


def test_a_declared_size_is_refused_before_any_of_it_is_sent(url):
    with raw(url) as wire:
        wire.sendall(head(url, "Content-Length: 70000"))

        assert b" 413 " in wire.recv(4096)


def test_an_endless_body_is_cut_off(url):
    with raw(url) as wire:
        wire.sendall(head(url, "Transfer-Encoding: chunked"))
        for _ in range(5):
            wire.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")

        assert b" 413 " in wire.recv(4096)


@pytest.mark.parametrize("length", ["9" * 30, "-1", "1e3", "0x10"])
def test_a_nonsensical_length_is_no_fault_of_the_server(url, length):
    with raw(url) as wire:
        wire.sendall(head(url, f"Content-Length: {length}") + b"{}")

        assert wire.recv(4096).split()[1].startswith(b"4")


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(url, caplog):
    for piece in (b"", b'{"jsonrpc"'):
        with raw(url) as wire:
            wire.sendall(head(url, "Content-Length: 100") + piece)

    assert call(url, None).status == 200
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("piece", [b"", b'{"jsonrpc"'])
def test_a_body_that_does_not_come_is_not_waited_for(piece):
    with teller(limit=Limit(size=1000, seconds=0.1)) as url, raw(url) as wire:
        wire.sendall(head(url, "Content-Length: 100") + piece)

        assert b" 408 " in wire.recv(4096)


def test_several_calls_share_a_connection(url):
    body = json.dumps(PING).encode()
    with raw(url) as wire:
        for _ in range(3):
            wire.sendall(head(url, f"Content-Length: {len(body)}") + body)
            assert b" 200 " in wire.recv(4096)


def raw(url):
    return socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=60)


def head(url, *lines):
    named = [f"Host: {urlsplit(url).netloc}", *(f"{name}: {value}" for name, value in JSON_HEADERS.items()), *lines]
    return ("POST /mcp HTTP/1.1\r\n" + "\r\n".join(named) + "\r\n\r\n").encode()
