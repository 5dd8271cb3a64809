"""The answers of the catalogue's tools in words."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Product
from catalog.schemas import ProductDetailOut, ProductOut, StoreOut
from catalog.search.query import Page, PriceBounds

_OFFERED = 30  # categories that a text names at most
_COUNTED = 8  # categories that a text gives counts of
_DESCRIBED = 600  # characters of a description that a text repeats


def store_line(store: StoreOut) -> str:
    """Return a line about a store, its categories, and a line for each text of the owner."""
    products = ngettext("%(count)d product", "%(count)d products", store.products) % {"count": store.products}
    line = _("%(name)s (store %(slug)s): %(products)s, prices in %(currency)s.") % {
        "name": store.name,
        "slug": store.slug,
        "products": products,
        "currency": store.currency,
    }
    lines = [f"{line} {_offer(store.categories)}" if store.categories else line]
    for said, what in (
        (store.shipping, _("Shipping: %(text)s")),
        (store.returns, _("Returns: %(text)s")),
        (store.contact, _("Contact: %(text)s")),
        (store.url, _("Site: %(text)s")),
    ):
        if said:
            lines.append(what % {"text": said})
    return "\n".join(lines)


def store_info_text(store: StoreOut) -> str:
    """Return what a store says of itself, and which subjects it leaves out."""
    unsaid = [
        name
        for said, name in (
            (store.shipping, _("shipping")),
            (store.returns, _("returns")),
            (store.contact, _("contact")),
        )
        if not said
    ]
    silent = _("The store says nothing about: %(subjects)s.") % {"subjects": ", ".join(unsaid)} if unsaid else ""
    return "\n".join(filter(None, (store_line(store), silent)))


def several_currencies(page: Page) -> str:
    """Return a warning if the prices of a page are in several currencies, else nothing."""
    if len({product.currency for product in page.products}) < 2:
        return ""
    return _("Prices are in several currencies and were compared as bare numbers; to compare them, limit to one store.")


def _offer(names: Sequence[str]) -> str:
    listed = ", ".join(names[:_OFFERED])
    return _("Categories: %(categories)s.") % {"categories": f"{listed}, …" if len(names) > _OFFERED else listed}


def search_text(page: Page, query: str, offered: Sequence[str]) -> str:
    """Return a page of results in words; if nothing was found, advice and the categories `offered`."""
    if not page.total:
        said = _("Nothing was found.")
        if query.strip():
            said = _("Nothing was found for “%(query)s”.") % {"query": query[:80]}
        advice = _("Try fewer or other words, or wider limits.")
        return " ".join(filter(None, (said, _of_price(page.price_bounds), advice, _offer(offered) if offered else "")))
    lines = [" ".join([_count(page), *_left_out(page)])]
    for product in page.products:
        lines.append(product_line(ProductOut.of(product)))
        if variants := page.variants.get(product.identity_id):
            lines.append("  " + _("Also: %(variants)s") % {"variants": "; ".join(map(_variant, variants))})
    if page.next_cursor:
        lines.append(
            _("For more, search again with the same arguments and cursor %(cursor)s") % {"cursor": page.next_cursor}
        )
        if len(page.facets.categories) > 1:
            counted = ", ".join(f"{name} ({count})" for name, count in page.facets.categories[:_COUNTED])
            said = (
                _("By category, of these: %(categories)s.")
                if page.facets.partial
                else _("By category: %(categories)s.")
            )
            lines.append(said % {"categories": counted})
    return "\n".join(lines)


def _count(page: Page) -> str:
    if page.at_least:
        return _("More than %(count)d products found.") % {"count": page.total}
    return ngettext("%(count)d product found.", "%(count)d products found.", page.total) % {"count": page.total}


def _left_out(page: Page) -> list[str]:
    """The parts of the query that the products do not fit."""
    said = []
    if page.dropped:
        listed = ", ".join(f"“{word}”" for word in page.dropped)
        said.append(_("Nothing fits %(words)s, so that was left out.") % {"words": listed})
    if page.wishes:
        listed = "; ".join(f"“{wish}”" for wish in page.wishes)
        said.append(_("No product is all of it, so each was looked for by itself: %(wishes)s.") % {"wishes": listed})
    if page.partly:
        said.append(_("No product fits all the words; these fit most of them."))
    return list(filter(None, (*said, _of_price(page.price_bounds))))


def _of_price(bounds: PriceBounds | None) -> str:
    """The bounds that words of the query were taken for."""
    if bounds is None:
        return ""
    arguments = [
        f"{name} {amount.normalize():f}"
        for name, amount in (("min_price", bounds.lowest), ("max_price", bounds.highest))
        if amount is not None
    ]
    if not arguments:
        return _("“%(words)s” was left out: to limit the price, use min_price and max_price.") % {"words": bounds.said}
    return _("“%(words)s” was taken as %(bounds)s.") % {"words": bounds.said, "bounds": ", ".join(arguments)}


def _variant(product: Product) -> str:
    """Another variant by its options, id, price and stock."""
    options = ", ".join(product.options.values()) or product.name
    shown = ProductOut.of(product)
    return " · ".join(filter(None, (options, product.public_id, _price(shown), _stock(shown))))


def product_line(product: ProductOut) -> str:
    """Return a product in one line: name, id, price and stock."""
    options = ", ".join(f"{name}: {value}" for name, value in product.options.items())
    name = f"{product.name} ({options})" if options else product.name
    return " · ".join(filter(None, (f"- {name}", product.product_id, _price(product), _stock(product))))


def _price(product: ProductOut) -> str:
    if product.price is None:
        return _("no price, cannot be bought")
    if product.former_price is None:
        return product.price.formatted
    return _("%(price)s instead of %(former)s") % {
        "price": product.price.formatted,
        "former": product.former_price.formatted,
    }


def _stock(product: ProductOut) -> str:
    if product.price is None:
        return ""
    if not product.in_stock:
        return _("not in stock")
    if product.stock is None:
        return ""
    return ngettext("%(count)d left", "%(count)d left", product.stock) % {"count": product.stock}


def detail_text(product: ProductDetailOut, most: int = _DESCRIBED) -> str:
    """Return all that is known of a product, with at most `most` characters of its description."""
    lines = [product_line(product).removeprefix("- ")]
    if product.withdrawn:
        lines.append(_("The shop no longer sells this product."))
    if product.category:
        lines.append(_("Category: %(category)s") % {"category": product.category})
    if product.brand:
        lines.append(_("Brand: %(brand)s") % {"brand": product.brand})
    if product.description:
        clipped = product.description[:most]
        lines.append(clipped if clipped == product.description else f"{clipped.rstrip()}…")
    if product.url:
        lines.append(product.url)
    if product.variants:
        lines.append(_("Also available as:"))
        lines.extend(product_line(variant) for variant in product.variants)
    return "\n".join(lines)
