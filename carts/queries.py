"""The queries that run in nearly every call, prepared."""

from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import FilteredRelation, OuterRef, Subquery
from django.db.models.functions import Greatest

from carts.models import AnsweredRequest, CallRecord, Cart, Change, Line, Session, Tombstone
from carts.models.carts import SessionQuerySet
from catalog.models import Product, Store
from catalog.models.imports import visible
from catalog.models.products import stock_of
from catalog.models.sales import price_of
from catalog.models.search_index import Revision
from shopmcp.db.prepared import Delete, Insert, Param, Select, Update


class SessionRow(NamedTuple):
    """A session with its open cart; without one, everything from `cart_id` on is None."""

    id: int
    public_id: str
    digest: str | None
    subject: str
    source: str
    is_check: bool
    expiry_untold: bool
    news: str
    language: str
    unanswered: str | None
    person_id: int | None
    sees_person: bool
    cart_id: int | None
    cart_public_id: str | None
    version: int | None
    history_bytes: int | None
    currency: str | None
    store_id: int | None
    store_slug: str | None
    store_name: str | None
    store_currency: str | None
    store_language: str | None
    store_revision: str | None
    store_paused: str | None
    coupon_id: int | None
    budget: Decimal | None
    catalogue: int | None  # the token of its store's catalogue


class UntoldRow(NamedTuple):
    """What a session's chat was not told, and whose the session is."""

    id: int
    subject: str
    digest: str | None
    news: str
    unanswered: str | None


_SESSION = (
    "id",
    "public_id",
    "digest",
    "subject",
    "source",
    "is_check",
    "expiry_untold",
    "news",
    "language",
    "unanswered",
    "person",
    "sees_person",
    "open_cart__id",
    "open_cart__public_id",
    "open_cart__version",
    "open_cart__history_bytes",
    "open_cart__currency",
    "open_cart__store__id",
    "open_cart__store__slug",
    "open_cart__store__name",
    "open_cart__store__currency",
    "open_cart__store__language",
    "open_cart__store__merchant__revision",
    "open_cart__store__paused",
    "open_cart__coupon",
    "open_cart__budget",
    "catalogue",
)
# The fields of `StoreInfo`.
STORE_FIELDS = ("id", "slug", "name", "currency", "language", "merchant__revision", "paused")
PRODUCT_FIELDS = (
    "identity_id",
    "public_id",
    "store_id",
    "name",
    "price",
    "currency",
    "image",
    "url",
    "stock",
    "available",
    "withdrawn_at",
    "sale_price",
)
# Fields of `SoldItem` that are an expression of their own.
_COMPUTED = {"price": "price_now", "stock": "stock"}
_LINE = ("id", "quantity", "price_when_added", "price_told", "stock_told", "withdrawal_told")
LINE_WIDTH = len(_LINE)

# The moment of a call; it decides which sales are on.
_NOW: Any = Param("now", Session, "last_seen_at")


def _sessions() -> SessionQuerySet:
    token = Revision.objects.filter(store=OuterRef("open_cart__store")).values("token")
    return Session.objects.with_open_cart().annotate(catalogue=Subquery(token))


session_by_digest = Select(lambda: _sessions().filter(digest=Param("digest", Session, "digest")).values_list(*_SESSION))
session_by_public_id = Select(
    lambda: _sessions().filter(public_id=Param("public_id", Session, "public_id")).values_list(*_SESSION)
)
# The update locks the row on every database: other writers of this session wait here.
touch_digest = Update(
    lambda: Session.objects.filter(digest=Param("digest", Session, "digest")),
    last_seen_at=_NOW,
)
touch_public_id = Update(
    lambda: Session.objects.filter(public_id=Param("public_id", Session, "public_id")),
    last_seen_at=_NOW,
)
# The session that holds the one cart of a person.
_ONE_CART: Any = Param("person", Session, "one_cart_of")
home_of_person = Select(lambda: _sessions().filter(one_cart_of=_ONE_CART).values_list(*_SESSION))
touch_home = Update(lambda: Session.objects.filter(one_cart_of=_ONE_CART), last_seen_at=_NOW)
language_by_digest = Select(
    lambda: Session.objects.filter(digest=Param("digest", Session, "digest")).values_list("language")
)
language_by_public_id = Select(
    lambda: Session.objects.filter(public_id=Param("public_id", Session, "public_id")).values_list("language")
)
untold_by_digest = Select(
    lambda: Session.objects.filter(digest=Param("digest", Session, "digest")).values_list(*UntoldRow._fields)
)
untold_by_public_id = Select(
    lambda: Session.objects.filter(public_id=Param("public_id", Session, "public_id")).values_list(*UntoldRow._fields)
)
# Only the first search settles it.
settle_language = Update(
    lambda: Session.objects.filter(id=Param("id", Session, "id"), language=""),
    language=Param("language", Session, "language"),
)
settle_language_by_public_id = Update(
    lambda: Session.objects.filter(public_id=Param("public_id", Session, "public_id"), language=""),
    language=Param("language", Session, "language"),
)
# The sessions of a batch of calls; an unused place is null. An `IN` of another length would be compiled anew.
MOST_SEEN = 200
PLACES_SEEN = tuple(f"id_{number}" for number in range(MOST_SEEN))
_SEEN: Any = [Param(place, Session, "id") for place in PLACES_SEEN]
lock_sessions = Select(
    lambda: Session.objects.select_for_update().filter(id__in=_SEEN).in_locking_order().values_list("id", "created_at")
)
see_sessions = Update(lambda: Session.objects.filter(id__in=_SEEN), last_seen_at=Greatest("last_seen_at", _NOW))
insert_session = Insert(
    Session,
    (
        "public_id",
        "digest",
        "source",
        "subject",
        "client",
        "is_check",
        "expiry_untold",
        "created_at",
        "last_seen_at",
    ),
    ignore_conflicts=True,
)

# One statement, so that version and lines fit together; an empty cart is one row without a line.
lines_and_version = Select(
    lambda: (
        Cart.objects.filter(id=Param("cart_id", Cart, "id"))
        .annotate(
            sold=FilteredRelation("lines__product__versions", condition=visible("lines__product__versions__")),
            stock=stock_of("sold__", "lines__product__"),
            price_now=price_of(_NOW, "sold__"),
        )
        .order_by("lines__id")
        .values_list(
            *(f"lines__{field}" for field in _LINE),
            *(_COMPUTED.get(field, f"sold__{field}") for field in PRODUCT_FIELDS),
            "lines__product",
            "version",
        )
    )
)
insert_line = Insert(
    Line,
    ("cart", "product", "quantity", "price_when_added", "price_told", "stock_told", "withdrawal_told"),
)
update_line = Update(
    lambda: Line.objects.filter(id=Param("id", Line, "id")),
    quantity=Param("quantity", Line, "quantity"),
    price_when_added=Param("price_when_added", Line, "price_when_added"),
    price_told=Param("price_told", Line, "price_told"),
    stock_told=Param("stock_told", Line, "stock_told"),
    withdrawal_told=Param("withdrawal_told", Line, "withdrawal_told"),
)
delete_line = Delete(lambda: Line.objects.filter(id=Param("id", Line, "id")))

insert_cart = Insert(
    Cart,
    (
        "public_id",
        "session",
        "store",
        "currency",
        "version",
        "item_count",
        "history_from",
        "history_bytes",
        "coupon",
        "budget",
        "ordered_at",
        "created_at",
        "updated_at",
    ),
)
update_cart = Update(
    lambda: Cart.objects.filter(id=Param("id", Cart, "id")),
    store=Param("store_id", Cart, "store"),
    currency=Param("currency", Cart, "currency"),
    version=Param("version", Cart, "version"),
    item_count=Param("item_count", Cart, "item_count"),
    history_bytes=Param("history_bytes", Cart, "history_bytes"),
    coupon=Param("coupon_id", Cart, "coupon"),
    budget=Param("budget", Cart, "budget"),
    # Whoever changes it has come back.
    left_at=Param("left_at", Cart, "left_at"),
    updated_at=Param("now", Cart, "updated_at"),
)
insert_change = Insert(
    Change,
    (
        "cart",
        "version",
        "tool",
        "delta",
        "terms",
        "undo_to",
        "chat",
        "created_at",
    ),
    returning=False,
)
delete_changes = Delete(
    lambda: Change.objects.filter(
        cart_id=Param("cart_id", Cart, "id"),
        version__gte=Param("first", Change, "version"),
        version__lt=Param("end", Change, "version"),
    )
)

product_by_public_id = Select(
    lambda: (
        Product.objects.filter(public_id=Param("public_id", Product, "public_id"))
        .with_price_at(_NOW)
        .order_by()
        .values_list(
            *(_COMPUTED.get(field, field) for field in PRODUCT_FIELDS), *(f"store__{field}" for field in STORE_FIELDS)
        )
    )
)
PRODUCT_WIDTH = len(PRODUCT_FIELDS)
# The store that sets the language if no cart has one.
first_store = Select(lambda: Store.objects.oldest_first().values_list(*STORE_FIELDS)[:1])

insert_call = Insert(
    CallRecord,
    (
        "session",
        "at",
        "tool",
        "outcome",
        "milliseconds",
        "client",
        "meta_keys",
        "source",
        "warning",
        "warnings",
        "with_handle",
        "words",
        "results",
        "products",
        "version",
        "origin",
        "said",
    ),
    returning=False,
)

tombstone = Select(
    lambda: Tombstone.objects.filter(digest=Param("digest", Tombstone, "digest")).values_list("public_id")[:1]
)
delete_tombstone = Delete(lambda: Tombstone.objects.filter(digest=Param("digest", Tombstone, "digest")))
rename_session = Update(
    lambda: Session.objects.filter(id=Param("id", Session, "id")),
    digest=Param("digest", Session, "digest"),
    subject=Param("subject", Session, "subject"),
)
expiry_told = Update(lambda: Session.objects.filter(id=Param("id", Session, "id")), expiry_untold=False)
write_news = Update(lambda: Session.objects.filter(id=Param("id", Session, "id")), news=Param("news", Session, "news"))
keep_unanswered = Update(
    lambda: Session.objects.filter(id=Param("id", Session, "id")), unanswered=Param("unanswered", Session, "unanswered")
)

answer_of_request = Select(
    lambda: AnsweredRequest.objects.filter(
        session_id=Param("session_id", Session, "id"), request_id=Param("request_id", AnsweredRequest, "request_id")
    ).values_list("fingerprint", "cart_key", "version", "told", "created_at")
)
forget_answer = Delete(
    lambda: AnsweredRequest.objects.filter(
        session_id=Param("session_id", Session, "id"), request_id=Param("request_id", AnsweredRequest, "request_id")
    )
)
# The session's newest answer that ends at most so many bytes on.
last_answer = Select(
    lambda: (
        AnsweredRequest.objects.filter(
            session_id=Param("session_id", Session, "id"), filled__lte=Param("filled", AnsweredRequest, "filled")
        )
        .order_by("-filled")
        .values_list("filled", "created_at")[:1]
    )
)
insert_answer = Insert(
    AnsweredRequest,
    ("session", "request_id", "fingerprint", "cart_key", "version", "told", "filled", "created_at"),
    returning=False,
)
