"""Read a product file into a store."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from catalog.feeds import FORMATS
from catalog.services import ImportReport, import_products
from shopmcp.errors import ShopError

T = TypeVar("T")


class Command(BaseCommand):
    help = "Read a product file into a store: create, change and withdraw products until the store is as the file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the product file, at most 100 MB")
        parser.add_argument(
            "--store", default="shop", metavar="SLUG", help="the store, made if it is new (default: shop)"
        )
        parser.add_argument(
            "--format", default="auto", choices=["auto", *FORMATS], help="the file's format (default: auto)"
        )
        parser.add_argument(
            "--currency", default="", type=str.upper, metavar="CODE", help="of a new store (default: ILS)"
        )
        parser.add_argument(
            "--base-url", default="", metavar="URL", help="what relative addresses in the file are relative to"
        )
        parser.add_argument("--dry-run", action="store_true", help="report what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = import_products(
                options["file"],
                slug=options["store"],
                format_name=options["format"],
                currency=options["currency"],
                base_url=options["base_url"],
                dry_run=options["dry_run"],
                progress=watched,
            )
        except ShopError as error:
            raise CommandError(f"{error.message} {error.fix} {_('Nothing was changed.')}".replace("  ", " ")) from None
        for line in summary(report, dry_run=options["dry_run"]):
            self.stdout.write(line)


def watched(steps: Iterable[T], what: str, total: int | None = None) -> Iterable[T]:
    """Show a bar while the steps are taken, on a terminal alone."""
    return tqdm(steps, desc=what, total=total, disable=not sys.stderr.isatty(), leave=False, file=sys.stderr)


def summary(report: ImportReport, *, dry_run: bool) -> list[str]:
    """The closing lines: the counts, then each refused line with its reason."""
    counts = _(
        "%(store)s: %(created)d created, %(changed)d changed, %(unchanged)d unchanged, "
        "%(withdrawn)d withdrawn, %(refused)d refused"
    ) % {**vars(report), "store": report.store.slug, "refused": len(report.refused)}
    lines = [counts]
    if dry_run:
        lines.append(_("This was a dry run: nothing was changed."))
    for refused in report.refused:
        name = f" ({refused.sku})" if refused.sku else ""
        lines.append(
            _("  line %(line)d%(name)s: %(reason)s") % {"line": refused.line, "name": name, "reason": refused.reason}
        )
    if report.unresolved:
        lines.append(
            ngettext(
                "%(count)d product has a relative address, which was left out: give --base-url.",
                "%(count)d products have relative addresses, which were left out: give --base-url.",
                report.unresolved,
            )
            % {"count": report.unresolved}
        )
    return lines
