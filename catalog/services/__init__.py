"""Everything that changes stores and products."""

from catalog.services.importing import import_products, load_demo
from catalog.services.products import create_product, save_product
from catalog.services.report import ImportReport, Progress, unwatched
from catalog.services.runs import ImportRunning
from catalog.services.staging import TooManyGone

__all__ = [
    "ImportReport",
    "ImportRunning",
    "Progress",
    "TooManyGone",
    "create_product",
    "import_products",
    "load_demo",
    "save_product",
    "unwatched",
]
