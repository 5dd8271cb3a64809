"""The calls of a session, and the contents of its cart at each version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import get_language

from carts.models import CallRecord, Cart, Change, ChangeQuerySet, Line, Session
from carts.sources import ACCOUNT, ELSEWHERE
from catalog.models import Product
from shopmcp import paging
from shopmcp.money import money

_MOST_ON_PAGES = 200


@dataclass(frozen=True, slots=True)
class Difference:
    """The quantity of a product before and after a change; 0 if it was not in the cart."""

    product_id: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class TermDifference:
    """The coupon's code, or the budget as people write it, before and after a change; empty for none."""

    term: Literal["coupon", "budget"]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Step:
    """A call with what it changed; `chat` is the public id of the chat that called, where that is another session."""

    call: CallRecord
    differences: tuple[Difference, ...] = ()
    terms: tuple[TermDifference, ...] = ()
    chat: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of steps, the newest first; `cursor` is that of the next page, empty at the end."""

    steps: list[Step]
    cursor: str


@dataclass(frozen=True, slots=True)
class PastLine:
    """A line at an earlier version; `price` is the unit price when it was added."""

    product_id: str
    name: str
    quantity: int
    price: Decimal
    image: str = ""

    @property
    def total(self) -> Decimal:
        return self.price * self.quantity


def timeline(session: Session, *, cursor: str = "", limit: int = 50) -> Timeline:
    """Return the session's calls and the changes on its pages, the newest first; three queries.

    Of a session that holds the one cart of an account these are also the changes of all chats; one query more.

    Raises:
        InvalidArguments: If the cursor is not of this list.
    """
    page, following = paging.page("calls", CallRecord.objects.filter(session=session), limit, cursor)
    versions = {call.version for call in page if call.version is not None}
    changes: dict[int, list[Change]] = {}
    for change in _changes_by(session).filter(version__in=versions).select_related("cart") if versions else ():
        changes.setdefault(change.version, []).append(change)
    steps = [_step(call, changes.get(call.version or 0, ())) for call in page]
    steps += _on_pages(session, after=page[-1].at if following else None, before=page[0].at if cursor else None)
    return Timeline(sorted(steps, key=lambda step: step.call.at, reverse=True), following)


@dataclass(frozen=True, slots=True)
class Latest:
    """What a conversation did last.

    Attributes:
        call: The newest call.
        product: The name of the first product that the call named; empty for none.
        search: The newest call that searched for words, or None.
    """

    call: CallRecord
    product: str
    search: CallRecord | None


def latest_of(sessions: Sequence[Session]) -> dict[int, Latest]:
    """Return what each of the sessions did last, by its key; three queries."""
    if not sessions:
        return {}
    calls = CallRecord.objects.filter(session=OuterRef("pk")).order_by("-id").values("pk")
    newest = Session.objects.filter(pk__in=[session.pk for session in sessions]).values_list(
        "pk", Subquery(calls[:1]), Subquery(calls.filter(results__isnull=False)[:1])
    )
    places = {pk: (call, search) for pk, call, search in newest if call is not None}
    found = CallRecord.objects.in_bulk([pk for pair in places.values() for pk in pair if pk is not None])
    wanted = {call.products[0] for call in found.values() if call.products}
    names = dict(Product.objects.filter(public_id__in=wanted).values_list("public_id", "name")) if wanted else {}
    return {
        pk: Latest(
            found[call],
            next((names.get(product, product) for product in found[call].products), ""),
            found.get(search or 0),
        )
        for pk, (call, search) in places.items()
        if call in found
    }


def _step(call: CallRecord, changes: Sequence[Change]) -> Step:
    # Several carts of a session may have a change of this number; that of the call was made at its time.
    change = min(changes, key=lambda change: abs(change.created_at - call.at), default=None)
    return Step(call) if change is None else Step(call, _differences(change.delta), _terms(change))


def _changes_by(session: Session) -> ChangeQuerySet:
    """The changes that calls of the session can have made: of its own carts, and of the one cart of its account."""
    own = Q(cart__session=session)
    if session.person_id is not None:
        own |= Q(cart__session__source=ACCOUNT, cart__session__person=session.person_id, chat=session.pk)
    return Change.objects.filter(own)


def _on_pages(session: Session, *, after: datetime | None, before: datetime | None) -> list[Step]:
    """The changes between two moments that no call of it made, as steps of their own; the newest, if there are many."""
    others = Q(tool=ELSEWHERE)
    if session.holds_one_cart:
        others |= Q(chat__isnull=False) & ~Q(chat=session.pk)
    rows = Change.objects.filter(others, cart__session=session)
    rows = rows if after is None else rows.filter(created_at__gt=after)
    rows = rows if before is None else rows.filter(created_at__lte=before)
    found = list(rows.select_related("cart").order_by("-id")[:_MOST_ON_PAGES])
    chats: dict[int | None, str] = {}
    if keys := {change.chat for change in found if change.chat is not None}:
        chats |= dict(Session.objects.filter(pk__in=keys).values_list("pk", "public_id"))
    return [
        Step(
            # Its key is no call's: those are above 0.
            CallRecord(
                pk=-change.pk,
                at=change.created_at,
                tool=change.tool,
                outcome="ok",
                milliseconds=0.0,
                version=change.version,
            ),
            _differences(change.delta),
            _terms(change),
            chats.get(change.chat, ""),
        )
        for change in found
    ]


def cart_at(cart: Cart, version: int) -> list[PastLine] | None:
    """Return the lines of the cart at that version, in the order of adding; two queries.

    None if there was no such version, or it is before the kept history.
    """
    if not cart.oldest_version <= version <= cart.version:
        return None
    held = [(line, line.shown) for line in Line.objects.filter(cart=cart).in_order().with_version()]
    lines = {
        line.product_id: PastLine(
            product.public_id, product.name, line.quantity, line.price_when_added, product.image_url
        )
        for line, product in held
    }
    newer = Change.objects.filter(cart=cart).after(version).reverse().values_list("delta", flat=True)
    for delta in newer:
        for moved in reversed(delta):
            product = moved["product"]
            if moved["before"]:
                image = lines[product].image if product in lines else ""
                lines[product] = PastLine(
                    moved["product_id"], moved["name"], moved["before"], Decimal(moved["price"]), image
                )
            else:
                lines.pop(product, None)
    return list(lines.values())


def versions_around(cart: Cart, version: int) -> tuple[int | None, int | None]:
    """Return the versions before and after one; None where there is none to show."""
    return (version - 1 if version > cart.oldest_version else None), (version + 1 if version < cart.version else None)


def _terms(change: Change) -> tuple[TermDifference, ...]:
    """What of coupon and budget a change moved, as `CartTerms.delta` stores it."""
    stored: dict[str, list[str | None]] = change.terms or {}
    found = list[TermDifference]()
    if "codes" in stored:
        before, after = (code or "" for code in stored["codes"])
        found.append(TermDifference("coupon", before, after))
    if "budget" in stored:
        before, after = (_amount(sum, change.cart.currency) for sum in stored["budget"])
        found.append(TermDifference("budget", before, after))
    return tuple(found)


def _amount(amount: str | None, currency: str) -> str:
    if amount is None:
        return ""
    # An emptied cart has no currency.
    return money(Decimal(amount), currency, get_language() or "en").formatted if currency else amount


def _differences(delta: Sequence[dict[str, object]]) -> tuple[Difference, ...]:
    return tuple(
        Difference(str(moved["product_id"]), str(moved["name"]), int(str(moved["before"])), int(str(moved["after"])))
        for moved in delta
    )
