"""A client's address is what trusted proxies tell; its network is what limits count."""

import asyncio
from ipaddress import ip_network

import pytest

from shopmcp.network import FORWARDED_HOST, LOOPBACK, Proxies, caller_network, network_of

OURS = (*LOOPBACK, ip_network("10.0.0.0/8"))


def seen(*headers, peer="127.0.0.1", trusted=OURS):
    lines = [(name.encode(), value.encode()) for name, value in headers]
    scope = {"type": "http", "client": (peer, 5000) if peer else None, "scheme": "http", "headers": lines}
    return Proxies(trusted).seen_through(scope)


def client(*headers, **options):
    return seen(*headers, **options)["client"][0]


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        # A client may write anything to the left of what the proxy adds.
        ("192.0.2.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, unknown, 10.1.2.3", "10.1.2.3"),
        ("nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("192.0.2.1," * 5000 + "203.0.113.7", "203.0.113.7"),
    ],
)
def test_the_client_is_the_right_most_address_that_no_trusted_proxy_has(chain, address):
    assert client(("x-forwarded-for", chain)) == address


def test_several_lines_of_the_header_are_read_as_one():
    assert client(("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "10.1.2.3")) == "203.0.113.7"


def test_the_standard_header_counts_where_the_usual_one_is_missing():
    chain = 'for=192.0.2.1, For="[2001:db8::1]:4711";proto=https, for=10.1.2.3;by=10.0.0.1'
    found = seen(("forwarded", chain))

    assert (found["client"][0], found["scheme"]) == ("2001:db8::1", "https")
    assert client(("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "203.0.113.7")) == "203.0.113.7"
    assert client(("forwarded", "for=_hidden")) == "127.0.0.1"


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded", "x-forwarded-proto"])
def test_nobody_else_is_believed(name):
    value = {"x-forwarded-for": "192.0.2.1", "forwarded": "for=192.0.2.1;proto=https", "x-forwarded-proto": "https"}
    found = seen((name, value[name]), peer="203.0.113.7")

    assert (found["client"][0], found["scheme"], FORWARDED_HOST in found) == ("203.0.113.7", "http", False)
    assert seen((name, value[name]), trusted=())["client"][0] == "127.0.0.1"


def test_a_trusted_proxy_tells_the_scheme_and_the_host():
    found = seen(("x-forwarded-proto", "https"), ("x-forwarded-host", "shop.example.com"))

    assert (found["scheme"], found[FORWARDED_HOST]) == ("https", "shop.example.com")
    assert seen(("x-forwarded-proto", "gopher"))["scheme"] == "http"


def test_without_headers_and_on_a_socket_of_this_machine_nothing_changes():
    assert client() == "127.0.0.1"
    assert seen(("x-forwarded-for", "192.0.2.1"), peer=None)["client"] is None


def test_what_reads_a_call_knows_its_network():
    assert caller_network.get() == "unknown"

    async def call(network):
        caller_network.set(network)
        await asyncio.sleep(0)
        return caller_network.get()

    async def both():
        return await asyncio.gather(call("a"), call("b"))

    assert asyncio.run(both()) == ["a", "b"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:0db8:0001:0002"),
        ("2001:db8:1:2::99", "2001:0db8:0001:0002"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_address_counts_as_the_network_that_one_customer_has(address, network):
    assert network_of(address) == network
