"""A real server for tests: `manage.py serve` in a process of its own, with data and a database of its own."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = re.findall(r"^#([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


class Reply(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class LiveServer:
    """`manage.py serve` on a free port of loopback.

    `with LiveServer(tmp_path, "--demo", SHOPMCP_UNKEYED_CALLS="shared") as server:` starts it and waits until it is
    healthy; `stop()`, `kill()` and `start()` may follow each other on the same data. With `TEST_DATABASE_URL` it makes
    a PostgreSQL database for itself, unless `DATABASE_URL` is given, and drops it at the end.
    """

    def __init__(self, data_dir: Path, *options: str, **env: str) -> None:
        self.data_dir = data_dir
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
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), *self.options]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
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
        return self.request("GET", path, headers=headers, timeout=timeout)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float = 30,
    ) -> Reply:
        """Send one request; redirects are not followed, and every status is an answer."""
        request = urllib.request.Request(f"{self.url}{path}", data=body, method=method, headers=dict(headers or {}))
        try:
            with _OPENER.open(request, timeout=timeout) as response:
                return Reply(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())

    def call_tool(self, name: str, *, meta: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
        """POST one `tools/call` as a client of the 2025-06-18 revision and return its result."""
        params = {"name": name, "arguments": arguments, "_meta": meta or {}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2025-06-18",
        }
        answer = self.request("POST", "/mcp", json.dumps(message).encode(), headers).json()
        result: dict[str, Any] = answer["result"]
        return result

    def _make_database(self, server: str) -> str:
        self._database = f"shopmcp_live_{secrets.token_hex(6)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._database}"')
        return urlsplit(server)._replace(path=f"/{self._database}").geturl()


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


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler({}))
