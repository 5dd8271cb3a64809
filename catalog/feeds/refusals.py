"""Refusals of files that are understood only half, with what they have and the options that help."""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from catalog.feeds.field_names import PRICES
from catalog.feeds.records import Unreadable
from catalog.feeds.source import Source
from catalog.feeds.words import NotUnderstood

_ALIKE = {
    "price": (
        "price", "מחיר", "preis", "prix", "tarif", "preci", "preço", "prezzo", "cena", "цен", "цін", "prijs", "pris",
        "fiyat", "τιμ", "hinta", "سعر", "価格", "价", "價", "가격", "brutto", "gross", "amount",
    ),
    "name": ("name", "title", "שם", "nom", "titre", "titel", "bezeichnung", "назв", "имя", "isim", "اسم", "名", "품명"),
    "sku": ("sku", "מקט", "code", "artikel", "reference", "referen", "référence", "kod", "cod", "артикул", "κωδικ"),
}  # fmt: skip

_DISCOUNT = re.compile(
    r"discount(?!able)|rabatt|remise|descuento|desconto|sconto|rabat\b|korting|скидк|знижк|sleva|indirim|הנחה|割引|折扣",
    re.IGNORECASE,
)
_NO_PRICE = re.compile(
    r"^(?:vat|tax|gst|mwst|ust|tva|iva|moms|btw|ндс|מע.?מ)\b|^show|cost|wholesale|purchase"
    r"|discount|rabatt|remise|descuento|sconto|rabat|скидк|הנחה|excl|exkl|\bnett?o?\b"
    r"|einkauf|achat|עלות|לפני|ללא|סיטונ"
    r"|\bdat[aeu]|datum|fecha|\bdía\b|дата|ημερομηνία|تاريخ|תאריך|日$|starts?\b|ends?\b",
    re.IGNORECASE,
)


def half_understood(source: Source, lacking: Sequence[str], column: str = "") -> Unreadable:
    """The refusal of a file in which a field was not found: what it has instead, and how to map it.

    `column` is the one that looks as if it were the field; then the owner may also say that none is.
    """
    if missing := [
        name for of in lacking if (name := source.options.mapped.get(of)) and name not in source.naming.seen
    ]:
        return no_such_column(source, missing)
    labels = {
        "sku": _("no column for the SKU of a product"),
        "name": _("no column for the name of a product"),
        "price": _("no column for the price"),
        "published": _("no column that says whether a product is published"),
        "sale_ends": _("no column for the end of a sale"),
    }
    what = _(" and ").join(labels.get(of, of) for of in lacking)
    named = [f'--map {of}="{" ".join(column.split())}"' if column else _option(source, of) for of in lacking]
    fix = _("Say which column it is: %(options)s.") % {"options": " ".join(named)}
    if column:
        fix += " " + _("Or that none is: %(options)s") % {"options": " ".join(f"--map {of}=" for of in lacking)}
    if "sku" in lacking and not column and "…" in _option(source, "sku"):
        fix += " " + _(
            "The SKU is what is different for each product and never changes. "
            "If no column has it, add one in a spreadsheet, or choose it in the export."
        )
    if "price" in lacking:
        fix += " " + _or_unpriced()
    return Unreadable(
        _("%(file)s has %(what)s that is understood. Its columns that were not read: %(columns)s.")
        % {"file": source.name, "what": what, "columns": columns_of(source)},
        fix=fix,
    )


def no_such_column(source: Source, missing: Sequence[str]) -> Unreadable:
    """The refusal of a table without a column that the owner mapped."""
    names = ", ".join(f"“{name}”" for name in missing)
    return Unreadable(
        _("%(file)s has no column %(names)s. Its columns that were not read: %(columns)s.")
        % {"file": source.name, "names": names, "columns": columns_of(source)},
        fix=_("Name a column that it has with --map, or forget what was named before with --forget."),
    )


def before_tax(source: Source) -> Unreadable:
    return Unreadable(
        _("%(file)s has prices before tax alone, and shoppers pay with tax.") % {"file": source.name},
        fix=_("Say how many percent are added, such as --add-tax 18, or map a column with tax: %(option)s.")
        % {"option": _option(source, "price")},
    )


def columns_of(source: Source) -> str:
    """The columns that were not read, for a sentence."""
    names = [f"“{' '.join(name.split())[:60]}”" for name in source.naming.unread()]
    return ", ".join(names[:40]) + (" …" if len(names) > 40 else "") or _("none")


def _option(source: Source, of: str) -> str:
    column = next((" ".join(name.split()) for name in _promising(source, of)), "…")
    return f'--map {of}="{column}"'


def unpriced(source: Source, example: str) -> Unreadable:
    """The refusal of a file whose prices are blank, nought or not understood; `example` is one that is not."""
    held = source.naming.held
    column = next((held[of] for of in PRICES if of in held), "")
    if not column:
        return half_understood(source, ["price"])
    values = {"file": source.name, "column": column, "price": example[:60]}
    if example:
        what = _("Hardly a price in the column “%(column)s” of %(file)s is understood; one is “%(price)s”.") % values
    else:
        what = _("The column “%(column)s” of %(file)s has hardly a price: it is blank or 0.") % values
    columns = _("Columns that were not read: %(columns)s.") % {"columns": columns_of(source)}
    fix = _("If another column holds the price, say which: %(option)s.") % {"option": _option(source, "price")}
    return Unreadable(f"{what} {columns}", fix=f"{fix} {_or_unpriced()}")


def has_other_prices(source: Source) -> bool:
    """Whether a column that was not read sounds like the price."""
    names = (name.casefold() for name in source.naming.unread() if not _NO_PRICE.search(name))
    return any(part in name for name in names for part in _ALIKE["price"])


def discounts_of(source: Source) -> str:
    """The columns about discounts that were not read, for a sentence; empty if there are none."""
    found = [" ".join(name.split())[:60] for name in source.naming.unread() if _DISCOUNT.search(name)]
    return ", ".join(f"“{name}”" for name in found[:10])


def _or_unpriced() -> str:
    return _("Or import the products without prices, which nobody can buy, with --allow-unpriced.")


def _promising(source: Source, of: str) -> Iterator[str]:
    """The unread columns that sound like the field, or the only one; what a shop pays itself is no price."""
    if of == "sku" and "barcode" in source.naming.held:
        return iter([source.naming.held["barcode"]])  # it tells products apart as well
    names = [name for name in source.naming.unread() if of != "price" or not _NO_PRICE.search(name)]
    alike = [name for name in names if any(part in name.casefold() for part in _ALIKE.get(of, (of,)))]
    return iter(alike or (names if len(list(source.naming.unread())) == 1 else []))


def unknown_state(source: Source, value: NotUnderstood) -> Unreadable:
    """The refusal of a file whose column for published or hidden products says something that is not known."""
    column = source.naming.held.get(value.field, value.field)
    return Unreadable(
        _(
            "%(file)s says “%(said)s” of a product in its column “%(column)s”, and whether that hides it is not known. "
            "Columns that were not read: %(columns)s."
        )
        % {"file": source.name, "said": value.value[:60], "column": column, "columns": columns_of(source)},
        fix=_(
            'Say which column tells whether a product is shown: --map %(field)s="…"; '
            "or that none does: --map %(field)s="
        )
        % {"field": value.field if value.field in ("published", "hidden") else "published"},
    )
