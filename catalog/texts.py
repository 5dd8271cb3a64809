"""The answers of the catalogue's tools in words."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalog.answers import FEW, is_weight_unstated, price_per
from catalog.models import Product
from catalog.recent import recent
from catalog.schemas import StoreOut
from catalog.search.query import Page, PriceBounds
from shopmcp.money import money

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
    if store.paused:
        lines.append(_("The shop takes no orders now: %(why)s") % {"why": store.paused})
    lines.extend(_("Delivery: %(text)s") % {"text": said} for said in store.delivery)
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
            (store.shipping or store.delivery, _("shipping")),
            (store.returns, _("returns")),
            (store.contact, _("contact")),
        )
        if not said
    ]
    silent = _("The store says nothing about: %(subjects)s.") % {"subjects": ", ".join(unsaid)} if unsaid else ""
    return "\n".join(filter(None, (store_line(store), silent)))


def several_stores(pages: Iterable[Page]) -> str:
    """Return a warning if the products of pages are of several stores, else nothing."""
    stores = {product.store.slug: product.currency for page in pages for product in page.shown}
    if len(stores) < 2:
        return ""
    if len(set(stores.values())) > 1:
        listed = ", ".join(f"{slug} ({currency})" for slug, currency in stores.items())
    else:
        listed = ", ".join(stores)
    return _("These are of several stores: %(stores)s. A cart holds products of one store.") % {"stores": listed}


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
    return "\n".join(filter(None, (_found_text(page, query, offered), several_stores([page]))))


def _found_text(page: Page, query: str, offered: Sequence[str]) -> str:
    if not page.total:
        said = _("Nothing was found.")
        if query.strip():
            said = _("Nothing was found for “%(query)s”.") % {"query": query[:80]}
        advice = _("Try fewer or other words, or wider limits.")
        return " ".join(filter(None, (said, _of_price(page.price_bounds), advice, _offer(offered) if offered else "")))
    lines = [" ".join([_count(page), *_left_out(page)]), *_listed(page.products, page)]
    if page.also_close:
        lines += [_("Also close, but not all of it:"), *_listed(page.also_close, page)]
    if page.next_cursor:
        lines.append(
            _("For more, search again with the same arguments and cursor %(cursor)s") % {"cursor": page.next_cursor}
        )
        if page.total > FEW and len(page.facets.categories) > 1:
            counted = ", ".join(f"{name} ({count})" for name, count in page.facets.categories[:_COUNTED])
            said = (
                _("By category, of these: %(categories)s.")
                if page.facets.partial
                else _("By category: %(categories)s.")
            )
            lines.append(said % {"categories": counted})
    return "\n".join(lines)


def groups_text(pages: Sequence[tuple[str, Page]]) -> str:
    """Return what each of several queries found, in words."""
    found = [f"“{query[:80]}”: {_found_text(page, query, ())}" for query, page in pages]
    return "\n\n".join(filter(None, (*found, several_stores(page for _query, page in pages))))


def _listed(products: Sequence[Product], page: Page) -> list[str]:
    """A line for each product and for its other variants; before those that lack words of the query, these words."""
    lines, lacked = list[str](), tuple[str, ...]()
    now, language = timezone.now(), get_language()
    for product in products:
        if (lacks := page.lacking.get(product.identity_id, ())) != lacked:
            words = ", ".join(f"“{word}”" for word in lacks)
            lines.append(_("Without %(words)s:") % {"words": words} if lacks else _("With all the words:"))
            lacked = lacks
        lines.append(_line_at(product, now, language))
        if variants := page.variants.get(product.identity_id):
            lines.append("  " + _("Also: %(variants)s") % {"variants": "; ".join(map(_variant, variants))})
    return lines


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
    now = timezone.now()
    return recent(product, now, ("variant", get_language()), lambda: _variant_anew(product, now))


def _variant_anew(product: Product, now: datetime) -> str:
    options = ", ".join(product.options.values()) or product.name
    return " · ".join(filter(None, (options, product.public_id, _price(product, now), _stock(product))))


def product_line(product: Product) -> str:
    """Return a product in one line: name, id, price, price of a kilo or litre, and stock. Needs the store too."""
    return _line_at(product, timezone.now(), get_language())


def _line_at(product: Product, now: datetime, language: str | None) -> str:
    return recent(product, now, ("line", language), lambda: _line(product, now))


def _line(product: Product, now: datetime) -> str:
    parts = (_named(product), product.public_id, _price(product, now), _by_measure(product, now), _stock(product))
    return "- " + " · ".join(filter(None, parts))


def _named(product: Product) -> str:
    options = ", ".join(f"{name}: {value}" for name, value in product.options.items())
    return f"{product.name} ({options})" if options else product.name


def _price(product: Product, now: datetime) -> str:
    if (price := product.price_at(now)) is None:
        return _("no price, cannot be bought")
    currency, language = product.currency, product.store.language
    told = money(price, currency, language).formatted
    if (former := product.former_price_at(now)) is None:
        return told
    return _("%(price)s instead of %(former)s") % {"price": told, "former": money(former, currency, language).formatted}


def _by_measure(product: Product, now: datetime) -> str:
    """The price of a kilo or a litre; or that the shop does not state the weight of what is sold by weight."""
    if per := price_per(product, now):
        measure, price = per
        said = _("%(price)s per kg") if measure.unit == "kg" else _("%(price)s per litre")
        return said % {"price": price.formatted}
    if is_weight_unstated(product):
        return _("the shop does not state the weight of one unit")
    return ""


def _stock(product: Product) -> str:
    if product.price is None:
        return ""
    if not product.in_stock:
        return _("not in stock")
    return "" if product.stock is None else _left(product.stock)


def _left(stock: int) -> str:
    return ngettext("%(count)d left", "%(count)d left", stock) % {"count": stock}


def _availability(product: Product) -> str:
    """Whether the product can be bought, in a sentence."""
    if product.withdrawn_at is not None:
        return _("The shop no longer sells this product.")
    if product.price is None:
        return _("It has no price, so it cannot be bought.")
    if not product.in_stock:
        return _("It is not in stock and cannot be bought now.")
    if product.stock is None:
        return _("It can be bought; the shop gives no count.")
    return _("It can be bought; %(left)s.") % {"left": _left(product.stock)}


def detail_text(product: Product, siblings: Sequence[Product], most: int = _DESCRIBED) -> str:
    """Return all that is known of a product, with at most `most` characters of its description."""
    now = timezone.now()
    head = (product.name, product.public_id, _price(product, now), _by_measure(product, now))
    lines = [" · ".join(filter(None, head))]
    lines.append(_availability(product))
    lines += (f"{name}: {value}" for name, value in product.options.items())
    if product.category:
        lines.append(_("Category: %(category)s") % {"category": product.category})
    if product.brand:
        lines.append(_("Brand: %(brand)s") % {"brand": product.brand})
    if product.description:
        said = product.description[:most]
        said = said if said == product.description else f"{said.rstrip()}…"
        lines.append(_("The shop's description: “%(text)s”") % {"text": said})
    if product.url:
        lines.append(product.url)
    if siblings:
        lines.append(_("Also available as:"))
        lines.extend(map(product_line, siblings))
    return "\n".join(lines)
