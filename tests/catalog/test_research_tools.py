"""`search` and `fetch` as connectors call them."""

import json

import pytest
from django.utils import timezone

from catalog.models import Product, Store
from catalog.search.index import reindex
from catalog.services.products import create_product
from shopmcp.composition import toolbox


@pytest.fixture(params=["legacy", "2026-07-28"])
def ask(call_tool, request):
    """Call a tool in either era; what it answers must be one text item with the same JSON as the data."""

    def ask(tool, **arguments):
        result = call_tool(tool, mode=request.param, **arguments)
        assert not result.is_error
        (item,) = result.content
        assert json.loads(item.text) == result.structured_content
        return result.structured_content

    return ask


@pytest.mark.parametrize(("tool", "argument"), [("search", "query"), ("fetch", "id")])
def test_each_takes_one_string_and_nothing_else(tool, argument):
    schema = toolbox.tools[tool].input_schema

    assert list(schema["properties"]) == schema["required"] == [argument]
    assert schema["properties"][argument]["type"] == "string"


@pytest.mark.parametrize(
    ("query", "ids"),
    [("cola", ["grocer:A4"]), ("אורז", ["grocer:A1"]), ("okapi", []), ("***", []), ("\u202e\u200f", []), ("'", [])],
)
def test_a_search_gives_ids_titles_and_links(ask, shelf, query, ids):
    found = ask("search", query=query)

    assert [result["id"] for result in found["results"]] == ids
    assert all(list(result) == ["id", "title", "url"] for result in found["results"])


def test_what_is_found_is_fetched_by_its_id_however_long_that_is(ask, db):
    store = Store.objects.create(slug="s" * 40, name="Long", currency="ILS", language="he")
    create_product(store, sku="א" * 64, name="צלחת", price="5")

    ((result,),) = ask("search", query="צלחת").values()
    document = ask("fetch", id=result["id"])

    assert len(result["id"].encode()) == 169
    assert (document["id"], document["title"], document["url"]) == (result["id"], "צלחת", "")


@pytest.mark.parametrize(
    ("base_url", "url", "link"),
    [
        ("https://shop.example.com/he/", "p/1", "https://shop.example.com/he/p/1"),
        ("https://shop.example.com/he/", "/p/תה", "https://shop.example.com/p/%D7%AA%D7%94"),
        ("https://shop.example.com/", "https://else.example.com/p", "https://else.example.com/p"),
        ("https://shop.example.com/", "", ""),
        ("", "/p/1", ""),
    ],
)
def test_a_link_is_absolute_or_there_is_none(ask, load, base_url, url, link):
    load(f"sku,name,price,url\na,Tea,1,{url}\n", base_url=base_url)

    assert ask("search", query="tea")["results"][0]["url"] == ask("fetch", id="shop:a")["url"] == link


def test_a_text_holds_all_of_a_description_and_nothing_but_text(ask, load):
    told = "<p>Leaves &amp; buds\u202e</p><script>alert(1)</script><p>" + "dried " * 400 + "end.</p>"
    load(f'sku,name,price,description\na,"Tea \u200f<b>1</b>\x07",1,"{told}"\n')

    document = ask("fetch", id="shop:a")

    assert document["title"] == "Tea <b>1</b>"
    assert "Leaves & buds" in document["text"]
    assert document["text"].rstrip().endswith("end.”")
    assert not {"<p>", "alert", "\u202e", "\x07"} & {*document["text"].split(), *document["text"]}
    assert "alert" not in document["text"]


def test_a_withdrawn_product_is_fetched_as_such_and_not_found_any_more(ask, shelf):
    Product.objects.filter(sku="A4").update(withdrawn_at=timezone.now())
    reindex([shelf["A4"].identity_id])

    document = ask("fetch", id="grocer:A4")

    assert "The shop no longer sells this product." in document["text"]
    assert document["metadata"]["in_stock"] == "false"
    assert ask("search", query="cola") == {"results": []}


def test_nothing_is_added_to_the_json_whatever_else_there_is_to_say(ask, shelf, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    assert len(ask("search", query="cola", limit=5, session=None)["results"]) == 1
    assert ask("fetch", id="grocer:A4", extra="x", session=None)["id"] == "grocer:A4"
