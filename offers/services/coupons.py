"""Changes of coupons, and their uses."""

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from catalog.language.text import clean
from catalog.models import ProductIdentity, Store
from offers.buyers import Buyer
from offers.models import Coupon, CouponUse
from offers.models.coupons import code_key
from offers.services.saving import clean_row, revise
from shopmcp.errors import CouponRefused, InvalidArguments, Kept, NotFound, TooMany
from shopmcp.throttle import Buckets, NetworkBuckets, Rate

# Codes that somebody tries to apply, by whoever tries: right ones count too, else a right one would show itself.
tries: Final = Buckets("coupon-tries", lambda: Rate(10 / 3600, 10))
# Codes that do not exist, by network: whoever begins a cart for each ten tries. Many chats share a network.
wrong_tries: Final = NetworkBuckets("coupon-wrong-tries", lambda: Rate(200 / 3600, 200))


def save_coupon(coupon: Coupon) -> Coupon:
    """Save a new or changed coupon. Its products may be given by SKU too.

    Raises:
        InvalidArguments: If values are missing or contradict each other, or there is no such product.
        NotFound: If it was deleted meanwhile.
    """
    with transaction.atomic():
        # Two with one code wait for each other. An order points at its store, and must not wait for that.
        Store.objects.select_for_update(no_key=True).get(pk=coupon.store_id)
        if coupon.pk is not None:
            # Locked, so that no order counts a use between the check and the end.
            current = Coupon.objects.select_for_update().filter(pk=coupon.pk).values_list("used", flat=True).first()
            if current is None:
                raise NotFound(
                    gettext("This coupon was deleted meanwhile."), fix=gettext("Make a new one if it is still wanted.")
                )
            coupon.used = current
        coupon.categories = "\n".join(_entries(coupon.categories))
        coupon.products = "\n".join(_product_ids(coupon))
        clean_row(coupon)
        coupon.code_key = code_key(coupon.code)
        coupon.save()
        revise(coupon.store_id)
    return coupon


def delete_coupon(coupon: Coupon) -> None:
    """Delete a coupon that no order used.

    Raises:
        Kept: If one did; it can be taken out of force.
    """
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=coupon.store_id)
        if CouponUse.objects.filter(coupon=coupon).exists():
            raise Kept(
                gettext("Orders used the coupon %(code)s, so it is kept.") % {"code": coupon.code},
                fix=gettext("Take it out of force instead."),
            )
        coupon.delete()
        revise(coupon.store_id)


def find_coupon(store_id: int, code: str, *, by: str, network: str = "") -> Coupon:
    """Return the coupon of this code, if it works now, with its store loaded. Each try counts.

    Args:
        store_id: The store whose goods it shall cover.
        code: As somebody typed it.
        by: Who tries it: a session.
        network: Where the try comes from; empty if that is not known.

    Raises:
        TooMany: If too many codes were tried.
        CouponRefused: If there is no such coupon, or it has not begun, has ended, or is used up.
    """
    # A network that guesses is refused right codes too, else a right one would show itself.
    burst = wrong_tries.rate.burst
    is_guessing = bool(network) and wrong_tries.used(network) * burst > burst - 1
    if wait := tries.take(by) or 60 * is_guessing:
        raise TooMany(
            wait,
            gettext("Too many coupon codes were tried here."),
            ngettext(
                "Try again in %(minutes)d minute, or buy without a coupon.",
                "Try again in %(minutes)d minutes, or buy without a coupon.",
                -(-wait // 60),
            )
            % {"minutes": -(-wait // 60)},
        )
    coupon = Coupon.objects.select_related("store").of_store(store_id).with_code(code).first()
    if coupon is None or not coupon.active:
        if network:
            wrong_tries.take(network)
        raise CouponRefused(
            gettext("There is no coupon “%(code)s”.") % {"code": clean(code, 40)},
            fix=gettext("Check how the code is written; nothing was changed."),
        )
    demand_valid(coupon)
    return coupon


def demand_valid(coupon: Coupon) -> None:
    """Refuse a coupon that does not work at this moment.

    Raises:
        CouponRefused: If it is not in force, has not begun, has ended, or is used up.
    """
    now, named = timezone.now(), {"code": coupon.code}
    if not coupon.begun_at(now):
        message = gettext("The coupon %(code)s has not begun yet.") % named
    elif not coupon.active or coupon.ended_at(now):
        message = gettext("The coupon %(code)s has ended.") % named
    elif coupon.uses_left == 0:
        message = gettext("The coupon %(code)s is used up.") % named
    else:
        return
    raise CouponRefused(message, fix=gettext("Use another one, or buy without a coupon."))


def take_use(coupon: Coupon, buyer: Buyer) -> CouponUse:
    """Take one use of a coupon for an order, within the order's transaction.

    The coupon's row stays locked until that transaction ends, so that uses are counted one after the other.

    Raises:
        CouponRefused: If it does not work any more, is used up, or this buyer has used it as often as a buyer may; then
            nothing was changed.
    """
    now = timezone.now()
    with transaction.atomic():
        taken = Coupon.objects.filter(pk=coupon.pk).valid_at(now).update(used=F("used") + 1)
        fresh = Coupon.objects.get(pk=coupon.pk)
        if not taken:
            demand_valid(fresh)
            raise CouponRefused(  # its last use was given back between the two statements
                gettext("The coupon %(code)s is used up.") % {"code": fresh.code}, fix=gettext("Try again.")
            )
        if fresh.uses_each is not None:
            if not buyer.email_key and not buyer.phone_key and buyer.person is None:
                raise InvalidArguments(
                    gettext("The coupon %(code)s needs an e-mail address or a phone number.") % {"code": fresh.code},
                    fix=gettext("Give one of them, or take the coupon off."),
                )
            if CouponUse.objects.filter(coupon=fresh).counting().of_buyer(buyer).count() >= fresh.uses_each:
                raise CouponRefused(
                    gettext("You have used the coupon %(code)s already.") % {"code": fresh.code},
                    fix=gettext("Take it off, or use another one."),
                )
        return CouponUse.objects.create(
            coupon=fresh,
            email_key=buyer.email_key,
            phone_key=buyer.phone_key,
            person_id=buyer.person,
            taken_at=now,
        )


def give_back(use: CouponUse) -> bool:
    """Give a use back, because its order was cancelled; return whether it had not been given back before."""
    with transaction.atomic():
        back = CouponUse.objects.filter(pk=use.pk).counting().update(given_back_at=timezone.now())
        if back:
            Coupon.objects.filter(pk=use.coupon_id, used__gt=0).update(used=F("used") - 1)
    return bool(back)


def _entries(text: str) -> list[str]:
    """The lines of a list, without blank ones and repeats."""
    return list(dict.fromkeys(entry for line in text.splitlines() if (entry := clean(line, 200))))


def strange_products(text: str, store_id: int) -> list[str]:
    """Return what a list names that is no product of the store, nor was one when a coupon named it."""
    given = _entries(text)
    named = _named_products(given, store_id)
    return [entry for entry in given if entry not in named] if given else []


def no_such_products(names: Sequence[str]) -> str:
    """Return the sentence that names them."""
    return gettext("The store has no product %(names)s.") % {"names": ", ".join(names[:10])}


def _product_ids(coupon: Coupon) -> list[str]:
    given = _entries(coupon.products)
    if not given:
        return []
    named = _named_products(given, coupon.store_id)
    if strange := [entry for entry in given if entry not in named]:
        raise InvalidArguments(no_such_products(strange), fix=gettext("Give product ids or SKUs, one a line."))
    return list(dict.fromkeys(named[entry] for entry in given))


def _named_products(given: Sequence[str], store_id: int) -> dict[str, str]:
    """The product ids by what names them: themselves and their SKUs, also of products that are no longer sold."""
    skus = [entry.partition(":")[2] or entry for entry in given]
    slug = Store.objects.values_list("slug", flat=True).get(pk=store_id)
    rows = ProductIdentity.objects.filter(Q(sku__in=given) | Q(sku__in=skus), store=store_id)
    return {name: f"{slug}:{sku}" for sku in rows.values_list("sku", flat=True) for name in (sku, f"{slug}:{sku}")}
