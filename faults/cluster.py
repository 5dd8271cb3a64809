"""A PostgreSQL cluster of our own, to be stopped, frozen and filled up."""

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

import psycopg

from faults.outcome import NotRunError
from tests.live import free_port
from tests.processes import signal_all


def _programs() -> Path | None:
    if (found := shutil.which("initdb")) is not None:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


PROGRAMS = _programs()


def _user() -> str | None:
    """The user who runs the cluster: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None)


class Cluster:
    """A PostgreSQL server on a free port of loopback, with its files in `folder`.

    Args:
        folder: An empty folder that its user can reach.
        options: Further settings, such as `max_connections=20`.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        if PROGRAMS is None:
            raise NotRunError("the programs of a PostgreSQL server are not installed")
        self.folder, self.port, self._user = folder, free_port(), _user()
        self._options = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"]
        self._options += options
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if self._user:
            shutil.chown(folder, self._user)
        command = [str(PROGRAMS / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*command, "--no-sync"], check=True, stdout=subprocess.DEVNULL, user=self._user, cwd="/")

    def address(self, database: str, *, port: int | None = None) -> str:
        """The address of a database, through another port if one is given."""
        return f"postgres://postgres@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        options = [part for option in self._options for part in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            command = [str(PROGRAMS / "postgres"), "-D", str(self.folder / "data"), *options] if PROGRAMS else []
            self.process = subprocess.Popen(command, stdout=log, stderr=log, user=self._user, cwd="/")
        until = monotonic() + 60
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if monotonic() > until or self.process.poll() is not None:
                    raise AssertionError(f"PostgreSQL does not start; see {self.folder / 'log'}") from None
                sleep(0.05)

    def stop(self, by: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT cuts connections and ends in order, SIGQUIT ends at once as a crash does."""
        if self.process is not None:
            self.thaw()
            self.process.send_signal(by)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.kill()

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            signal_all(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """Stop all its processes without ending any: connections stay open, nothing answers."""
        if self.process is not None:
            signal_all(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.process is not None and self.process.poll() is None:
            signal_all(self.process.pid, signal.SIGCONT)

    def execute(self, statement: str, *, database: str = "postgres") -> None:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement)
