"""Searching, and naming what was found."""

from catalog.search.query import Search
from catalog.search.searching import search


def skus(query="", limit=50, cursor=None, **asked):
    return [product.sku for product in search(Search(query, **asked), limit=limit, cursor=cursor).products]
