import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.types import ResourceTemplateReference

from catalog.models import Product, Store
from catalog.search.index import reindex
from catalog.services.products import create_product
from shopmcp.composition import endpoint

CATEGORY = "shop://store/{slug}/category/{category}"


@pytest.fixture
def ask(db):
    """Ask a client for something, in memory: `ask("read_resource", uri)`."""

    @async_to_sync
    async def ask(method, *arguments, mode="2026-07-28", **named):
        async with Client(endpoint.server, mode=mode) as client:
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
    def listed():
        return [entry for entry in ask("list_resources").resources if entry.uri.startswith("shop://")]

    assert [entry.uri for entry in listed()] == ["shop://stores"]
    Store.objects.create(slug="grocer", name="מכולת", currency="ILS")
    assert [(entry.uri, entry.title, entry.mime_type) for entry in listed()] == [
        ("shop://stores", "Stores", "text/plain"),
        ("shop://store/grocer", "מכולת", "text/plain"),
    ]
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


def test_a_category_with_more_than_it_lists_says_so(read, grocer):
    for n in range(51):
        create_product(grocer, sku=str(n), name="Tea", price="1", category="Tea")

    lines = read("shop://store/grocer/category/Tea").splitlines()

    assert len(lines) == 51
    assert "There are more" in lines[-1]


@pytest.mark.parametrize(
    ("sku", "written"),
    [
        ("A/1", ["A%2F1", "A/1"]),
        ("אב 1", ["%D7%90%D7%91%201", "אב 1"]),
        ("100%", ["100%25", "100%"]),
        ("a?b#c", ["a%3Fb%23c", "a?b#c"]),
        ("../stores", ["..%2Fstores", "../stores"]),
    ],
)
def test_a_product_is_found_whichever_way_its_address_is_written(read, grocer, sku, written):
    create_product(grocer, sku=sku, name="Odd", price="1", category=sku)

    for way in written:
        assert read(f"shop://product/grocer:{way}").startswith("Odd")
        assert read(f"shop://store/grocer/category/{way}").startswith("- Odd")


def test_a_withdrawn_product_is_told_as_withdrawn(read, shelf):
    Product.objects.filter(sku="A3").update(withdrawn_at=timezone.now())
    reindex([shelf["A3"].identity_id])

    assert "The shop no longer sells this product." in read("shop://product/grocer:A3")
    assert "A3" not in read("shop://store/grocer/category/Bakery")


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
        "shop://product/grocer:%00",
        "shop://product/grocer:\x00",
        "shop://product/%FF",
        "shop://store/%0A",
        "shop://store/x/category/%00",
    ],
)
@pytest.mark.parametrize(("revision", "code"), [("2026-07-28", -32602), ("legacy", -32002)])
def test_an_address_that_leads_nowhere_is_unknown(ask, shelf, uri, revision, code):
    with pytest.raises((ExceptionGroup, MCPError)) as raised:  # the client's tasks pass it on in groups
        ask("read_resource", uri, mode=revision)

    fault = raised.value
    while isinstance(fault, ExceptionGroup):
        (fault,) = fault.exceptions
    assert isinstance(fault, MCPError)
    assert (fault.error.code, str(fault)) == (code, "Unknown resource")


def test_stores_and_categories_complete_what_is_begun(completed, shelf):
    assert completed("shop://store/{slug}", "slug", "gro") == ["grocer"]
    assert completed("shop://store/{slug}", "slug", "x") == []
    assert completed(CATEGORY, "category", "ba", slug="grocer") == ["Bakery"]
    assert completed(CATEGORY, "category", "", slug="nowhere") == []
    assert completed(CATEGORY, "category", "") == ["Bakery", "Drinks", "Grains"]
    assert completed("shop://elsewhere/{slug}", "slug", "g") == []
    assert completed("shop://product/{product_id}", "product_id", "g") == []


def test_a_completion_begins_with_what_begins_so(completed, grocer):
    for sku, category in enumerate(["Herbal tea", "Tea", "תה ירוק", "★", "Iced ★ tea"]):
        create_product(grocer, sku=str(sku), name="x", price="1", category=category)

    assert completed(CATEGORY, "category", "te") == ["Tea", "Herbal tea", "Iced ★ tea"]
    assert completed(CATEGORY, "category", "תה", slug="grocer") == ["תה ירוק"]
    assert completed(CATEGORY, "category", "★") == ["Iced ★ tea", "★"]
    assert completed(CATEGORY, "category", "%") == []


@pytest.mark.parametrize(
    ("part", "begun", "known"), [("slug", "\0", {}), ("category", "\0", {}), ("category", "", {"slug": "\0"})]
)
def test_nothing_completes_what_no_name_can_hold(completed, shelf, part, begun, known):
    assert completed(CATEGORY, part, begun, **known) == []


def test_of_very_many_completions_a_hundred_are_given_and_all_are_counted(ask, grocer):
    for n in range(130):
        create_product(grocer, sku=str(n), name="x", price="1", category=f"Category {n:03}")
    reference = ResourceTemplateReference(type="ref/resource", uri=CATEGORY)

    found = ask("complete", reference, {"name": "category", "value": "cat"}).completion

    assert (len(found.values), found.total, found.has_more) == (100, 130, True)
    assert found.values[0] == "Category 000"


def test_nothing_is_promised_that_never_comes():
    offered = endpoint.server.create_initialization_options().capabilities

    assert offered.resources is not None
    assert not offered.resources.subscribe
    assert not offered.resources.list_changed
