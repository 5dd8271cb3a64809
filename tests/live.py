"""Real servers for tests: `manage.py serve` in a process of its own, and any ASGI application in a thread."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final, Self
from urllib.parse import urlsplit

import psycopg
import uvicorn

from shopmcp.connections import Connection
from tests import prepared
from tests.rpc import Reply, rpc, send

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


# Of the honey any number can be bought.
GOODS = """sku,name,category,price,stock,image,url,description
honey,"Honey, ""wild"" 1 ק""ג",Pantry,24.90,,https://example.com/honey.png,https://example.com/honey,From the hills.
tahini,טחינה גולמית,Pantry,18.50,,,,
last,Last <b>cup</b>,Kitchen,9.90,3,,,
gone,Sold-out cup,Kitchen,9.90,0,,,
unpriced,Cup without a price,Kitchen,,,,,
"""


# For those who send more calls than strangers may.
ROOMY: Final = {
    "SHOPMCP_SESSION_CALLS": "100000/s:1000000",
    "SHOPMCP_NEW_SESSIONS": "100000/s:1000000",
    "SHOPMCP_NEW_UNKEYED": "100000/s:1000000",
}


class LiveServer:
    """`manage.py serve` on a free port of loopback.

    `with LiveServer(tmp_path, "--demo", SHOPMCP_UNKEYED_CALLS="shared") as server:` starts it and waits until it is
    healthy; `stop()`, `kill()` and `start()` may follow each other on the same data. With `TEST_DATABASE_URL` it makes
    a PostgreSQL database for itself, unless `DATABASE_URL` is given, and drops it at the end. A shop that never started
    gets its tables and static files from a copy, and the address that it will serve, unless it begins `from_nothing()`.
    """

    def __init__(self, data_dir: Path, *options: str, **env: str) -> None:
        self.data_dir = data_dir
        # Whether its first start makes all, or gets a copy.
        self._makes_all = "DATABASE_URL" in env
        self.options = options
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._database = ""
        database = env.pop("DATABASE_URL", None)
        if database is None and os.environ.get("TEST_DATABASE_URL"):
            database = self._make_database(os.environ["TEST_DATABASE_URL"])
        self.env = clean_env(SHOPMCP_DATA_DIR=str(data_dir), DATABASE_URL=database or "", **env)

    def from_nothing(self) -> Self:
        """Have its first start make everything itself."""
        self._makes_all = True
        return self

    def copied(self) -> Self:
        """Give it its copy now: a command may come before its first start."""
        if not self._makes_all:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            server = os.environ["TEST_DATABASE_URL"] if self._database else ""
            prepared.fill(self.data_dir, server, self._database, _prepare)
            # A start at another address than the last one loads the shop twice.
            prepared.note_address(self.data_dir, self.url)
            self._makes_all = True  # from now on it is a shop like any other
        return self

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:  # also an interrupt: nothing may be left behind
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop it and drop its database."""
        self.stop()
        if self._database:
            with psycopg.connect(os.environ["TEST_DATABASE_URL"], autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{self._database}" WITH (FORCE)')

    @property
    def mcp_url(self) -> str:
        return f"{self.url}/mcp"

    @property
    def output(self) -> str:
        """What it has printed and logged since its first start."""
        return self.log.read_text()

    def start(self, *, within: float = 60) -> None:
        """Start it and wait until /healthz answers."""
        self.begin()
        self.await_health(within=within)

    def begin(self) -> None:
        """Start it without waiting."""
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), *self.options]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.copied()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def await_health(self, *, within: float = 60) -> None:
        """Wait until /healthz answers."""
        assert self.process is not None
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with code {self.process.returncode}:\n{self.output}")
            try:
                if self.get("/healthz", timeout=5).status == 200:
                    return
            except OSError:
                pass  # it does not listen yet
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"serve was not healthy within {within} seconds:\n{self.output}")

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, wait for that, and return its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(by)
        try:
            return self.process.wait(timeout=30)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def manage(self, *arguments: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a management command on the same data."""
        result = manage(*arguments, env={**self.env, **env})
        if check and result.returncode:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}")
        return result

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, timeout: float = 30) -> Reply:
        return send(self.url, method="GET", path=path, headers=headers or {}, timeout=timeout)

    def call_tool(self, name: str, *, meta: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        """POST one `tools/call` as a client of the 2025-06-18 revision and return its result."""
        params = {"name": name, "arguments": arguments, "_meta": meta or {}}
        result: dict[str, Any] = rpc(self.url, "2025-06-18", "tools/call", params).json["result"]
        return result

    def _make_database(self, server: str) -> str:
        self._database = f"shopmcp_live_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._database}"')
        return _address(server, self._database)


def _prepare(data_dir: Path, database: str) -> None:
    env = {"DATABASE_URL": _address(os.environ["TEST_DATABASE_URL"], database)} if database else {}
    with LiveServer(data_dir, **env).from_nothing():
        pass


def _address(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()


def manage(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` in a process of its own."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


def clean_env(**env: str) -> dict[str, str]:
    """This process's environment without any of the shop's settings but the given ones.

    Set and empty means unset, and keeps a developer's `.env` file from answering instead.
    """
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**kept, **dict.fromkeys(SETTINGS, ""), **env}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], object], what: str, *, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {within} seconds"
        time.sleep(0.05)


class Address(str):
    """Where a server answers; `stopping` is set when it begins to stop."""

    stopping: Event


class _Server(uvicorn.Server):
    def __init__(self, config):
        super().__init__(config)
        self.ready, self.stopping = Event(), Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.ready.set()

    async def shutdown(self, sockets=None):
        self.stopping.set()
        await super().shutdown(sockets)


@contextmanager
def serving(app, *, lifespan="off", **options):
    """Serve an ASGI application for as long as the block runs; gives its address.

    Args:
        options: Further options of uvicorn's.
    """
    options = {"http": Connection, "log_config": None, "access_log": False} | options
    server = _Server(uvicorn.Config(app, lifespan=lifespan, **options))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert server.ready.wait(60)
            address = Address(f"http://127.0.0.1:{listening.getsockname()[1]}")
            address.stopping = server.stopping
            yield address
        finally:
            server.should_exit = True
            thread.join(20)
