import pytest
from asgiref.sync import async_to_sync
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import ResourceTemplateReference

from catalog.models import Store
from shopmcp.server import server

CATEGORY = "shop://store/{slug}/category/{category}"


@pytest.fixture
def ask(db):
    """Ask a client for something, in memory: `ask("read_resource", uri)`."""

    @async_to_sync
    async def ask(method, *arguments, **named):
        async with Client(server, mode="2026-07-28") as client:
            return await getattr(client, method)(*arguments, **named)

    return ask


@pytest.fixture
def read(ask):
    return lambda uri: ask("read_resource", uri).contents[0].text


@pytest.fixture
def completed(ask):
    def completed(uri, part, begun, **known):
        reference = ResourceTemplateReference(type="ref/resource", uri=uri)
        found = ask("complete", reference, {"name": part, "value": begun}, context_arguments=known or None)
        return found.completion.values

    return completed


def test_stores_and_products_have_addresses(ask):
    assert [entry.uri for entry in ask("list_resources").resources] == ["shop://stores"]
    assert [entry.uri_template for entry in ask("list_resource_templates").resource_templates] == [
        "shop://store/{slug}",
        CATEGORY,
        "shop://product/{product_id}",
    ]


def test_the_stores_are_told_with_what_they_offer(read, shelf):
    assert "Grocer" in read("shop://stores")
    assert "Bakery" in read("shop://store/grocer")


def test_a_product_is_told_in_the_language_of_its_store(read, shelf):
    assert "Category: Drinks" in read("shop://product/grocer:A4")

    Store.objects.update(language="he")

    assert "8.00 ₪" in read("shop://product/grocer:A4")


def test_a_category_lists_its_products(read, shelf):
    assert "grocer:A3" in read("shop://store/grocer/category/Bakery")


@pytest.mark.parametrize(
    "uri",
    [
        "shop://store/nowhere",
        "shop://product/grocer:none",
        "shop://store/grocer/category/none",
        "shop://store/nowhere/category/Bakery",
        "shop://",
        "shop://stores/grocer",
        "file:///etc/passwd",
        "shop://product/" + "x" * 3000,
    ],
)
def test_an_address_that_leads_nowhere_is_unknown(ask, shelf, uri):
    with pytest.raises(ExceptionGroup) as raised:  # the client's tasks pass it on in groups
        ask("read_resource", uri)

    fault = raised.value
    while isinstance(fault, ExceptionGroup):
        (fault,) = fault.exceptions
    assert isinstance(fault, MCPError)
    assert str(fault) == "Unknown resource"


def test_stores_and_categories_complete_what_is_begun(completed, shelf):
    assert completed("shop://store/{slug}", "slug", "gro") == ["grocer"]
    assert completed("shop://store/{slug}", "slug", "x") == []
    assert completed(CATEGORY, "category", "ba", slug="grocer") == ["Bakery"]
    assert completed(CATEGORY, "category", "", slug="nowhere") == []
    assert completed(CATEGORY, "category", "") == ["Bakery", "Drinks", "Grains"]
    assert completed("shop://elsewhere/{slug}", "slug", "g") == []
    assert completed("shop://product/{product_id}", "product_id", "g") == []
