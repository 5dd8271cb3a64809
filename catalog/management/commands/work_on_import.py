"""`manage.py work_on_import JOB TOKEN`: `serve` starts it for a file that was given on the owner's pages."""

from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from catalog.imports.working import work_on
from shopmcp.commands import ShopCommand


class Command(ShopCommand):
    help = "Read or import what was given on the owner's pages. `serve` starts it; nobody needs to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", type=int, help="the key of the job")
        parser.add_argument("token", help="by which the server took it")

    def handle(self, *args: Any, job: int, token: str, **options: Any) -> None:
        # A server that stops asks for it; what was written is deleted, and the job waits for the next one.
        with suppress(KeyboardInterrupt):
            work_on(job, token)
