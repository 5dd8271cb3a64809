import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Product, Store
from catalog.services.products import create_product
from tests.catalog.goods import COLA


def text(result):
    return result.content[0].text


def ids(result):
    return [product["product_id"] for product in result.structured_content["products"]]


def test_stores_are_listed_with_what_they_offer(call_tool, shelf):
    result = call_tool("list_stores")

    assert result.structured_content == {
        "stores": [
            {
                "slug": "grocer",
                "name": "Grocer",
                "currency": "ILS",
                "language": "en",
                "products": 3,
                "categories": ["Bakery", "Drinks", "Grains"],
            }
        ]
    }
    assert text(result) == (
        "Grocer (store grocer): 3 products, prices in ILS. Categories: Bakery, Drinks, Grains.\n"
        "The store says nothing about: shipping, returns, contact."
    )


def test_a_shop_without_stores_says_so(call_tool):
    assert call_tool("list_stores").structured_content == {"stores": []}
    assert text(call_tool("search_products")).startswith("Nothing was found.")
    assert call_tool("get_product", product_id="x:1").is_error


def test_a_search_answers_with_products_in_data_and_in_text(call_tool, shelf):
    result = call_tool("search_products", query="cola")

    assert result.structured_content == {"products": [COLA], "total": 1}
    assert text(result) == "1 product found.\n- Coca-Cola 1.5 l · grocer:A4 · ₪8.00 · ₪5.33 per litre"


def test_the_text_says_what_stands_in_the_way_of_buying(call_tool, shelf):
    Product.objects.filter(sku="A1").update(counted=3)

    assert text(call_tool("search_products")).splitlines() == [
        "5 products found.",
        '- אורז בסמטי 1 ק"ג · grocer:A1 · ₪12.90 · 3 left',
        "- Quinoa <b>red</b> 500 g · grocer:A2 · ₪21.90 · ₪43.80 per kg · not in stock",
        "- Baker's dozen bagels · grocer:A3 · ₪32.00",
        "- Coca-Cola 1.5 l · grocer:A4 · ₪8.00 · ₪5.33 per litre",
        "- Rye bread · grocer:A5 · no price, cannot be bought",
    ]


def test_the_text_of_a_page_holds_the_cursor_to_the_next(call_tool, shelf):
    first = call_tool("search_products", limit="2", sort="price_asc")
    cursor = first.structured_content["next_cursor"]

    assert cursor in text(first)
    assert ids(first) == ["grocer:A4", "grocer:A1"]
    assert ids(call_tool("search_products", limit=2.0, sort="price_asc", cursor=cursor)) == ["grocer:A2", "grocer:A3"]


def test_every_argument_works_beside_the_others(call_tool, shelf):
    result = call_tool(
        "search_products",
        query="bag",
        category="bakery",
        min_price=1,
        max_price="40.5",
        in_stock_only=True,
        sort="name",
        limit=50,
        cursor=None,
        store="grocer",
    )

    assert ids(result) == ["grocer:A3"]


def test_nothing_found_says_so_and_offers_the_categories(call_tool, shelf):
    result = call_tool("search_products", query="okapi zebra")

    assert not result.is_error
    assert result.structured_content == {
        "products": [],
        "total": 0,
        "categories": ["Bakery", "Drinks", "Grains"],
    }
    assert text(result) == (
        "Nothing was found for “okapi zebra”. Try fewer or other words, or wider limits. "
        "Categories: Bakery, Drinks, Grains."
    )


def test_an_unknown_category_is_refused_with_those_there_are(call_tool, shelf):
    result = call_tool("search_products", category="Drink bar", query="cola")

    assert result.is_error
    assert result.structured_content["error"]["code"] == "not_found"
    assert result.structured_content["error"]["candidates"] == [{"category": "Drinks"}]
    assert text(result) == (
        "There is no category “Drink bar”. Perhaps one of these is meant:\n- Drinks\n"
        "Search without it, or use one of these: Drinks, Bakery, Grains."
    )


def test_an_unknown_category_that_is_near_none_names_them_all(call_tool, shelf):
    result = call_tool("search_products", category="Toys")

    assert result.structured_content["error"]["candidates"] == []
    assert text(result) == (
        "There is no category “Toys”. Search without it, or use one of these: Bakery, Drinks, Grains."
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"cursor": "made up"}, "without a cursor"),
        ({"min_price": 9, "max_price": 8}, "min_price"),
        ({"min_price": -1}, "min_price"),
        ({"min_price": True}, "min_price"),
        ({"max_price": "cheap"}, "max_price"),
        ({"limit": 51}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": 2.5}, "limit"),
        ({"sort": "random"}, "sort"),
        ({"query": "x" * 1001}, "query"),
        ({"query": "a\x00b"}, "query"),
        ({"query": [5]}, "query"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_words(call_tool, shelf, arguments, words):
    result = call_tool("search_products", **arguments)

    assert result.is_error
    assert result.structured_content["error"]["code"] == "invalid_arguments"
    assert words in text(result)


def test_an_unknown_store_is_refused_with_those_there_are(call_tool, shelf):
    result = call_tool("search_products", store="nowhere")

    assert result.is_error
    assert result.structured_content["error"]["candidates"] == [{"store": "grocer", "name": "Grocer"}]
    assert "grocer" in text(result)


@pytest.mark.parametrize(("locale", "language"), [(None, "he"), ("en-US", "en"), ("he-IL", "he"), ("fr", "he")])
def test_the_callers_language_is_spoken_or_else_the_stores(call_tool, shelf, grocer, locale, language, monkeypatch):
    from django.utils import translation

    Store.objects.update(language="he")
    monkeypatch.setattr("catalog.tools.search_text", lambda *answer: translation.get_language())

    result = call_tool("search_products", query="cola", meta={"openai/locale": locale} if locale else None)

    assert text(result) == language
    assert result.structured_content["products"][0]["price"]["formatted"] == "8.00 ₪"


@pytest.mark.parametrize(
    ("tool", "arguments", "queries"),
    [
        ("list_stores", {}, 2),
        ("search_products", {}, 7),
        ("search_products", {"query": "cola"}, 11),
        ("search_products", {"query": "cola", "category": "Drinks", "store": "grocer"}, 12),
        ("search_products", {"query": "zebra"}, 11),
        ("get_product", {"product_id": "grocer:A4"}, 3),
    ],
)
@pytest.mark.parametrize("more", [0, 20])
def test_a_call_takes_no_more_queries_however_large_the_shop(call_tool, shelf, grocer, tool, arguments, queries, more):
    for n in range(more):
        create_product(grocer, sku=f"more{n}", name=f"Cola {n}", price="1", category=f"Drinks {n}")
    call_tool(tool, **arguments)  # what a process looks up once

    with CaptureQueriesContext(connection) as captured:
        call_tool(tool, **arguments)

    # The record of the call is somebody else's to count.
    own = [query for query in captured if "catalog_" in query["sql"] and "carts_" not in query["sql"]]
    assert len(own) <= queries


def test_words_that_nothing_fits_are_said_to_be_left_out(call_tool, shelf):
    result = call_tool("search_products", query="zebra rye")

    assert ids(result) == ["grocer:A5"]
    assert result.structured_content["dropped_words"] == ["zebra"]
    assert text(result).startswith(
        "1 product found. Nothing fits “zebra”, so that was left out.\nWithout “zebra”:\n- Rye"
    )


def test_several_wishes_are_said_to_be_looked_for_one_by_one(call_tool, shelf):
    result = call_tool("search_products", query="cola, bagels")

    assert ids(result) == ["grocer:A4", "grocer:A3"]
    assert result.structured_content["wishes"] == ["cola", "bagels"]
    assert text(result).startswith(
        "2 products found. No product is all of it, so each was looked for by itself: “cola”; “bagels”.\n"
    )


def test_words_of_a_price_are_taken_for_its_bounds_and_the_text_says_so(call_tool, shelf):
    result = call_tool("search_products", query="grains up to 20 shekels")

    assert ids(result) == ["grocer:A1"]
    assert result.structured_content["price_words"] == {
        "words": "up to 20 shekels",
        "max_price": "20",
    }
    assert text(result).startswith("1 product found. “up to 20 shekels” was taken as max_price 20.\n")


def test_words_of_a_price_beside_nothing_are_told_too(call_tool, shelf):
    assert text(call_tool("search_products", query="cola under 3 ₪")).startswith(
        "Nothing was found for “cola under 3 ₪”. “under 3 ₪” was taken as max_price 3. Try"
    )


def test_words_of_a_price_that_bound_nothing_name_the_arguments_that_do(call_tool, shelf):
    result = call_tool("search_products", query="cola for 20 dollars")

    assert ids(result) == ["grocer:A4"]
    assert "“for 20 dollars” was left out: to limit the price, use min_price and max_price." in text(result)


def test_variants_are_told_with_the_product_they_belong_to(call_tool, grocer):
    for size, price in [("S", "80"), ("L", "79")]:
        create_product(grocer, sku=size, name="Shirt", price=price, group_id="shirt", options={"Size": size})

    result = call_tool("search_products", query="shirt")

    (found,) = result.structured_content["products"]
    assert (found["product_id"], [variant["product_id"] for variant in found["variants"]]) == (
        "grocer:L",
        ["grocer:S"],
    )
    assert text(result) == "1 product found.\n- Shirt (Size: L) · grocer:L · ₪79.00\n  Also: S · grocer:S · ₪80.00"


def test_a_reduced_price_is_told_with_the_former_one(call_tool, grocer):
    create_product(grocer, sku="sale", name="Sale", price="8", former_price="10")

    assert "₪8.00 instead of ₪10.00" in text(call_tool("get_product", product_id="sale"))
    assert call_tool("get_product", product_id="sale").structured_content["former_price"]["amount"] == "10.00"


def test_a_page_tells_the_categories_only_where_more_than_ten_products_fit(call_tool, grocer, shelf):
    few = call_tool("search_products", limit=2)
    assert "For more" in text(few) and "By category" not in text(few)
    for n in range(6):
        create_product(grocer, sku=str(n), name="Tea", price="3", category="Tea")

    assert "By category: Tea (6), Bakery (2), Grains (2), Drinks (1)." in text(call_tool("search_products", limit=2))


def test_counts_of_a_part_are_said_to_be_of_that_part(call_tool, grocer, monkeypatch):
    monkeypatch.setattr("catalog.search.matching.MOST", 11)
    monkeypatch.setattr("catalog.search.matching.ENOUGH", 11)
    for n in range(15):
        create_product(grocer, sku=str(n), name="Tea", price="3", category=f"Tea {n % 2}")

    result = call_tool("search_products", query="tea", limit=3)

    assert "More than 11 products found." in text(result)
    assert "By category, of these: Tea 0 (6), Tea 1 (5)." in text(result)
    assert "By category: " in text(call_tool("search_products", limit=3))
