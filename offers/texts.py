"""What stores offer, in words for shoppers and models."""

from collections.abc import Mapping, Sequence

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalog.models import Store
from offers.models import Coupon, DeliveryOption, FreeDelivery, Merchant

_NAMED = 20  # codes and cities that a line names at most


def delivery_line(option: DeliveryOption) -> str:
    """Return an option in one line: name, price, conditions, area or place; `store` must be loaded."""
    facts = [option.shown(option.price).formatted if option.price else _("free")]
    if option.price and option.free_above is not None:
        facts.append(_("free from %(sum)s") % {"sum": option.shown(option.free_above).formatted})
    if option.minimum is not None:
        facts.append(_("orders of at least %(sum)s") % {"sum": option.shown(option.minimum).formatted})
    if option.is_pickup:
        facts += filter(None, (option.pickup_place, option.pickup_hours))
    elif option.has_area:
        facts.append(_("only to %(places)s") % {"places": _places(option)})
    return " ".join(filter(None, (f"{option.name}: {', '.join(facts)}.", option.note.replace("\n", " "))))


def delivery_of_stores(stores: Sequence[Store]) -> Mapping[int, list[str]]:
    """Return how each store delivers, a sentence for each option and one for its days, by the key of the store."""
    known = {store.pk: store for store in stores}
    told: dict[int, list[str]] = {pk: [] for pk in known}
    for option in DeliveryOption.objects.offered().filter(store__in=known):
        option.store = known[option.store_id]
        told[option.store_id].append(delivery_line(option))
    for merchant in Merchant.objects.filter(store__in=known):
        merchant.store = known[merchant.pk]
        if line := schedule_line(merchant):
            told[merchant.pk].append(line)
    return told


def schedule_line(merchant: Merchant) -> str:
    """Return the days and hours on which a store delivers, and until when to order; empty if it says nothing."""
    if not merchant.delivery_days and not merchant.delivery_hours:
        return ""
    when = ", ".join(filter(None, (*merchant.day_names, merchant.delivery_hours)))
    said = [_("Delivered on: %(when)s.") % {"when": when}]
    if merchant.cutoff is not None:
        said.append(_("Orders of the day end at %(time)s.") % {"time": merchant.cutoff_shown})
    if (day := merchant.next_delivery_day()) is not None:
        said.append(_("What is ordered now goes out on %(day)s.") % {"day": date_format(day, "l, j.n")})
    return " ".join(said)


def free_delivery_text(free: FreeDelivery) -> str:
    """Return the sentence that says what is missing for free delivery; empty if nothing is."""
    if not free.missing:
        return ""
    return _("%(sum)s more for free delivery (%(name)s).") % {
        "sum": free.option.shown(free.missing).formatted,
        "name": free.option.name,
    }


def gain(coupon: Coupon) -> str:
    """Return what a coupon gives: `10% off`, `15.00 ₪ off`, or free delivery; `store` must be loaded."""
    if coupon.kind == Coupon.Kind.FREE_DELIVERY or coupon.value is None:
        return _("free delivery")
    if coupon.kind == Coupon.Kind.PERCENT:
        return _("%(percent)s%% off") % {"percent": f"{coupon.value.normalize():f}"}
    return _("%(sum)s off") % {"sum": coupon.shown(coupon.value).formatted}


def cannot_deliver(option: DeliveryOption, postal_code: str, city: str) -> str:
    """Return why an option does not go to a place, and what to do; empty if it does."""
    if option.serves(postal_code, city):
        return ""
    if option.postal_codes.strip() and not postal_code.strip():
        return _("%(name)s goes to some places only: give the postal code.") % {"name": option.name}
    return _("%(name)s goes only to %(places)s: choose another way of delivery.") % {
        "name": option.name,
        "places": _places(option),
    }


def _places(option: DeliveryOption) -> str:
    named = [*option.shown_cities, *option.shown_postal_codes]
    return f"{', '.join(named[:_NAMED])}, …" if len(named) > _NAMED else ", ".join(named)
