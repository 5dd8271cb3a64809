"""The queries that run in nearly every call, prepared."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import FilteredRelation

from carts.models import AnsweredRequest, CallRecord, Cart, Change, Line, Session, Tombstone
from catalog.models import Product, Store
from catalog.models.imports import visible
from catalog.models.products import stock_of
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
    last_seen_at: datetime
    cart_id: int | None
    cart_public_id: str | None
    version: int | None
    currency: str | None
    store_id: int | None
    store_slug: str | None
    store_name: str | None
    store_currency: str | None
    store_language: str | None


_SESSION = (
    "id",
    "public_id",
    "digest",
    "subject",
    "source",
    "is_check",
    "expiry_untold",
    "last_seen_at",
    "open_cart__id",
    "open_cart__public_id",
    "open_cart__version",
    "open_cart__currency",
    "open_cart__store__id",
    "open_cart__store__slug",
    "open_cart__store__name",
    "open_cart__store__currency",
    "open_cart__store__language",
)
_STORE = ("id", "slug", "name", "currency", "language")
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
)
_LINE = ("id", "quantity", "price_when_added", "price_told", "stock_told", "withdrawal_told")
LINE_WIDTH = len(_LINE)

session_by_digest = Select(
    lambda: Session.objects.with_open_cart().filter(digest=Param("digest", Session, "digest")).values_list(*_SESSION)
)
session_by_public_id = Select(
    lambda: (
        Session.objects.with_open_cart()
        .filter(public_id=Param("public_id", Session, "public_id"))
        .values_list(*_SESSION)
    )
)
# The update locks the row on every database: other writers of this session wait here.
touch_digest = Update(
    lambda: Session.objects.filter(digest=Param("digest", Session, "digest")),
    last_seen_at=Param("now", Session, "last_seen_at"),
)
touch_public_id = Update(
    lambda: Session.objects.filter(public_id=Param("public_id", Session, "public_id")),
    last_seen_at=Param("now", Session, "last_seen_at"),
)
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
        )
        .order_by("lines__id")
        .values_list(
            *(f"lines__{field}" for field in _LINE),
            *(field if field == "stock" else f"sold__{field}" for field in PRODUCT_FIELDS),
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
    ("public_id", "session", "store", "currency", "version", "item_count", "ordered_at", "created_at", "updated_at"),
)
update_cart = Update(
    lambda: Cart.objects.filter(id=Param("id", Cart, "id")),
    store=Param("store_id", Cart, "store"),
    currency=Param("currency", Cart, "currency"),
    version=Param("version", Cart, "version"),
    item_count=Param("item_count", Cart, "item_count"),
    updated_at=Param("now", Cart, "updated_at"),
)
insert_change = Insert(
    Change,
    (
        "cart",
        "version",
        "tool",
        "delta",
        "undo_to",
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
        .order_by()
        .values_list(*PRODUCT_FIELDS, *(f"store__{field}" for field in _STORE))
    )
)
PRODUCT_WIDTH = len(PRODUCT_FIELDS)
# The store that sets the language if no cart has one.
first_store = Select(lambda: Store.objects.oldest_first().values_list(*_STORE)[:1])

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
