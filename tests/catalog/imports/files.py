"""A small product file, the one that replaces it, and the names by which their products are found."""

import pytest

from catalog.search.references import named
from shopmcp.errors import NotFound

HEAD = "sku,name,price,stock,url,barcode,category\n"
RICE = "a,Long red rice,20,5,https://x.example.com/red,7290000000015,Grains\n"
RYE = "b,Rye bread loaf,10,,,,Bakery\n"
OLD = HEAD + RICE + RYE
NEW = HEAD + "a,Short brown rice,99,0,https://x.example.com/brown,7290000000022,Cereals\nd,Dried pitted dates,40,,,,\n"
OLD_NAMES = ("Long red rice", "https://x.example.com/red", "7290000000015", "a", "shop:a")
NEW_NAMES = ("Short brown rice", "https://x.example.com/brown", "7290000000022", "d", "shop:d")


def fails(reference):
    with pytest.raises(NotFound):
        named(reference)
    return True
