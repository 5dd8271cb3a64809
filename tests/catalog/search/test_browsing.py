"""Pages of a search, asked for one by one while the same store is imported anew."""

from collections import Counter
from decimal import Decimal
from itertools import cycle

import pytest
from django.test import override_settings

from catalog.imports import staging
from catalog.imports.publishing import publish
from catalog.models import Product
from catalog.search.entries import candidates
from catalog.search.index import stage_entries
from catalog.search.query import Search
from catalog.search.searching import search
from shopmcp.errors import InvalidArguments

SORTS = ["relevance", "price_asc", "price_desc", "name", "newest"]
HEAD = "sku,name,price,category,description\n"


def row(n, price=None, text="", category="Hot drinks"):
    return f"t{n:02},Tea {n * 7 % 60:02},{price or n * 13 % 60 + 10},{category},{text}\n"


OLD = HEAD + "".join(map(row, range(40)))
# Of the old ones every fifth goes, every fourth says something else, two change their price; ten are new among them.
GONE = {f"t{n:02}" for n in range(0, 40, 5)}
MOVED = {"t07": 99, "t33": 1}
NEW = HEAD + "".join(
    row(n, price=MOVED.get(f"t{n:02}"), text="Leaves" if n % 4 == 0 else "") for n in range(50) if n >= 40 or n % 5
)
STAYED = {f"t{n:02}" for n in range(40)} - GONE


class Reader:
    """Turns the pages of one search, with pages of two and of three."""

    def __init__(self, **asked):
        self.asked, self.cursor, self.seen, self.done = Search(**asked), None, list[str](), False
        self.limits = cycle((2, 3))

    def turn(self):
        if not self.done:
            page = search(self.asked, limit=next(self.limits), cursor=self.cursor)
            self.seen += [product.sku for product in page.products]
            self.cursor, self.done = page.next_cursor, page.next_cursor is None

    def finish(self):
        while not self.done:
            self.turn()


@pytest.fixture
def beside(load, monkeypatch):
    """Import, and do something at every step: between batches, before it is published, and after it."""
    monkeypatch.setattr("shopmcp.db.batches.FIRST", 4)
    monkeypatch.setattr("shopmcp.db.batches.MOST", 4)

    def beside(text, step):
        steps = Counter[str]()

        def doing(name, work):
            def done(*args, **kwargs):
                steps[name] += 1
                step()
                result = work(*args, **kwargs)
                step()
                return result

            return done

        with monkeypatch.context() as patched:
            patched.setattr(staging, "stage_entries", doing("stage", stage_entries))
            patched.setattr("catalog.imports.importing.publish", doing("publish", publish))
            load(text)
        return steps

    return beside


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("query", ["", "hot tea"])
@pytest.mark.parametrize("after", [0, 8, 20])
def test_what_stays_is_seen_once_while_an_import_is_staged_and_published(load, beside, query, sort, after):
    load(OLD)
    reader = Reader(query=query, sort=sort, in_stock_only=after == 8)
    # By when it is published the reader has seen a little, a half, or all but little of it.
    waits = iter([False] * (20 - after) + [True] * 1000)

    steps = beside(NEW, lambda: next(waits) and reader.turn())
    reader.finish()

    assert steps["stage"] > 4
    seen = Counter(reader.seen)
    by_id = sort == "newest" or (sort, query) == ("relevance", "")
    settled = STAYED if by_id or sort == "name" else STAYED - MOVED.keys()
    assert settled <= seen.keys()
    assert [sku for sku, times in seen.items() if times > 1 and sku in settled] == []
    assert max(seen.values()) <= 2


def test_a_cursor_from_before_an_import_goes_on_after_it(load):
    load(OLD)
    reader = Reader(sort="name")
    reader.turn()

    load(NEW)
    reader.finish()

    assert len(reader.seen) == len(set(reader.seen))
    assert set(reader.seen) >= STAYED


def test_a_category_that_arrives_between_two_pages_is_no_other_search(load, call_tool):
    load(HEAD + "".join(map(row, range(6))))
    first = call_tool("search_products", category="hot", limit=4).structured_content

    load(HEAD + "".join(map(row, range(6))) + row(7, category="Hot soups"))
    second = call_tool("search_products", category="Hot", limit=4, cursor=first["next_cursor"]).structured_content
    ids = [product["product_id"] for page in (first, second) for product in page["products"]]
    assert ids == [f"shop:t0{n}" for n in (0, 1, 2, 3, 4, 5, 7)]

    load(HEAD + row(8, category="Cold drinks"), force=True)
    third = call_tool("search_products", category="hot", cursor=first["next_cursor"])
    assert (third.is_error, third.structured_content["products"]) == (False, [])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"query": "Hot TEA"}, {"query": "hot  tea!"}),
        ({"min_price": Decimal(10)}, {"min_price": Decimal("10.00")}),
        ({"category": "Hot drinks", "categories": ("Hot drinks",)}, {"category": " hot drinks ", "categories": ()}),
    ],
)
def test_a_search_is_the_same_however_it_is_written(load, first, second):
    load(OLD)
    cursor = search(Search(**first), limit=2).next_cursor

    assert search(Search(**second), limit=2, cursor=cursor).products is not None


def test_a_query_of_signs_alone_is_another_search_than_none(load):
    load(OLD)
    cursor = search(Search(sort="price_asc"), limit=2).next_cursor

    with pytest.raises(InvalidArguments, match="does not belong to this list"):
        search(Search("***", sort="price_asc"), cursor=cursor)


def test_a_cursor_is_kept_through_a_change_of_keys_and_worth_nothing_elsewhere(load):
    load(OLD)
    cursor = search(Search(), limit=2).next_cursor or ""

    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]), pytest.raises(InvalidArguments):
        search(Search(), cursor=cursor)
    head, _, seal = cursor.rpartition(":")
    with pytest.raises(InvalidArguments):
        search(Search(), cursor=f"{head}x:{seal}")


def test_publishing_between_two_looks_shows_no_product_twice(load, monkeypatch):
    few = "".join(f"a{n},Strong tea {n},{n + 1},,\n" for n in range(10))
    many = "".join(f"b{n},Cup {n},{n + 1},,For strong tea\n" for n in range(40))
    load(HEAD + few + many)
    published = list[bool]()

    def looking(*args, **kwargs):
        found = candidates(*args, **kwargs)
        if not published:
            published.append(True)
            load(HEAD + few.replace(",,", ",Tea,") + many)
        return found

    monkeypatch.setattr("catalog.search.entries.candidates", looking)
    monkeypatch.setattr("catalog.search.matching.ENOUGH", 15)  # so that descriptions are looked at besides
    skus = [product.sku for product in search(Search("strong", sort="price_asc"), limit=50).products]

    assert published
    assert len(skus) == len(set(skus))


def test_the_longest_names_give_cursors_that_the_tools_take(load, call_tool):
    letters = "אבגדהוזחטיכלמנסעפצקרשת"
    names = [" ".join(letters[(n * k + j) % 22] * (k % 3 + 2) for k in range(90)) for j, n in enumerate((3, 5, 7))]
    load("sku,name,price\n" + "".join(f"s{n},צלחת {name[:290]},1\n" for n, name in enumerate(names)))

    first = call_tool("search_products", query="צלחת", sort="name", limit=2).structured_content
    second = call_tool("search_products", query="צלחת", sort="name", limit=2, cursor=first["next_cursor"])

    assert len(second.structured_content["products"]) == 1
    assert Product.objects.count() == 3
