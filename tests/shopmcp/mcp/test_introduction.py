"""How the server introduces itself: as the shop that it is."""

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError
from mcp.client import Client

from catalog.introduction import introduction
from catalog.models import Store
from catalog.services.stores import set_logo
from shopmcp.mcp.endpoint import make_endpoint
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.tools import Toolbox
from tests.catalog.test_logos import image
from tests.rpc import ERAS, MODERN, rpc

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def bakery(db, settings):
    settings.PUBLIC_URL = ADDRESS
    return Store.objects.create(
        slug="bakery", name="The Bakery", currency="ILS", language="en", contact="Call 03-1234567\nor write."
    )


def introduced():
    """What a client of 2026-07-28 is told, by an endpoint that was never asked before."""

    @async_to_sync
    async def ask():
        endpoint = make_endpoint(Toolbox(()), Resources([]), introduction)
        async with Client(endpoint.server, mode="auto") as client:
            return client.server_info, client.instructions

    return ask()


def test_a_store_gives_its_name_and_its_contact_in_a_line(bakery):
    info, instructions = introduced()

    assert (info.name, info.title) == ("shopmcp", "The Bakery")
    assert instructions.endswith("\n\nContact of The Bakery: Call 03-1234567 or write.")


def test_without_a_logo_the_icon_is_ours(bakery):
    (icon,) = introduced()[0].icons

    assert (icon.src, icon.mime_type, icon.sizes) == (
        f"{ADDRESS}/static/shopmcp/icon.svg",
        "image/svg+xml",
        ["any"],
    )


def test_the_store_s_logo_is_the_icon(bakery, client):
    set_logo(bakery, image("WEBP"))

    (icon,) = introduced()[0].icons

    assert (icon.src, icon.mime_type, icon.sizes) == (f"{ADDRESS}{bakery.logo.url}", "image/png", ["64x32"])
    assert client.get(icon.src.removeprefix(ADDRESS))["Content-Type"] == "image/png"


@pytest.mark.parametrize(
    ("url", "title"),
    [(ADDRESS, "shopmcp"), ("https://shop.example.com", "shop.example.com"), ("https://xn--9dbd1a4b.il", "חנות.il")],
)
def test_several_stores_are_the_shop_s(bakery, settings, url, title):
    settings.PUBLIC_URL = url
    deli = Store.objects.create(slug="deli", name="Deli", currency="EUR", language="en", contact="deli@example.com")
    Store.objects.create(slug="silent", name="Silent", currency="EUR", language="en")
    set_logo(deli, image())

    info, instructions = introduced()

    assert info.title == title
    assert info.icons[0].src.startswith(f"{url}/logos/deli/")
    assert instructions.split("\n")[-1] == (
        "Contact of The Bakery: Call 03-1234567 or write.; Contact of Deli: deli@example.com"
    )


def test_a_shop_without_stores_introduces_itself_too(db):
    info, instructions = introduced()

    assert info.title == "shopmcp"
    assert "Contact of" not in instructions


def test_an_introduction_does_not_fail_with_the_database(caplog):
    def away():
        raise OperationalError("away")

    @async_to_sync
    async def ask():
        async with Client(make_endpoint(Toolbox(()), Resources([]), away).server, mode="auto") as client:
            return client.server_info

    assert ask().title == "shopmcp"
    assert "could not be introduced" in caplog.text


@pytest.mark.parametrize("era", ERAS, ids=str)
def test_every_revision_is_told_over_http(live_shop, era):
    if era == MODERN:
        result = rpc(live_shop.url, era, "server/discover").json["result"]
        info = result["_meta"]["io.modelcontextprotocol/serverInfo"]
    else:
        result = rpc(live_shop.url, era, "initialize", HELLO).json["result"]
        info = result["serverInfo"]

    assert info["title"]
    assert info["icons"][0]["mimeType"] == "image/svg+xml"
    assert live_shop.get(info["icons"][0]["src"].removeprefix(live_shop.url)).status == 200
    assert "search_products" in result["instructions"]


def test_other_answers_of_2026_name_the_server_alone(live_shop):
    params = {"name": "list_stores", "arguments": {}}
    meta = rpc(live_shop.url, MODERN, "tools/call", params).json["result"]["_meta"]

    assert meta["io.modelcontextprotocol/serverInfo"].keys() == {"name", "version"}
