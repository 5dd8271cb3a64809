"""Whether a shopper's words find the right product: judged queries over the demo catalogue and a scraped shop."""

import logging
from pathlib import Path
from typing import NamedTuple

import pytest

from catalog.imports.importing import import_products, load_demo
from catalog.language.text import folded
from catalog.search.query import Search
from catalog.search.searching import search

logger = logging.getLogger(__name__)
_FILE = Path(__file__).parent / "judged.txt"
_SCRAPED = Path(__file__).parents[1] / "fixtures" / "scraped.json"


class Judged(NamedTuple):
    catalogue: str
    query: str
    right: list[list[str]]

    def fits(self, product):
        name = folded(product.name, 300)
        return any(all(word in name for word in words) for words in self.right)


def judged(catalogue):
    lines = (line for line in _FILE.read_text().splitlines() if line and not line.startswith("#"))
    entries = ([part.strip() for part in line.split("|")] for line in lines)
    return [
        Judged(name, query, [] if right == "-" else [words.split() for words in right.split("/")])
        for name, query, right in entries
        if name == catalogue
    ]


def place(entry):
    """The place of the first right answer among the first ten, from one; 0 if there is none."""
    products = search(Search(entry.query), limit=10).products
    if not entry.right:
        return 0 if products else 1
    return next((n for n, product in enumerate(products, start=1) if entry.fits(product)), 0)


def figures(entries):
    places = [place(entry) for entry in entries]
    at_1 = sum(1 for n in places if n == 1) / len(places)
    at_5 = sum(1 for n in places if 1 <= n <= 5) / len(places)
    mrr = sum(1 / n for n in places if n) / len(places)
    missed = [(entry.query, n) for entry, n in zip(entries, places, strict=True) if n != 1]
    # `pytest -rP` shows it; docs/search.md repeats the figures.
    logger.info(
        "%d queries: success@1 %.3f, success@5 %.3f, MRR %.3f; not first: %s", len(places), at_1, at_5, mrr, missed
    )
    return at_5, mrr


def test_enough_queries_are_judged():
    assert len({entry.query for name in ("demo", "scraped") for entry in judged(name)}) >= 120


@pytest.mark.slow
def test_the_demo_catalogue_gives_what_is_meant(db):
    load_demo()

    at_5, mrr = figures(judged("demo"))

    assert (at_5 >= 0.99, mrr >= 0.98) == (True, True)


@pytest.mark.slow
def test_a_scraped_shop_gives_what_is_meant(db):
    import_products(_SCRAPED, slug="mill", currency="ILS", base_url="https://mill.example.com/")

    at_5, mrr = figures(judged("scraped"))

    assert (at_5 >= 0.99, mrr >= 0.98) == (True, True)
    assert search(Search("קינואה")).total == 8
