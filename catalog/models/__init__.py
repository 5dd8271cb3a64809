"""The catalogue's tables."""

from catalog.models.imports import FeedAddress, ImportRun, SourceOptions
from catalog.models.jobs import DailyImport, ImportJob
from catalog.models.logos import Logo
from catalog.models.products import STATIC_IMAGE, Product, ProductIdentity, ProductQuerySet
from catalog.models.search_index import Entry, Revision, Word
from catalog.models.stock import StockMove
from catalog.models.stores import BuyerContact, Store
from catalog.models.synonyms import Synonyms

__all__ = [
    "STATIC_IMAGE",
    "BuyerContact",
    "DailyImport",
    "Entry",
    "FeedAddress",
    "ImportJob",
    "ImportRun",
    "Logo",
    "Product",
    "ProductIdentity",
    "ProductQuerySet",
    "Revision",
    "SourceOptions",
    "StockMove",
    "Store",
    "Synonyms",
    "Word",
]
