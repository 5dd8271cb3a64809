"""The catalogue's tables."""

from catalog.models.imports import FeedAddress, ImportRun
from catalog.models.products import STATIC_IMAGE, Product, ProductIdentity, ProductQuerySet, Store
from catalog.models.search_index import Entry, Revision, Word
from catalog.models.synonyms import Synonyms

__all__ = [
    "STATIC_IMAGE",
    "Entry",
    "FeedAddress",
    "ImportRun",
    "Product",
    "ProductIdentity",
    "ProductQuerySet",
    "Revision",
    "Store",
    "Synonyms",
    "Word",
]
