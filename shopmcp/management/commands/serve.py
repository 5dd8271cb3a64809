"""`manage.py serve`: prepare everything a shop needs, then run the server.

After a crash the shop is away until this is done, so what has nothing to do is not loaded.
"""

import errno
import os
import shutil
import socket
import sqlite3
import sys
import warnings
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, connections
from django.db.models import Max
from django.utils import timezone

from carts.models import Session
from carts.services.cleanup import MARGIN
from catalog.models import Store
from catalog.search.rebuild import is_outdated, rebuild
from shopmcp import data_dir, metrics, process
from shopmcp.commands import is_update_pending, migrate, one_at_a_time, unusable
from shopmcp.db.serving import InUse, serving
from shopmcp.errors import ShopError
from shopmcp.runnable import runnable
from shopmcp.static import make_static_ready
from shopmcp.translations import compile_translations

# Seconds to finish calls in progress on shutdown.
GRACE = 15
# Proxies keep idle connections for 60 seconds. The server must not close one first: a request may be on its way.
KEEP_ALIVE = 75
# WhiteNoise streams files synchronously, of which Django warns at each.
_NO_WARNING = "StreamingHttpResponse must consume synchronous iterators"
# Connections that an import, a clean-up and the like may need beside the server's.
_COMMANDS = 3
_ROOM = """
SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END)::int FROM pg_settings
WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""


class Command(BaseCommand):
    help = "Prepare the database and static files, then serve chats and people on one address."
    # They are of the code, which `make check` looks at; here they would load every page and form.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on; :: for every one (default: %(default)s)"
        )
        parser.add_argument("--port", type=_port, default=8000, help="the port to listen on (default: %(default)s)")
        parser.add_argument("--demo", action="store_true", help="load the demo catalogue if there are no products")
        parser.add_argument("--workers", type=_workers, default=1, metavar="N", help="processes; wants PostgreSQL")
        parser.add_argument("--reload", action="store_true", help="restart when the code changes, for developers")

    def handle(self, *args: Any, host: str, port: int, demo: bool, workers: int, reload: bool, **options: Any) -> None:
        if reload and workers > 1:
            raise CommandError("--reload works with one worker only.")
        if reload:
            self.check()
        _check_address(host, port)
        public_url = settings.PUBLIC_URL if settings.PUBLIC_URL_IS_SET else _address(host, port)
        self._close_to_others()
        self._prepare(public_url, demo=demo)
        if workers > 1 and connection.vendor == "sqlite":
            self.stderr.write(
                self.style.WARNING(
                    f"Warning: SQLite takes one writer at a time, so {workers} workers answer more slowly than one, "
                    "and the slowest calls get much slower. Use one worker, or PostgreSQL through DATABASE_URL."
                )
            )
        if connection.vendor == "postgresql":
            self._check_connections(workers)
        self._greet(public_url)
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()
        command = _command(host, port, workers=workers, reload=reload)
        if workers == 1 and not reload and public_url == settings.PUBLIC_URL and metrics.FOLDER not in os.environ:
            # All is loaded here: another process would do that once more.
            warnings.filterwarnings("ignore", _NO_WARNING)
            process.run(command)
        _become(command, _environment(public_url, port, workers=workers))

    def _close_to_others(self) -> None:
        for file in data_dir.exposed(settings.DATA_DIR, settings.DATABASES["default"]):
            if data_dir.close_to_others(file):
                self.stdout.write(f"Other users of this machine could open {file}; now its owner alone can.")
            else:
                warning = f"Warning: other users of this machine can open {file}. Let its owner run: chmod 600 '{file}'"
                self.stderr.write(self.style.WARNING(warning))

    def _prepare(self, public_url: str, *, demo: bool) -> None:
        try:
            compile_translations()
            with data_dir.locked(settings.DATA_DIR):
                make_static_ready()
            data_dir.write(settings.ADDRESS_FILE, f"{public_url}\n")
        except OSError as error:
            # The error of a full disk names no file.
            where = error.filename or settings.DATA_DIR
            raise CommandError(f"{where} cannot be written: {error.strerror}.") from None
        try:
            with one_at_a_time(), serving():
                if connection.vendor == "sqlite" and is_update_pending():
                    self._copy()
                migrate()
                if is_outdated():
                    self.stdout.write(
                        "The search index is missing or of an earlier version: making it anew. Chats are served after "
                        "that; a hundred thousand products take a minute or two."
                    )
                    self.stdout.flush()
                    from catalog.management.commands.import_products import watched  # noqa: PLC0415 - see the top

                    self.stdout.write(f"Indexed {rebuild(watched)} products.")
                if demo:
                    self._load_demo()
            # A read-only database opens without an error: this write of no row finds out.
            Store.objects.filter(pk=0).update(name="")
            self._check_clock()
        except DatabaseError as error:
            raise unusable(error) from None
        except InUse as refusal:
            raise CommandError(refusal.text) from None

    def _copy(self) -> None:
        from shopmcp.copies import copy_now  # noqa: PLC0415 - see the top

        try:
            copy = copy_now()
        except ShopError as refusal:
            raise CommandError(refusal.text) from None
        except (OSError, sqlite3.Error) as error:
            raise CommandError(
                f"The database cannot be copied before it is updated: {error}. Nothing was changed."
            ) from None
        self.stdout.write(f"The database was copied to {copy} and is updated now.")
        self.stdout.flush()

    def _load_demo(self) -> None:
        from catalog.imports.importing import load_demo  # noqa: PLC0415 - see the top
        from offers.demo import load_demo as load_demo_offers  # noqa: PLC0415

        if report := load_demo():
            self.stdout.write(f"Loaded a demo catalogue of {report.created} products.")
        load_demo_offers()

    def _check_clock(self) -> None:
        latest = Session.objects.aggregate(latest=Max("last_seen_at"))["latest"]
        # Not mended: if it is now that the clock is wrong, sessions dated back would soon be deleted as expired.
        if latest and latest > timezone.now() + MARGIN:
            warning = (
                f"Warning: a chat was last seen at {latest:%Y-%m-%d %H:%M} UTC, in the future. The clock was ahead "
                "then or is behind now. Such sessions count as active until that time. Check the clock of this machine."
            )
            self.stderr.write(self.style.WARNING(warning))

    def _check_connections(self, workers: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ROOM)
            ((room,),) = cursor.fetchall()
        each = settings.SHOPMCP_DATABASE_CONNECTIONS
        if workers * each > (most := room - _COMMANDS):
            names = "worker" if workers == 1 else "workers"
            warning = (
                f"Warning: {workers} {names} with {each} connections each may open {workers * each}, and PostgreSQL "
                f"has {room} for all its clients, of which commands need {_COMMANDS}. Calls for which none is left are "
                f"refused. Set SHOPMCP_DATABASE_CONNECTIONS to {max(4, most // workers)}, start fewer workers, or "
                "raise max_connections."
            )
            self.stderr.write(self.style.WARNING(warning))

    def _greet(self, public_url: str) -> None:
        lines = [("MCP URL", f"{public_url}/mcp"), ("Dashboard", f"{public_url}/dashboard/")]
        # Only to a terminal: the link opens the shop, and must not stay in a log.
        if self.stdout.isatty():
            from shopmcp.sign_in import link_for, staff_user  # noqa: PLC0415 - see the top

            try:
                way_in = f"{link_for(staff_user(), public_url)}  (once, within ten minutes)"
            except ShopError:  # several members of staff, none of whom is `owner`
                way_in = runnable("sign_in_link USERNAME")
            lines.append(("Sign in", way_in))
        for label, text in lines:
            self.stdout.write(f"{label + ':':<11}{text}")
        self.stdout.flush()


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 256:
        raise ArgumentTypeError("the number of workers is from 1 to 256")
    return int(text)


def _check_address(host: str, port: int) -> None:
    """Refuse an address that is taken, before the preparations, which may take minutes."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} on {host} is in use; stop what uses it or choose another --port."
            ) from None
        raise CommandError(f"Cannot listen on {host} port {port}: {error.strerror}.") from None


def _address(host: str, port: int) -> str:
    """Return the URL at which a browser on this machine reaches the server."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}" if port == 80 else f"http://{name}:{port}"


def _command(host: str, port: int, *, workers: int, reload: bool) -> list[str]:
    """Return uvicorn's command line."""
    # A lone process would have asyncio open "::", for IPv6 alone. Nothing stands for every address of both families.
    listens = "" if host == "::" and workers == 1 and not reload else host
    command = [
        "shopmcp.asgi:application",
        *("--app-dir", str(settings.BASE_DIR)),
        *("--host", listens, "--port", str(port)),
        *("--http", "shopmcp.connections:Connection", "--ws", "none"),
        *("--no-server-header", "--no-access-log"),
        # shopmcp/network.py reads their headers, by SHOPMCP_TRUSTED_PROXIES.
        "--no-proxy-headers",
        # So many clients are let in at once; while more come, those who are in are answered first.
        *("--backlog", "256"),
        *("--timeout-keep-alive", str(KEEP_ALIVE), "--timeout-graceful-shutdown", str(GRACE)),
    ]
    if workers > 1:
        command += ["--workers", str(workers)]
    if reload:
        folders = {Path(app.path) for app in apps.get_app_configs()}
        own = sorted(folder for folder in folders if folder.parent == settings.BASE_DIR)
        command += ["--reload", *(part for folder in own for part in ("--reload-dir", str(folder)))]
    return command


def _environment(public_url: str, port: int, *, workers: int) -> dict[str, str]:
    """Return what the server's processes start with: settings that are made for this PUBLIC_URL."""
    environment = {**os.environ, "PUBLIC_URL": public_url}
    environment.pop(metrics.FOLDER, None)
    if workers > 1:
        environment[metrics.FOLDER] = str(_metrics_folder(port))
    # The command works in any folder, and imports nothing from there.
    path = (str(settings.BASE_DIR), environment.get("PYTHONPATH"))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    return environment


def _become(command: list[str], environment: dict[str, str]) -> None:
    """Replace this process by the server, so that signals reach it. A supervisor loads nothing of the shop."""
    python = [sys.executable, "-P", "-W", f"ignore:{_NO_WARNING}"]
    os.execve(sys.executable, [*python, "-m", "shopmcp.process", *command], environment)


def _metrics_folder(port: int) -> Path:
    """Return an empty folder for the workers' counters; no other server of this data folder has the same port."""
    folder = Path(settings.DATA_DIR, "metrics", str(port))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
