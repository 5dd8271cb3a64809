"""Sales: a reduced price from one moment to another, decided at the time of each call.

A product keeps its price, its sale price and the two moments, so a sale begins and ends by the clock and not by an
import. A sale that begins on a day begins with it; one that ends on a day ends with it. Days are those of the store's
time zone.
"""

from datetime import datetime

from django.db.models import Case, F, Q, When

# The price at a moment in SQL; `{0}` is the table's alias. It takes the moment twice, as the database stores moments.
PRICE_AT = (
    "(CASE WHEN {0}.sale_price < {0}.price AND ({0}.sale_begins IS NULL OR {0}.sale_begins <= %s) "
    "AND ({0}.sale_ends IS NULL OR {0}.sale_ends > %s) THEN {0}.sale_price ELSE {0}.price END)"
)


def on_sale(now: datetime, path: str = "") -> Q:
    """Return the condition under which a product is on sale at that moment.

    Args:
        now: The moment.
        path: The path to the version of the product, with `__` at its end; empty for the model's own.
    """
    begun = Q(**{f"{path}sale_begins": None}) | Q(**{f"{path}sale_begins__lte": now})
    goes_on = Q(**{f"{path}sale_ends": None}) | Q(**{f"{path}sale_ends__gt": now})
    return Q(**{f"{path}sale_price__lt": F(f"{path}price")}) & begun & goes_on


def price_of(now: datetime, path: str = "") -> Case:
    """Return the price at that moment as an expression; the arguments are those of `on_sale`."""
    return Case(When(on_sale(now, path), then=F(f"{path}sale_price")), default=F(f"{path}price"))
