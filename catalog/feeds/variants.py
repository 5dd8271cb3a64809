"""Ids of variants that share a SKU: from the SKU and the options, whatever their order."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from catalog.feeds.rows import LONGEST_SKU, Row
from catalog.language.text import words


def ids_of(row: Row) -> Iterator[str]:
    """Yield the ids that a row may have: its SKU; with its options; with its group too."""
    yield row.sku
    if row.options:
        yield _joined(row.sku, row.options)
    yield _digested(row.sku, row.options, row.group_id)


def are_variants(one: Row, other: Row, level: int) -> bool:
    """Whether two rows with one id of this level are two products; blank options and groups say nothing."""
    if level == (2 if one.options else 1):
        return False  # the last id says all
    groups = bool(one.group_id and other.group_id) and one.group_id != other.group_id
    return groups or (bool(one.options and other.options) and one.options != other.options)


def _joined(sku: str, options: Mapping[str, str]) -> str:
    """The SKU and the words of the values, in the order of the options' names; with a digest if they do not say all."""
    values = [value for _name, value in sorted(options.items())]
    found = [word for value in values for word in words(value)]
    said = "-".join([sku, *found])
    exact = found == [value.casefold() for value in values]
    return said if exact and len(said) <= LONGEST_SKU else _digested(sku, options, "")


def _digested(sku: str, options: Mapping[str, str], group: str) -> str:
    pairs = sorted(options.items())
    said = "-".join([sku, *(word for _name, value in pairs for word in words(value))])
    text = "\n".join([sku, *(f"{name}={value}" for name, value in pairs), group])
    return f"{said[: LONGEST_SKU - 13]}-{blake2b(text.encode(errors='replace'), digest_size=6).hexdigest()}"
