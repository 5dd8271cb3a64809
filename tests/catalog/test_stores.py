"""Several stores in one installation: what each tells, and what a search over all of them finds."""

from decimal import Decimal

import pytest

from catalog.models import Product, ProductIdentity, Store
from catalog.search.index import reindex
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.products import create_product
from shopmcp.composition import toolbox

WAYS = {"shipping": "משלוח תוך יומיים, 20 ₪.\nחינם מ־200 ₪.", "returns": "14 days.", "contact": "shop@example.com"}


@pytest.fixture
def stores(db):
    """Two stores of two languages and currencies, and one that sells nothing yet."""
    bakery = Store.objects.create(
        slug="bakery", name="מאפייה", currency="ILS", language="he", base_url="https://bakery.example.com/", **WAYS
    )
    deli = Store.objects.create(slug="deli", name="Deli", currency="EUR", language="en")
    Store.objects.create(slug="empty", name="Empty", currency="USD", language="en")
    create_product(bakery, sku="1", name="Rye bread לחם שיפון", price="20", category="Bread")
    create_product(bakery, sku="2", name="Rye rolls", price="9", category="Bread")
    create_product(deli, sku="1", name="Rye crisps", price="10", category="Snacks")


@pytest.fixture
def ask(call_tool):
    def ask(tool, **arguments):
        result = call_tool(tool, **arguments)
        assert not result.is_error, result.content[0].text
        return result.structured_content, result.content[0].text

    return ask


def ids(found):
    return [product["product_id"] for product in found["products"]]


def test_each_store_is_listed_with_all_that_it_tells(ask, stores):
    found, text = ask("list_stores")

    bakery, deli, empty = found["stores"]
    assert bakery == {
        "slug": "bakery", "name": "מאפייה", "currency": "ILS", "language": "he", "url": "https://bakery.example.com/",
        "products": 2, "categories": ["Bread"], **WAYS,
    }  # fmt: skip
    assert deli.keys() == {"slug", "name", "currency", "language", "products", "categories"}
    assert (empty["products"], "categories" in empty) == (0, False)
    for said in (*WAYS.values(), "https://bakery.example.com/", "Deli", "EUR"):
        assert said in text


@pytest.mark.parametrize("slug", ["bakery", "deli", "empty", "BAKERY "])
def test_the_list_may_be_of_one_store_which_also_says_what_it_leaves_out(ask, stores, slug):
    found, text = ask("list_stores", store=slug)

    (told,) = found["stores"]
    assert told in ask("list_stores")[0]["stores"]
    assert told["slug"] == slug.strip().lower()
    assert ("says nothing about" in text) is ("contact" not in told)


def test_a_store_that_is_not_there_is_refused_with_those_there_are(call_tool, stores):
    result = call_tool("list_stores", store="x")

    assert result.structured_content["error"]["code"] == "not_found"
    assert [one["store"] for one in result.structured_content["error"]["candidates"]] == ["bakery", "deli", "empty"]


def test_the_earlier_name_is_answered_and_no_longer_listed(ask, stores):
    assert "get_store_info" not in toolbox.listed
    assert ask("get_store_info", store="deli")[0]["slug"] == "deli"


@pytest.mark.parametrize("slug", ["bakery", "deli", "empty", "BAKERY "])
def test_one_store_tells_what_the_list_tells_of_it(ask, stores, slug):
    info, text = ask("get_store_info", store=slug)

    (same,) = (store for store in ask("list_stores")[0]["stores"] if store["slug"] == slug.strip().lower())
    assert info == same
    assert ("bakery.example.com" in text) is (info["slug"] == "bakery")


@pytest.mark.parametrize(
    ("store", "code"), [(None, "invalid_arguments"), ("", "invalid_arguments"), ("x", "not_found")]
)
def test_a_store_that_is_not_said_or_not_there_is_asked_for_with_those_there_are(call_tool, stores, store, code):
    result = call_tool("get_store_info", store=store)

    error = result.structured_content["error"]
    assert result.is_error
    assert error["code"] == code
    assert [candidate["store"] for candidate in error["candidates"]] == ["bakery", "deli", "empty"]
    assert "bakery" in result.content[0].text


def test_the_only_store_need_not_be_named(ask, grocer):
    assert ask("get_store_info")[0]["slug"] == "grocer"


def test_a_shop_without_stores_has_nothing_to_tell(call_tool, db):
    assert call_tool("get_store_info").structured_content["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_stores", {}),
        ("search_products", {"query": "12345"}),
        ("search_products", {"query": "rye", "store": "nowhere"}),
        ("get_product", {"product_id": "zzzzz"}),
        ("list_stores", {"store": "nowhere"}),
        ("get_store_info", {}),
        ("fetch", {"id": "zzzzz"}),
        ("view_cart", {}),
    ],
)
def test_where_no_store_is_named_the_oldest_speaks_in_every_tool(call_tool, db, tool, arguments):
    Store.objects.create(slug="zoo", name="Zoo", currency="ILS", language="he")
    Store.objects.create(slug="arts", name="Arts", currency="USD", language="en")

    assert any("א" <= letter <= "ת" for letter in call_tool(tool, **arguments).content[0].text)


def test_a_search_over_stores_writes_each_price_as_its_store_does(ask, stores):
    found, text = ask("search_products", query="rye", locale="en")

    prices = {product["product_id"]: product["price"]["formatted"] for product in found["products"]}
    assert prices == {"bakery:1": "20.00 ₪", "bakery:2": "9.00 ₪", "deli:1": "€10.00"}
    assert "These are of several stores: bakery (ILS), deli (EUR). A cart holds products of one store." in text
    assert "bare numbers" not in text


def test_groups_of_several_stores_say_so_once(ask, stores):
    text = ask("search_products", queries=["rye", "ryes"], sort="price_asc", locale="en")[1]
    assert text.count("These are of several stores: bakery (ILS), deli (EUR).") == 1
    assert text.count("compared as bare numbers") == 1

    text = ask("search_products", queries=["rye", "ryes"], store="bakery", locale="en")[1]
    assert "several stores" not in text and "bare numbers" not in text


@pytest.mark.parametrize("query", ["rye", ""])
def test_prices_of_two_currencies_are_compared_as_numbers_and_the_text_says_so(ask, stores, query):
    en = {"openai/locale": "en"}
    found, text = ask("search_products", query=query, sort="price_asc", meta=en)
    assert ids(found) == ["bakery:2", "deli:1", "bakery:1"]
    assert "compared as bare numbers" in text

    assert "compared as bare numbers" in ask("search_products", query=query, max_price=10, meta=en)[1]
    within, text = ask("search_products", query=query, sort="price_asc", store="bakery", meta=en)
    assert ids(within) == ["bakery:2", "bakery:1"]
    assert "compared as bare numbers" not in text and "several stores" not in text


def test_a_store_that_sells_nothing_says_so(ask, stores):
    assert "0 products" in ask("get_store_info", store="empty")[1]
    assert ask("search_products", query="rye", store="empty")[0]["products"] == []


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Two days.\r\n\r\n\r\nFree from 200.\r\n", "Two days.\n\nFree from 200."),
        ("\u202eהחזרות\u202c תוך\u200f 14 יום", "החזרות תוך 14 יום"),
        ("<script>alert(1)</script> & {{ x }}", "<script>alert(1)</script> & {{ x }}"),
        ("x" * 2000, "x" * 2000),
        (" \u200f ", ""),
    ],
)
def test_the_admin_keeps_policies_as_plain_text(admin_client, ask, stores, written, kept):
    store = Store.objects.get(slug="deli")
    form = {"name": "Deli\u202e", "language": "en", "base_url": "", "buyer_contact": "either", "shipping": written}

    answer = admin_client.post(f"/admin/catalog/store/{store.pk}/change/", form)

    assert answer.status_code == 302
    info, text = ask("get_store_info", store="deli")
    assert (info["name"], info.get("shipping")) == ("Deli", kept or None)
    assert kept in text
    assert (
        "<script>"
        not in admin_client.get(f"/admin/catalog/store/{store.pk}/change/").content.decode().split("<textarea")[1]
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shipping", "x" * 2001),
        ("contact", "x" * 501),
        ("shipping", "nul\0"),
        ("name", "\u200f"),
        ("name", ""),
        ("language", "klingon"),
        ("language", "../he"),
        ("language", "עברית"),
        ("base_url", "ftp://example.com/"),
        ("base_url", "javascript:alert(1)"),
    ],
)
def test_a_store_that_cannot_be_so_is_not_saved(admin_client, stores, field, value):
    store = Store.objects.get(slug="deli")
    before = Store.objects.filter(pk=store.pk).values().get()

    form = {"name": "Deli", "language": "en", "base_url": "", "buyer_contact": "either", field: value}
    answer = admin_client.post(f"/admin/catalog/store/{store.pk}/change/", form)

    assert (answer.status_code, list(answer.context["adminform"].errors)) == (200, [field])
    assert Store.objects.filter(pk=store.pk).values().get() == before


@pytest.mark.parametrize(("written", "kept"), [("iw", "he-IL"), ("en_GB", "en-GB"), ("zh-Hans-CN", "zh-Hans-CN")])
def test_a_language_is_kept_by_the_code_it_goes_by_now(admin_client, stores, written, kept):
    store = Store.objects.get(slug="deli")

    form = {"name": "D", "language": written, "base_url": "", "buyer_contact": "either"}
    admin_client.post(f"/admin/catalog/store/{store.pk}/change/", form)

    assert Store.objects.get(slug="deli").language == kept


def test_a_thousand_stores_and_categories_need_few_variables(ask, grocer, few_variables):
    create_product(grocer, sku="0", name="Rye rice", price="1", category="Kind 0")
    others = Store.objects.bulk_create(
        Store(slug=f"s-{n}", name="Other", currency="ILS", language="en") for n in range(1000)
    )
    identities = ProductIdentity.objects.bulk_create(ProductIdentity(store=store, sku="1") for store in others)
    Product.versions.bulk_create(
        Product(
            identity=identities[n],
            store=others[n],
            sku="1",
            public_id=f"s-{n}:1",
            name="Rye bread",
            price=n,
            currency="ILS",
            category=f"Kind {n}",
            search_text=f" rye bread \n kind {n} \n  ",
        )
        for n in range(1000)
    )
    reindex([identity.pk for identity in identities])

    for query in ("", "rye", "rye rice crisps", "rye under 50 ILS"):
        for sort in ("relevance", "price_desc", "name"):
            found, _ = ask("search_products", query=query, category="kind", sort=sort)
            assert found["products"]


def test_words_over_stores_of_one_currency_have_one_range_of_prices(grocer):
    other = Store.objects.create(slug="other", name="Other", currency="ILS")
    create_product(grocer, sku="1", name="Rye bread", price="3")
    create_product(other, sku="1", name="Rye rolls", price="5")

    found = search(Search("rye")).facets

    assert (found.lowest, found.highest) == (Decimal(3), Decimal(5))
