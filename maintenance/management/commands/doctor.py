"""`manage.py doctor`: for cron, beside live traffic."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.management.commands.import_products import watched
from maintenance.checks import Finding, examine, mend
from maintenance.management.base import MaintenanceCommand


class Command(MaintenanceCommand):
    help = "Check that the shop's data fit together. The exit code is 1 if anything is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fix", action="store_true", help="mend what can be mended safely")

    def handle(self, *args: Any, fix: bool, **options: Any) -> None:
        mended, left = mend(watched) if fix else ([], examine(watched))
        for finding in mended:
            self._tell(_("Mended:"), finding)
        for finding in left:
            self._tell(_("Wrong:"), finding)
        if left:
            count = len(left)
            raise CommandError(
                ngettext("%(count)d thing is wrong.", "%(count)d things are wrong.", count) % {"count": count}
            )
        self.stdout.write(_("Nothing is wrong."))

    def _tell(self, label: str, finding: Finding) -> None:
        self.stdout.write(f"{label} [{finding.code}] {finding.text}\n  {finding.fix}")
