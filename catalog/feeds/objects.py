"""Products as JSON: a list, bare or inside an object as `products` or `items`, or one object per line."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from catalog.feeds.bulk import Bulk, Whole, as_in_admin, is_bulk
from catalog.feeds.dialects import in_usual_names
from catalog.feeds.flat_variants import with_product
from catalog.feeds.linked_data import is_linked, lone_document, products_in
from catalog.feeds.names import Naming, field_of
from catalog.feeds.nested import is_nested, unfold
from catalog.feeds.parts import plain_parts
from catalog.feeds.records import FeedEntry, Record, Refused, RowRefused, Unreadable
from catalog.feeds.source import Source
from catalog.feeds.walk import DECODER, Walk, not_json
from catalog.feeds.woo_objects import is_woo_object, read_woo_object
from catalog.feeds.woo_storefront import is_storefront, read_storefront, variations_of

_LONGEST_LINE = 8 * 1024 * 1024
_LISTS = {"products", "items"}
# In these scraped files the number at the end of a product's address identifies it.
_WEFT_SKU = re.compile(r"(i[0-9]{1,20})/?(?:[?#].*)?$")


def is_json(source: Source) -> bool:
    return source.head.lstrip().startswith(("[", "{"))


def is_lines(source: Source) -> bool:
    """Whether the first line is a whole object with a SKU or a name."""
    return _first_line(source) is not None


def is_nested_json(source: Source) -> bool:
    """Whether the first object has variants."""
    return is_nested(_first(source))


def is_weft(source: Source) -> bool:
    """Whether the first product has no id, and an address that ends in its number."""
    fields = Naming(source.options.mapped).fields(_first(source))
    url = fields.get("url")
    return "sku" not in fields and isinstance(url, str) and _WEFT_SKU.search(url) is not None


def read_objects(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per object, or per variant of an object; refuse entries that are not objects."""
    if (document := lone_document(source)) is not None:
        yield from _entries(1, document, source)
        return
    sold = variations_of(source)
    with source.open() as stream:
        for line, value in Walk(stream).elements():
            yield from _entries(line, value, source, sold)


def read_lines(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per line, or per variant of its object; refuse lines that are not objects."""
    bulk = Bulk()
    with source.open() as stream:
        line = 0
        while text := stream.readline(_LONGEST_LINE):
            line += 1
            if len(text) == _LONGEST_LINE:
                raise Unreadable(_("The file holds an entry of more than 8 MB."))
            if not text.strip():
                continue
            try:
                value = DECODER.decode(text.strip())
            except json.JSONDecodeError as error:
                # A broken line makes the whole file unreadable, as in the other forms of JSON: more may be missing.
                raise not_json(line, error) from None
            except RecursionError:
                raise Unreadable(_("The file is nested too deeply.")) from None
            if isinstance(value, dict) and (bulk.product or is_bulk(value)):
                for entry in bulk.take(line, value):
                    yield from _entry_of(entry, source)
            else:
                yield from _entries(line, value, source)
        for entry in bulk.end():
            yield from _entry_of(entry, source)


def read_weft(source: Source) -> Iterator[FeedEntry]:
    """Yield a record per object; its SKU is the `i<number>` at the end of its address."""
    for record in read_objects(source):
        if not isinstance(record, Record):
            yield record
        elif found := _WEFT_SKU.search(str(record.fields.get("url", ""))):
            yield Record(record.line, {**record.fields, "sku": found[1]})
        else:
            yield Refused(record.line, _("its address does not end in a number such as i281"))


def _entry_of(entry: Whole | Refused, source: Source) -> Iterator[FeedEntry]:
    if isinstance(entry, Refused):
        yield entry
    else:
        yield from _entries(*entry, source)


def _entries(line: int, value: Any, source: Source, sold: frozenset[str] = frozenset()) -> Iterator[FeedEntry]:
    if not isinstance(value, dict):
        yield Refused(line, _("it is not an object"))
        return
    if is_storefront(value):
        yield from read_storefront(line, value, source.naming, sold)
        return
    value = as_in_admin(with_product(as_in_admin(value)))
    if {"sku", "type_id", "visibility"} <= value.keys():
        # Which of the products are variants, and of which, is told by others of them.
        raise Unreadable(
            _("The file is the JSON of Magento, which cannot be read."),
            fix=_("Export the products from the shop as CSV, then import that file."),
        )
    try:
        for product in products_in(value) if is_linked(value) else (value,):
            yield from _records(line, product, source)
    except RowRefused as refusal:
        yield Refused(line, str(refusal))


def _records(line: int, value: dict[str, Any], source: Source) -> Iterator[FeedEntry]:
    naming = source.naming
    if "price" not in source.options.mapped:
        value = in_usual_names(value, source.options.currency)
    if is_woo_object(value):
        yield read_woo_object(line, value, naming)
    elif is_nested(value):
        yield from unfold(line, value, naming)
    else:
        yield Record(line, naming.fields(plain_parts(value, naming)))


def _first(source: Source) -> dict[str, Any]:
    """The first object; empty if the file is not JSON or begins with something else."""
    if (first := _first_line(source)) is not None:
        return first
    try:
        with source.open() as stream:
            _line, value = next(Walk(stream).elements(), (0, None))
    except Unreadable:
        return {}
    return as_in_admin(value) if isinstance(value, dict) else {}


def _first_line(source: Source) -> dict[str, Any] | None:
    """The object in the first line, if it has a SKU or a name of its own."""
    first = source.head.lstrip().split("\n", 1)[0]
    if not first.startswith("{"):
        return None
    try:
        value: dict[str, Any] = DECODER.decode(first.strip())
    except (ValueError, RecursionError):
        return None
    if not _LISTS.isdisjoint(value):
        return None  # a list of products with a name of its own
    return None if {"sku", "name"}.isdisjoint(map(field_of, value)) else value
