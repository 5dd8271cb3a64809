"""Lists of sessions and carts for owners: filtered, the newest first, page by page, with lines and products."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import connection
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, TextField, Value, prefetch_related_objects
from django.db.models.functions import Cast, StrIndex
from django.utils import timezone

from carts.cart import CartState, LineState
from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import CallRecord, Cart, Line, Session, SessionQuerySet
from carts.sold import SoldItem, StoreInfo
from carts.terms import CartTerms
from catalog.models import Product
from catalog.search.rows import exactly
from shopmcp import paging

SessionState = Literal[
    "", "active", "idle", "cart", "empty", "handed_over", "left", "abandoned", "lost", "keyed", "unkeyed"
]
# An abandoned cart counts as lost when its session has been quiet for this long.
LOST_AFTER = timedelta(days=7)
# A page scans at most so many sessions: a filter with hardly any match must not read them all.
SCANNED = 5000
# How often a cart is read again that changed while it was read.
_TRIES = 3

# A public id, or its beginning, or its end without the prefix.
_ID = re.compile(r"([sc]_)?([a-z0-9]{4,16})")
_UNKEYED = Q(source__in=(BY_HANDLE, UNKEYED))


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """The filters of a list of sessions; empty ones do nothing.

    Attributes:
        state: active or idle (by the active window), cart or empty (by the open cart's items), handed_over (with items
            and opened in a browser), left (with items, and taken to the store's own checkout), abandoned (with items
            that were not, quiet for SHOPMCP_ABANDONED_AFTER), lost (the same for LOST_AFTER), keyed or unkeyed.
        source: A `_meta` key, `cart_id` or `default`.
        product: The public id of a product in the open cart.
        client_pattern: A regular expression for the client's name, whatever the case.
        search: A client's name; the public id of a session or a cart, or its beginning, or four of its last letters or
            more; or a product's id, SKU, barcode, address or name.
        since, until: Bounds of the last call.
        keyed: The chat sends a conversation id.
        did: The tool of a call, or several with commas between. One call must fit this and the following.
        outcome: `ok`, or the code of a refusal.
        saw: The public id of a product that the call named.
        missed: The normalised words of a search without results.
    """

    state: SessionState = ""
    client: str = ""
    client_pattern: str = ""
    source: str = ""
    product: str = ""
    search: str = ""
    since: datetime | None = None
    until: datetime | None = None
    keyed: bool = False
    did: str = ""
    outcome: str = ""
    saw: str = ""
    missed: str = ""

    def of(self, rows: SessionQuerySet) -> SessionQuerySet:
        """Return the sessions that fit, without those of isolation checks."""
        rows = self._in_state(rows.real())
        if self.client:
            rows = rows.filter(client=self.client)
        if self.client_pattern:
            rows = rows.filter(client__iregex=self.client_pattern)
        if self.source:
            rows = rows.filter(source=self.source)
        if self.product:
            rows = rows.filter(
                _holding(Product.versions.filter(public_id=self.product).values_list("identity", flat=True))
            )
        if self.search:
            rows = rows.filter(self._searched())
        if self.keyed:
            rows = rows.exclude(_UNKEYED)
        if self.did or self.outcome or self.saw or self.missed:
            rows = rows.filter(Exists(self._calls()))
        if self.since:
            rows = rows.filter(last_seen_at__gte=self.since)
        if self.until:
            rows = rows.filter(last_seen_at__lt=self.until)
        return rows

    def _in_state(self, rows: SessionQuerySet) -> SessionQuerySet:
        now = timezone.now()
        full = Cart.objects.filled().filter(session=OuterRef("pk"))
        holding = Exists(full)
        fits: dict[str, Callable[[], SessionQuerySet]] = {
            "active": rows.active,
            "idle": lambda: rows.quiet_since(now - settings.SHOPMCP_ACTIVE_WINDOW),
            "cart": lambda: rows.filter(holding),
            "empty": lambda: rows.filter(~holding),
            "handed_over": lambda: rows.filter(Exists(full.filter(handed_over_at__isnull=False))),
            "left": lambda: rows.filter(Exists(full.filter(left_at__isnull=False))),
            "abandoned": lambda: rows.filter(Exists(full.filter(left_at=None))).quiet_since(
                now - settings.SHOPMCP_ABANDONED_AFTER
            ),
            "lost": lambda: rows.filter(Exists(full.filter(left_at=None))).quiet_since(now - LOST_AFTER),
            "unkeyed": lambda: rows.filter(_UNKEYED),
            "keyed": lambda: rows.exclude(_UNKEYED),
        }
        return fits[self.state]() if self.state else rows

    def _calls(self) -> QuerySet[CallRecord]:
        calls: QuerySet[CallRecord] = CallRecord.objects.filter(session=OuterRef("pk"))
        if self.did:
            calls = calls.filter(tool__in=self.did.split(","))
        if self.outcome:
            calls = calls.filter(outcome=self.outcome)
        if self.saw:
            calls = _naming(calls, self.saw)
        if self.missed:
            calls = calls.filter(words=self.missed.split(), results=0)
        return calls

    def _searched(self) -> Q:
        text = self.search.strip()
        id = _ID.fullmatch(text.lower())
        if id and id[1]:
            return _with_id(id[1], Q(public_id__startswith=id[0]))
        fits = Q(client__iexact=text)
        if id:
            for prefix in ("s_", "c_"):
                fits |= _with_id(prefix, Q(public_id__startswith=prefix + id[2]) | Q(public_id__endswith=id[2]))
        if exact := exactly(text):
            products: Iterable[int] = Product.objects.filter(public_id__in=exact).values_list("identity", flat=True)
        else:
            begun = Product.objects.name_begins(text).order_by("identity_id")[:50]
            products = [product.identity_id for product in begun]
        return fits | Q(_holding(products))


@dataclass(slots=True)
class SessionPage:
    """A page of sessions, the newest first, with their open carts in `open_carts`.

    `cursor` is that of the next page, empty at the end. `searched_to` is the time of the last session scanned, if the
    page ended because it may scan no more; the cursor continues from there.
    """

    sessions: list[Session] = field(default_factory=list)
    cursor: str = ""
    searched_to: datetime | None = None


def session_page(asked: SessionFilter, *, limit: int = 25, cursor: str = "") -> SessionPage:
    """Return one page of sessions; at most seven queries.

    Raises:
        InvalidArguments: If the cursor is not of this list.
    """
    rows = paging.after("sessions", Session.objects.real(), cursor, by="last_seen_at")
    # Find the end of the scan by times alone, because an index answers that.
    in_time = SessionFilter(
        asked.state if asked.state in ("active", "idle") else "", since=asked.since, until=asked.until
    )
    ordered = in_time.of(rows).order_by("-last_seen_at", "-id")
    ends = list(ordered.values_list("last_seen_at", "id")[SCANNED : SCANNED + 1])
    found = asked.of(rows)
    if ends:
        found = found.filter(_not_before(*ends[0]))
    page, following = paging.page("sessions", found, limit, by="last_seen_at")
    sessions = _with_carts(page)
    if ends and not following:
        return SessionPage(sessions, paging.seal("sessions", *ends[0]), ends[0][0])
    return SessionPage(sessions, following)


def cart_page(*, limit: int = 25, cursor: str = "") -> tuple[list[Cart], str]:
    """Return one page of carts, ordered ones too, newest first, and the cursor of the next; four queries at most.

    Raises:
        InvalidArguments: If the cursor is not of this list.
    """
    carts, following = paging.page("carts", _with_lines(Cart.objects.filter(session__is_check=False)), limit, cursor)
    return _whole(carts), following


def cart_of_id(public_id: str) -> Cart | None:
    """Return the cart with that public id, or None; four queries at most."""
    return next(iter(_whole(_with_lines(Cart.objects.filter(session__is_check=False, public_id=public_id)))), None)


def newest_cart(session: Session) -> Cart | None:
    """Return the session's newest cart, ordered or not; three queries at most."""
    return next(iter(_whole(_with_lines(Cart.objects.filter(session=session)).order_by("-id")[:1])), None)


def session_of_id(public_id: str) -> Session | None:
    """Return the session with that public id and its open cart, or None; four queries at most."""
    return next(iter(_with_carts(list(Session.objects.real().filter(public_id=public_id)))), None)


def state_of(cart: Cart, session: Session) -> CartState:
    """Return a listed cart as a `CartState`, for its notices and schema."""
    state = CartState(session.pk, session.public_id, cart.pk, cart.public_id, cart.version, cart.currency)
    state.expiry_untold, state.news = session.expiry_untold, session.news
    if (store := cart.store) is not None:
        merchant = getattr(store, "merchant", None)
        revision = merchant.revision if merchant else None
        state.store = StoreInfo(
            store.pk, store.slug, store.name, store.currency, store.language, revision, store.paused
        )
        if cart.coupon is not None:
            cart.coupon.store = store
    state.terms = CartTerms(cart.coupon, cart.budget)
    for line in cart.lines.all():
        item = SoldItem.of(line.shown)
        state.lines[item.id] = LineState(
            item.counted_in(cart.currency),
            line.quantity,
            line.price_when_added,
            line.price_told,
            line.stock_told,
            line.withdrawal_told,
            line.pk,
        )
    return state


def sessions_in_turn(asked: SessionFilter, *, most: int) -> Iterable[Session]:
    """Yield up to `most` sessions that fit, the newest first, read page by page."""
    cursor, given = "", 0
    while given < most:
        page = session_page(asked, limit=min(500, most - given), cursor=cursor)
        yield from page.sessions
        given += len(page.sessions)
        if not (cursor := page.cursor):
            return


def _with_id(prefix: str, fits: Q) -> Q:
    """The sessions of which the id of that prefix fits: their own, or that of one of their carts."""
    return fits if prefix == "s_" else Q(Exists(Cart.objects.filter(fits, session=OuterRef("pk"))))


def _naming(calls: QuerySet[CallRecord], product: str) -> QuerySet[CallRecord]:
    if connection.features.supports_json_field_contains:
        return calls.filter(products__contains=[product])
    # SQLite stores JSON as text.
    return calls.alias(place=StrIndex(Cast("products", TextField()), Value(json.dumps(product)))).filter(place__gt=0)


def _holding(products: Iterable[int]) -> Exists:
    """Whether the session's open cart holds one of these products."""
    return Exists(Line.objects.filter(cart__session=OuterRef("pk"), cart__ordered_at=None, product__in=list(products)))


def _with_carts(sessions: list[Session]) -> list[Session]:
    carts = Cart.objects.open().select_related("store__merchant", "coupon").prefetch_related(_lines())
    prefetch_related_objects(sessions, Prefetch("carts", carts, "open_carts"))
    for session in sessions:
        session.open_carts = _whole(session.open_carts)  # type: ignore[attr-defined]  # the prefetch's to_attr
    return sessions


def _whole(carts: Iterable[Cart]) -> list[Cart]:
    """Read the carts again that changed between the query of carts and the query of lines."""
    return [cart if _is_whole(cart) else _again(cart) for cart in carts]


def _is_whole(cart: Cart) -> bool:
    lines = cart.lines.all()
    if not lines:
        return not cart.item_count
    return all(line.version == cart.version for line in lines)  # type: ignore[attr-defined]  # annotated by `_lines`


def _again(cart: Cart) -> Cart:
    for _ in range(_TRIES):
        cart = _with_lines(Cart.objects.filter(pk=cart.pk)).first() or cart
        if _is_whole(cart):
            break
    return cart


def _with_lines(rows: QuerySet[Cart]) -> QuerySet[Cart]:
    return rows.select_related("session", "store__merchant", "coupon").prefetch_related(_lines())


def _lines() -> "Prefetch[str, QuerySet[Line], str]":
    return Prefetch("lines", Line.objects.in_order().with_version().annotate(version=F("cart__version")))


def _not_before(moment: datetime, pk: int) -> Q:
    return Q(last_seen_at__gte=moment) & (Q(last_seen_at__gt=moment) | Q(id__gte=pk))
