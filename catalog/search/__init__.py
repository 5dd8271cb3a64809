"""Finding products by a shopper's words.

`search` answers a page; `reindex` keeps the index in step within the transaction that changes products. `understanding`
takes a query for words of the catalogue's `vocabulary`, candidates come from the database's own full-text `engines`
through `finding`, and `ranking` puts them in order.
"""

from catalog.search.asking import Budget, Facets, Page, Search, Sort
from catalog.search.engines import rows_among
from catalog.search.index import accept_entries, reindex, revise, stage_entries
from catalog.search.naming import named
from catalog.search.pace import Pace
from catalog.search.rebuilding import Turns, is_outdated, optimise, rebuild, sweep
from catalog.search.searching import search
from catalog.search.shelves import Shelf, categories, categories_like, shelves

__all__ = [
    "Budget", "Facets", "Pace", "Page", "Search", "Shelf", "Sort", "Turns", "accept_entries", "categories",
    "categories_like", "is_outdated", "named", "optimise", "rebuild", "reindex", "revise", "rows_among", "search",
    "shelves", "stage_entries", "sweep",
]  # fmt: skip
