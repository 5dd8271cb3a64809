"""Read a product file into a store."""

import codecs
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy
from tqdm import tqdm

from catalog.feeds import FORMATS, Refused
from catalog.feeds.field_names import MAPPABLE
from catalog.feeds.options import FeedOptions
from catalog.imports.importing import import_products
from catalog.imports.report import ImportReport
from shopmcp.commands import ShopCommand
from shopmcp.errors import ShopError

T = TypeVar("T")
_PRINTED = 1000  # lines of a kind; the admin keeps fewer
_SKIPPED = ngettext_lazy(
    "%(count)d line was left out: the shop does not show it.",
    "%(count)d lines were left out: the shop does not show them.",
    "count",
)
_WITHOUT_IMAGE = ngettext_lazy("%(count)d product has no image.", "%(count)d products have no image.", "count")
_UNRESOLVED = ngettext_lazy(
    "%(count)d product has a relative address, which was left out: give --base-url.",
    "%(count)d products have relative addresses, which were left out: give --base-url.",
    "count",
)


class Command(ShopCommand):
    help = "Read a product file into a store: create, change and withdraw products until the store is as the file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "file",
            type=file_or_address,
            metavar="FILE",
            help="the product file, at most 100 MB, or the https address of one, which is read when it has changed",
        )
        add("--store", default="shop", metavar="SLUG", help="the store, made if it is new (default: shop)")
        add("--format", default="auto", choices=["auto", *FORMATS], help="the file's format (default: auto)")
        currency = "of a new store (default: what its prices name, or ILS)"
        add("--currency", default="", type=str.upper, metavar="CODE", help=currency)
        add("--base-url", default="", metavar="URL", help="what relative addresses in the file are relative to")
        force = "withdraw more than half of the store's products too, and read an address even if it has not changed"
        add("--force", action="store_true", help=force)
        add(
            "--map",
            action="append",
            default=[],
            type=mapping,
            metavar='FIELD="COLUMN"',
            help="the column of the file that holds a field, such as price; several; kept for later imports, "
            "as the options below are",
        )
        columns = "the fields of a table without a heading, such as sku,name,,price; nothing for a column to pass over"
        add("--columns", default=(), type=columns_given, metavar="FIELD,…", help=columns)
        add("--encoding", default=None, type=encoding, metavar="NAME", help="the file's encoding, such as windows-1251")
        add("--decimal", default="", choices=[".", ","], help="the sign before the decimals of prices")
        add("--allow-unpriced", action="store_true", help="import a file without prices: nothing of it can be bought")
        add(
            "--add-tax", default=None, type=rate, metavar="RATE", help="percent to add to prices before tax, such as 18"
        )
        add("--forget", action="store_true", help="forget the options kept for this source before")
        add("--dry-run", action="store_true", help="report what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = import_products(
                options["file"],
                slug=options["store"],
                format_name=options["format"],
                currency=options["currency"],
                base_url=options["base_url"],
                options=FeedOptions(
                    mapped=dict(options["map"]),
                    columns=options["columns"],
                    encoding=options["encoding"] or "",
                    decimal=options["decimal"],
                    allow_unpriced=options["allow_unpriced"],
                    add_tax=options["add_tax"],
                ),
                forget_options=options["forget"],
                dry_run=options["dry_run"],
                force=options["force"],
                progress=watched,
            )
        except ShopError as error:
            raise CommandError(f"{error.text} {_('Nothing was changed.')}") from None
        for line in report_lines(report, dry_run=options["dry_run"]):
            self.stdout.write(line)


def watched(steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
    """Show a bar while the steps are taken, on a terminal alone."""
    return tqdm(steps, desc=what, total=total, disable=not sys.stderr.isatty(), leave=False, file=sys.stderr)


def file_or_address(text: str) -> Path | str:
    """A path, unless it is written as an address; those stay text."""
    return text if re.match(r"(?i)[a-z][a-z0-9+.-]+://", text) else Path(text)


def mapping(text: str) -> tuple[str, str]:
    """Read `price=Sales Price`; nothing after the sign means that no column is the field."""
    field, sign, column = text.partition("=")
    field = field.strip().lower().replace("-", "_")
    if not sign or field not in MAPPABLE:
        raise ArgumentTypeError(
            _("“%(text)s” maps no field to a column; the fields are: %(fields)s.")
            % {"text": text, "fields": ", ".join(MAPPABLE)}
        )
    return field, column.strip().strip('"').strip()


def columns_given(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def encoding(text: str) -> str:
    try:
        found = codecs.lookup(text.strip())
        "a".encode(found.name)  # refuses codecs that are not of text, such as base64
    except (LookupError, ValueError):
        raise ArgumentTypeError(_("“%(name)s” is no encoding that is known.") % {"name": text}) from None
    return found.name


def rate(text: str) -> Decimal:
    try:
        found = Decimal(text.strip().rstrip("%").strip())
    except ArithmeticError:
        found = Decimal(-1)
    if not (found.is_finite() and 0 <= found <= 100):
        raise ArgumentTypeError(_("“%(text)s” is no rate in percent from 0 to 100.") % {"text": text})
    return found


def report_lines(report: ImportReport, *, dry_run: bool) -> list[str]:
    """The closing lines: the counts, then each refused line with its reason, then the warnings."""
    if report.not_modified:
        return [_("%(store)s: the address holds nothing new since the last import.") % {"store": report.store.slug}]
    counts = _(
        "%(store)s: %(created)d created, %(changed)d changed, %(unchanged)d unchanged, "
        "%(withdrawn)d withdrawn, %(refused)d refused"
    ) % {**vars(report), "store": report.store.slug, "refused": len(report.refused)}
    lines = [*report.remarks, counts]
    if dry_run:
        lines.append(_("This was a dry run: nothing was changed."))
    if report.needs_force:
        lines.append(_("More than half of the products would be withdrawn: this needs --force."))
    if report.assumed_currency:
        lines.append(
            _("No currency was given with --currency: prices that name none count as %(code)s.")
            % {"code": report.assumed_currency}
        )
        lines.append(_("For another one import into a new store, with --currency."))
    lines.extend(_lines(report.refused))
    if report.warnings:
        count = len(report.warnings)
        lines.append(ngettext("%(count)d warning:", "%(count)d warnings:", count) % {"count": count})
        lines.extend(_lines(report.warnings))
    counted = ((report.skipped, _SKIPPED), (report.without_image, _WITHOUT_IMAGE), (report.unresolved, _UNRESOLVED))
    return lines + [sentence % {"count": count} for count, sentence in counted if count]


def _lines(entries: Sequence[Refused]) -> list[str]:
    lines = [
        _("  line %(line)d%(name)s: %(reason)s")
        % {"line": entry.line, "name": f" ({entry.sku})" if entry.sku else "", "reason": entry.reason}
        for entry in entries[:_PRINTED]
    ]
    if len(entries) > _PRINTED:
        lines.append(_("  … and %(count)d more") % {"count": len(entries) - _PRINTED})
    return lines
