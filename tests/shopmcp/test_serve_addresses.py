"""The addresses that `manage.py serve` listens on, prints and trusts."""

import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.live import LiveServer
from tests.rpc import send

pytestmark = pytest.mark.live


def test_another_host_is_refused_by_the_server_too(empty_shop):
    assert empty_shop.get("/", {"Host": "evil.example"}).status == 400
    assert empty_shop.get("/", {"Host": f"localhost:{empty_shop.port}"}).status == 200


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the command of a process")
def test_a_start_at_the_address_of_the_last_one_loads_the_shop_once(own_shop):
    def command():
        return Path(f"/proc/{server.process.pid}/cmdline").read_text().split("\0")

    server = own_shop()
    assert "shopmcp.process" not in command()
    assert server.get("/", {"Host": f"localhost:{server.port}"}).status == 200
    server.stop()
    (server.data_dir / "address").write_text("http://127.0.0.1:1\n")

    server.start()

    assert "shopmcp.process" in command()
    assert server.get("/", {"Host": f"localhost:{server.port}"}).status == 200
    assert (server.data_dir / "address").read_text() == f"{server.url}\n"


@pytest.fixture(scope="module")
def public_shop(tmp_path_factory):
    """A server with a public address, whose proxy runs on this machine."""
    with LiveServer(tmp_path_factory.mktemp("public") / "data", PUBLIC_URL="https://shop.example.com") as server:
        yield server


@pytest.mark.no_database
def test_a_public_address_is_printed_and_trusted_and_loopback_stays_served(public_shop):
    server = public_shop

    assert "MCP URL:   https://shop.example.com/mcp\n" in server.output
    assert server.manage("sign_in_link").stdout.startswith("https://shop.example.com/sign-in/")
    assert server.get("/").status == 200

    # The proxy that ends TLS runs on this machine, and is believed.
    proxied = server.get("/", {"Host": "shop.example.com", "X-Forwarded-Proto": "https"})
    assert proxied.status == 200
    assert "max-age=31536000" in proxied.headers["strict-transport-security"]
    assert "secure" in proxied.headers["set-cookie"].lower()


@pytest.mark.no_database
def test_a_sign_in_link_works_through_a_tunnel_that_replaces_the_host_if_it_says_so(public_shop):
    server = public_shop
    path = urlsplit(server.manage("sign_in_link").stdout.strip()).path

    told = server.get(path)
    assert (told.status, "X-Forwarded-Host" in told.text) == (403, True)
    assert server.get(path, {"X-Forwarded-Host": "shop.example.com"}).status == 200
    assert server.get(path, {"X-Forwarded-Host": "other.example.com"}).status == 403


@pytest.mark.no_database
def test_only_the_proxies_that_a_setting_names_are_believed(own_shop):
    server = own_shop(PUBLIC_URL="https://shop.example.com", SHOPMCP_TRUSTED_PROXIES="192.0.2.1")

    told = server.get("/", {"Host": "shop.example.com", "X-Forwarded-Proto": "https"})

    assert "strict-transport-security" not in told.headers


@pytest.mark.no_database
@pytest.mark.parametrize(("host", "opened"), [("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")])
def test_listening_everywhere_is_printed_as_an_address_that_can_be_opened(tmp_path, host, opened):
    server = LiveServer(tmp_path / "data", "--host", host)
    server.url = f"http://{opened}:{server.port}"
    with server:
        assert f"MCP URL:   {server.url}/mcp\n" in server.output
        assert server.get("/").status == 200


@pytest.mark.no_database
@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--reload",)], ids=str)
def test_listening_on_every_address_means_both_families(tmp_path, options):
    if not has_ipv6_loopback():
        pytest.skip("this machine has no IPv6")
    with LiveServer(tmp_path / "data", "--host", "::", *options) as server:
        assert f"MCP URL:   http://[::1]:{server.port}/mcp\n" in server.output
        for opened in ("127.0.0.1", "[::1]"):
            assert send(f"http://{opened}:{server.port}", method="GET", path="/healthz").status == 200


def has_ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
