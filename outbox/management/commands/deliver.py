"""`manage.py deliver`: send what waits in the outbox."""

import signal
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import asdict
from threading import Event
from typing import Any

from django.db import DatabaseError
from django.utils.translation import gettext as _

from outbox.models import Message
from outbox.services import Delivered, deliver
from shopmcp.commands import ShopCommand, unusable

_EVERY = 5.0  # seconds


class Command(ShopCommand):
    help = "Send the mail and the webhooks that wait in the outbox; `serve` does the same in the background."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--watch", action="store_true", help="go on until stopped, with a look every five seconds")

    def handle(self, *args: Any, watch: bool, **options: Any) -> None:
        stopped = Event()
        if watch:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stopped.set())
        while not stopped.is_set():
            try:
                self._deliver(stopped.is_set, quiet=watch)
            except DatabaseError as error:
                if not watch:
                    raise unusable(error) from None
                self.stderr.write(str(unusable(error)))
            if not watch:
                break
            stopped.wait(_EVERY)
        if Message.objects.held_back().exists():
            self.stderr.write(_("Mail waits until EMAIL_URL says how to send it."))

    def _deliver(self, stopping: Callable[[], bool], *, quiet: bool) -> None:
        done = deliver(stopping)
        if done != Delivered() or not quiet:
            said = _("Sent: %(sent)d, to be tried again: %(postponed)d, given up: %(given_up)d.")
            self.stdout.write(said % asdict(done))
            self.stdout.flush()
