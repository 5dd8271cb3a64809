"""What tells chats of one client apart: what was searched for first, and what is in the cart."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from carts.models import CallRecord, Cart, Line, Session
from catalog.models import Product


@dataclass(frozen=True, slots=True)
class Marks:
    """What a chat is told apart by.

    Attributes:
        searched: The first words that were searched for; empty if none were, or if they are not to be seen.
        product: The name of the newest product in its open cart; empty for an empty cart.
        items: The number of pieces in its open cart.
    """

    searched: str = ""
    product: str = ""
    items: int = 0


def marks_of(sessions: Sequence[Session], *, searches_of: Sequence[Session]) -> dict[int, Marks]:
    """Return the marks of these sessions by their keys; three queries.

    Args:
        sessions: The sessions.
        searches_of: Those of which the searches may be seen too. Whoever only keeps a chat sees its cart and orders.
    """
    newest = Line.objects.filter(cart=OuterRef("pk")).order_by("-id").values("product")[:1]
    carts = Cart.objects.filled().filter(session__in=sessions).order_by()
    held = {pk: (items, product) for pk, items, product in carts.values_list("session", "item_count", Subquery(newest))}
    shown = Product.versions.shown(product for _items, product in held.values() if product is not None)
    calls = CallRecord.objects.filter(session=OuterRef("pk"), results__isnull=False).exclude(words=[]).order_by("id")
    rows = Session.objects.filter(pk__in=[session.pk for session in searches_of]).order_by()
    searched = dict(rows.values_list("pk", Subquery(calls.values("words")[:1])))
    found = {}
    for session in sessions:
        items, product = held.get(session.pk, (0, None))
        words = " ".join(searched.get(session.pk) or ())
        found[session.pk] = Marks(words, shown[product].name if product in shown else "", items)
    return found
