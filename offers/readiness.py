"""Whether a store can take orders."""

from django.conf import settings
from django.utils.translation import gettext

from catalog.models import Store
from offers.models import Merchant
from offers.online import online_providers


def missing_for_orders(store: Store, *, has_delivery: bool) -> list[str]:
    """Return what a store lacks before it can take orders, in words; nothing once it can, or has its own checkout.

    Args:
        store: With its merchant loaded, if it has one.
        has_delivery: Whether shoppers are offered a way of delivery.
    """
    merchant = getattr(store, "merchant", None) or Merchant(store=store)
    if merchant.has_own_checkout:
        return []
    lacking = list(merchant.missing)
    if not has_delivery:
        lacking.append(gettext("a delivery option"))
    has_link = "link" in settings.SHOPMCP_PAYMENTS and merchant.pay_link
    if not (store.pay_on_delivery or store.pay_instructions.strip() or has_link or online_providers(store)):
        lacking.append(gettext("a way to pay"))
    if merchant.pages_confirmed_at is None:
        lacking.append(gettext("your word that the pages for shoppers are right"))
    return lacking
