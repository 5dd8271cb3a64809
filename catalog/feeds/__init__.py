"""Product files: one reader per format, all yielding the same records.

A new format is one entry in `FORMATS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from catalog.feeds.bigcommerce import is_bigcommerce, read_bigcommerce
from catalog.feeds.delimited import is_google_table, is_openai_table, is_table, read_table
from catalog.feeds.markup import is_xml, read_xml
from catalog.feeds.objects import is_json, is_lines, is_nested_json, is_weft, read_lines, read_objects, read_weft
from catalog.feeds.records import FeedEntry, Record, Refused, Skipped, Unreadable
from catalog.feeds.refusals import unknown_state
from catalog.feeds.shopify import is_shopify, read_shopify
from catalog.feeds.shopware import SHOPWARE
from catalog.feeds.source import Source, open_source
from catalog.feeds.squarespace import is_squarespace, read_squarespace
from catalog.feeds.systems import MAGENTO, ODOO, OPENCART, PRESTASHOP
from catalog.feeds.variant_tables import is_medusa, is_saleor, is_vendure, read_medusa, read_saleor, read_vendure
from catalog.feeds.wix import is_wix, read_wix
from catalog.feeds.woocommerce import is_woocommerce, read_woocommerce
from catalog.feeds.words import NotUnderstood

__all__ = [
    "FORMATS", "FeedEntry", "Record", "Refused", "Skipped", "Unreadable", "format_of", "open_source", "read_feed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """A file format; `read` raises `Unreadable`, even after some entries, if the whole file cannot be read."""

    fits: Callable[[Source], bool]
    read: Callable[[Source], Iterator[FeedEntry]]


def _is_flat(source: Source) -> bool:
    return is_openai_table(source) and not is_json(source)


def _read_openai(source: Source) -> Iterator[FeedEntry]:
    if not is_json(source):
        return read_table(source)
    return read_lines(source) if is_lines(source) else read_objects(source)


# Without a given format, these are tried in order; special formats come before general ones.
FORMATS = {
    "google-xml": Format(is_xml, read_xml),
    "weft": Format(is_weft, read_weft),
    "openai": Format(lambda source: is_nested_json(source) or _is_flat(source), _read_openai),
    "jsonl": Format(is_lines, read_lines),
    "json": Format(is_json, read_objects),
    "wix": Format(is_wix, read_wix),
    "squarespace": Format(is_squarespace, read_squarespace),
    "bigcommerce": Format(is_bigcommerce, read_bigcommerce),
    "shopify": Format(is_shopify, read_shopify),
    "woocommerce": Format(is_woocommerce, read_woocommerce),
    "magento": Format(MAGENTO.fits, MAGENTO.read),
    "prestashop": Format(PRESTASHOP.fits, PRESTASHOP.read),
    "odoo": Format(ODOO.fits, ODOO.read),
    "shopware": Format(SHOPWARE.fits, SHOPWARE.read),
    "opencart": Format(OPENCART.fits, OPENCART.read),
    "vendure": Format(is_vendure, read_vendure),
    "saleor": Format(is_saleor, read_saleor),
    "medusa": Format(is_medusa, read_medusa),
    "google": Format(is_google_table, read_table),
    "csv": Format(is_table, read_table),
}


def format_of(source: Source, name: str = "auto") -> str:
    """Return the name of the file's format: `name` itself, or with `auto` the first that fits.

    Raises:
        Unreadable: If none fits.
    """
    if name != "auto":
        return name
    if source.options.columns:
        return "csv"
    for known, form in FORMATS.items():
        if form.fits(source):
            return known
    raise Unreadable(
        _("%(file)s is in none of the formats that can be read.") % {"file": source.name},
        fix=_(
            "These can be: %(formats)s. "
            "If it is a table without a heading, name its columns: --columns sku,name,,price. "
            'If its heading is not understood, map it: --map sku="…" --map name="…" --map price="…".'
        )
        % {"formats": ", ".join(FORMATS)},
    )


def read_feed(source: Source, format_name: str = "auto") -> Iterator[FeedEntry]:
    """Yield the entries of a product file one by one; memory does not grow with the file.

    Raises:
        Unreadable: If the file fits no format or cannot be read; this may come after some entries.
    """
    try:
        yield from FORMATS[format_of(source, format_name)].read(source)
    except NotUnderstood as value:
        raise unknown_state(source, value) from None
