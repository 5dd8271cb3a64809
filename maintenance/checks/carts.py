"""Checks of sessions, carts and warnings. What changes a cart locks its session first, as each call does."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from carts.cart import MAX_LINES, MAX_QUANTITY
from carts.models import Cart, Change, Line, Session, SessionWarning
from carts.services.cleanup import MARGIN
from catalog.search.index import revise
from maintenance.checks.finding import Finding, named


def item_counts() -> Iterator[Finding]:
    """Carts whose number of items is not that of their lines."""
    counted = Cart.objects.annotate(found=Coalesce(Sum("lines__quantity"), 0))
    if wrong := _public_ids(counted.exclude(item_count=F("found"))):

        def mend(cart: Cart) -> None:
            cart.item_count = cart.lines.aggregate(found=Coalesce(Sum("quantity"), 0))["found"]

        yield Finding(
            "item_count",
            _("The number of items is not the sum of the lines in these carts: %(carts)s.") % {"carts": named(wrong)},
            _("Mending counts them anew. No line changes."),
            lambda: _mend_carts(wrong, mend, "item_count"),
        )


def versions() -> Iterator[Finding]:
    """Carts whose version is not that of their newest change."""
    newest = Cart.objects.annotate(newest=Coalesce(Max("changes__version"), 0))
    if wrong := _public_ids(newest.exclude(version=F("newest"))):

        def mend(cart: Cart) -> None:
            cart.version = cart.changes.aggregate(newest=Coalesce(Max("version"), 0))["newest"]

        yield Finding(
            "version",
            _("The version is not that of the newest change in these carts: %(carts)s.") % {"carts": named(wrong)},
            _("Mending takes the version of the newest change. No line changes."),
            lambda: _mend_carts(wrong, mend, "version"),
        )


def gaps() -> Iterator[Finding]:
    """Carts with a change missing between others; old ones at the beginning may have been pruned."""
    kept = Cart.objects.annotate(n=Count("changes"), first=Min("changes__version"), last=Max("changes__version"))
    if wrong := _public_ids(kept.filter(n__gt=0, n__lt=F("last") - F("first") + 1)):

        def mend(cart: Cart) -> None:
            known = list(cart.changes.order_by("-version").values_list("version", flat=True))
            whole = next(above for above, version in pairwise(known) if version != above - 1)
            Change.objects.filter(cart=cart, version__lt=whole).delete()
            cart.history_from = whole - 1

        yield Finding(
            "history_gap",
            _("Changes are missing in the middle of the history of these carts: %(carts)s.") % {"carts": named(wrong)},
            _("Undoing would lead to a wrong cart. Mending deletes what is older than the gap. No line changes."),
            lambda: _mend_carts(wrong, mend, "history_from"),
        )


def stores() -> Iterator[Finding]:
    """Carts that do not have the store and a currency of their lines, or have them without lines."""
    bare = Q(lines=None, ordered_at=None) & (Q(store__isnull=False) | ~Q(currency=""))
    unnamed = Q(lines__isnull=False) & (Q(store=None) | Q(currency=""))
    other = Q(lines__isnull=False) & ~Q(store=F("lines__product__store"))
    if wrong := _public_ids(Cart.objects.filter(bare | unnamed | other)):
        yield Finding(
            "cart_store",
            _("Store or currency are not those of the lines in these carts: %(carts)s.") % {"carts": named(wrong)},
            _("Mending takes them from the lines. Of lines from several stores, remove all but one store's."),
            lambda: _mend_carts(wrong, _take_store, "store", "currency"),
        )


def _take_store(cart: Cart) -> None:
    stores = {line.product.store for line in cart.lines.select_related("product__store")}
    if not stores:
        cart.store, cart.currency = None, ""
    elif len(stores) == 1:
        (store,) = stores
        if cart.store != store or not cart.currency:
            cart.store, cart.currency = store, store.currency


def quantities() -> Iterator[Finding]:
    """Lines with quantities that no cart can have."""
    bad = Line.objects.filter(Q(quantity__lt=1) | Q(quantity__gt=MAX_QUANTITY))
    if wrong := list(bad.order_by("cart__public_id").values_list("cart__public_id", flat=True).distinct()):

        def mend(cart: Cart) -> None:
            cart.lines.filter(quantity__lt=1).delete()
            cart.lines.filter(quantity__gt=MAX_QUANTITY).update(quantity=MAX_QUANTITY)
            cart.item_count = cart.lines.aggregate(found=Coalesce(Sum("quantity"), 0))["found"]

        yield Finding(
            "quantity",
            _("Quantities below 1 or above %(most)d stand in these carts: %(carts)s.")
            % {"most": MAX_QUANTITY, "carts": named(wrong)},
            _("Mending removes lines below 1 and lowers the others to %(most)d.") % {"most": MAX_QUANTITY},
            lambda: _mend_carts(wrong, mend, "item_count"),
        )


def large_carts() -> Iterator[Finding]:
    """Carts with more lines than a cart can hold."""
    if wrong := _public_ids(Cart.objects.annotate(n=Count("lines")).filter(n__gt=MAX_LINES)):
        yield Finding(
            "too_many_lines",
            _("These carts hold more than %(most)d products: %(carts)s.") % {"most": MAX_LINES, "carts": named(wrong)},
            _("They work, and take no new products. If a person made them, nothing need be done."),
        )


def open_carts() -> Iterator[Finding]:
    """Sessions with two open carts."""
    several = Session.objects.annotate(n=Count("carts", filter=Q(carts__ordered_at=None))).filter(n__gt=1)
    if wrong := list(several.order_by("pk").values_list("public_id", flat=True)):
        yield Finding(
            "two_open_carts",
            _("These sessions have two open carts, and may show one or the other: %(sessions)s.")
            % {"sessions": named(wrong)},
            _("Look at them in /admin/ and delete the cart that the shopper does not mean."),
        )


def digests() -> Iterator[Finding]:
    """Conversations that find two sessions."""
    several = Session.objects.exclude(digest=None).values("digest").annotate(n=Count("pk")).filter(n__gt=1)
    doubled = Session.objects.filter(digest__in=several.values("digest")).order_by("digest", "pk")
    if wrong := list(doubled.values_list("public_id", flat=True)):
        yield Finding(
            "duplicate_digest",
            _("These sessions belong to one conversation: %(sessions)s.") % {"sessions": named(wrong)},
            _("Look at them in /admin/ and delete the one that was not used last."),
        )


def future() -> Iterator[Finding]:
    """Sessions that were last seen after now."""
    ahead = Session.objects.filter(last_seen_at__gt=timezone.now() + MARGIN)
    if wrong := list(ahead.order_by("pk").values_list("public_id", flat=True)):
        yield Finding(
            "session_from_future",
            _("These sessions were last seen in the future: %(sessions)s.") % {"sessions": named(wrong)},
            _(
                "The clock of this machine was ahead then, or is behind now: check it. They count as active until that "
                "time. They are not dated back, because with a wrong clock they would soon be deleted."
            ),
        )


def warnings() -> Iterator[Finding]:
    """Warnings that the dashboard cannot explain."""
    unknown = SessionWarning.objects.exclude(kind__in=SessionWarning.Kind.values)
    if wrong := list(unknown.order_by("pk").values_list("kind", flat=True)):
        yield Finding(
            "unknown_warning",
            _("There are warnings of a kind that this version does not know: %(kinds)s.") % {"kinds": named(wrong)},
            _("Another version of the shop wrote them. Mending deletes them."),
            unknown.delete,
        )


def _public_ids(carts: "QuerySet[Cart]") -> list[str]:
    return list(carts.order_by("public_id").values_list("public_id", flat=True).distinct())


def _mend_carts(public_ids: Sequence[str], mend: Callable[[Cart], None], *fields: str) -> None:
    """Mend each cart in a transaction of its own, from what it holds then."""
    for public_id in public_ids:
        with transaction.atomic():
            locked = Session.objects.select_for_update().filter(carts__public_id=public_id)
            if list(locked.values_list("pk")):
                cart = Cart.objects.get(public_id=public_id)
                mend(cart)
                if fields:
                    cart.save(update_fields=fields)
                if cart.store_id is not None:
                    # Servers remember the lines of a version.
                    revise([cart.store_id])


CHECKS = (
    quantities, item_counts, versions, gaps, stores, large_carts, open_carts, digests, future, warnings,
)  # fmt: skip
