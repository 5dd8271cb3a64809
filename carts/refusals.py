"""Refusals of products that cannot be bought."""

from django.utils.translation import gettext

from shopmcp.errors import NotForSale


def not_for_sale(name: str, is_withdrawn: bool, lacks_price: bool) -> NotForSale:
    """Return the refusal for a product that is not for sale.

    Args:
        name: The product's.
        is_withdrawn: The shop no longer carries it.
        lacks_price: It is carried, but has no price.
    """
    if is_withdrawn:
        message = gettext("%(name)s was withdrawn from the shop.")
    elif lacks_price:
        message = gettext("%(name)s has no price yet and cannot be bought.")
    else:
        message = gettext("%(name)s cannot be bought at the moment.")
    return NotForSale(message % {"name": name}, fix=gettext("Look for something similar with search_products."))
