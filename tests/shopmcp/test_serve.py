import contextlib
import ctypes
import os
import pty
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.live import ROOT, LiveServer, clean_env, free_port, manage
from tests.rpc import rpc, send

pytestmark = pytest.mark.live


def found(pattern, text):
    match = re.search(pattern, text)
    assert match, f"no {pattern} in {text}"
    return match[1]


def wait_for(condition, what, within=30):
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"no {what} within {within} seconds"
        time.sleep(0.05)


def test_one_command_prepares_everything_and_prints_where_it_is(empty_shop):
    assert f"MCP URL:   {empty_shop.url}/mcp\n" in empty_shop.output
    assert f"Dashboard: {empty_shop.url}/dashboard/\n" in empty_shop.output
    assert empty_shop.get("/healthz").json == {
        "status": "degraded",
        "stores": [],
        "reasons": ["nothing_for_sale"],
    }
    assert empty_shop.get("/dashboard/").headers["location"] == "/admin/login/?next=/dashboard/"


def test_a_log_never_holds_a_sign_in_link(empty_shop):
    assert "sign-in/" not in empty_shop.output


def test_pages_come_with_their_static_files_and_without_the_servers_name(empty_shop):
    page = empty_shop.get("/")
    style = found(r'href="(/static/shopmcp/site\.[0-9a-f]+\.css)"', page.text)

    assert "server" not in page.headers
    assert empty_shop.get(style).status == 200
    assert "immutable" in empty_shop.get(style).headers["cache-control"]
    assert empty_shop.get("/static/shopmcp/site.css").status == 200
    assert "StreamingHttpResponse" not in empty_shop.output


def test_another_host_is_refused_by_the_server_too(empty_shop):
    assert empty_shop.get("/", {"Host": "evil.example"}).status == 400
    assert empty_shop.get("/", {"Host": f"localhost:{empty_shop.port}"}).status == 200


def test_chats_are_answered_on_the_same_address(empty_shop):
    assert "tools" in rpc(empty_shop.url, None, "tools/list").json["result"]
    assert empty_shop.get("/mcp").status == 405


def test_other_commands_know_the_address_and_their_link_signs_in_once(empty_shop):
    path = empty_shop.manage("sign_in_link").stdout.strip().removeprefix(empty_shop.url)

    page = empty_shop.get(path)
    cookie = page.headers["set-cookie"].split(";")[0]
    token = found(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    form = f"csrfmiddlewaretoken={token}".encode()

    assert send(empty_shop.url, form, headers, path=path).headers["location"] == "/dashboard/"
    assert send(empty_shop.url, form, headers, path=path).status == 410


def test_a_stopped_server_ends_cleanly_and_starts_again_on_the_same_data(own_shop):
    server = own_shop()
    server.manage("createsuperuser", "--noinput", "--username", "dana", "--email", "dana@example.com")
    key = (server.data_dir / "secret_key").read_text()

    assert server.stop() == 0
    server.start()

    assert (server.data_dir / "secret_key").read_text() == key
    users = "from django.contrib.auth.models import User; print([user.username for user in User.objects.all()])"
    assert "['dana']" in server.manage("shell", "-c", users).stdout


@pytest.mark.parametrize("options", [(), ("--workers", "2"), ("--reload",)], ids=" ".join)
@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT], ids=lambda by: by.name)
def test_told_to_stop_it_ends_with_code_0(own_shop, options, by):
    server = own_shop(*options)

    assert server.stop(by) == 0
    assert server.output.rstrip().splitlines()[-1].startswith(("INFO:     Finished", "INFO:     Stopping"))
    assert "Traceback" not in server.output


@pytest.mark.parametrize("options", [("--workers", "2"), ("--reload",)], ids=" ".join)
def test_workers_end_with_their_supervisor_and_free_the_port(tmp_path, options):
    with LiveServer(tmp_path / "data", *options) as server:
        server.kill()

        def is_free():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", server.port)) != 0

        wait_for(is_free, "free port")
        server.start()
        assert server.get("/healthz").status == 200


def test_it_is_served_from_any_folder(tmp_path):
    (tmp_path / "shopmcp").mkdir()
    (tmp_path / "shopmcp" / "__init__.py").write_text("raise SystemExit('not the project')")
    port = free_port()
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)]
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path / "data"))
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: "startup complete" in (tmp_path / "log").read_text(), "start")
    finally:
        process.terminate()
        code = process.wait(timeout=30)

    assert code == 0


def test_the_demo_is_loaded_into_an_empty_catalogue_and_only_there(own_shop):
    server = own_shop("--demo")
    (store,) = server.get("/healthz").json["stores"]
    assert store["slug"] == "demo"
    assert store["products"] >= 50
    assert "Loaded a demo catalogue" in server.output

    server.restart()
    assert server.get("/healthz").json["stores"] == [store]
    assert server.output.count("Loaded a demo catalogue") == 1


def test_a_search_index_that_is_missing_or_of_an_earlier_version_is_made_anew(own_shop):
    server = own_shop("--demo")
    found = server.call_tool("search_products", query="quinoa")["structuredContent"]
    assert found["total"]
    assert "search index" not in server.output

    for times, outdated in enumerate(("Revision.objects.update(layout=1)", "Entry.objects.all().delete()"), start=1):
        server.stop()
        server.manage("shell", "-c", f"from catalog.models import Entry, Revision; {outdated}")
        server.start()
        assert server.output.count("The search index is missing or of an earlier version") == times
        assert server.call_tool("search_products", query="quinoa")["structuredContent"] == found

    server.restart()
    assert server.output.count("search index") == 2


def test_a_public_address_is_printed_and_trusted_and_loopback_stays_served(own_shop):
    server = own_shop(PUBLIC_URL="https://shop.example.com")

    assert "MCP URL:   https://shop.example.com/mcp\n" in server.output
    assert server.manage("sign_in_link").stdout.startswith("https://shop.example.com/sign-in/")
    assert server.get("/").status == 200

    # The proxy that ends TLS runs on this machine, and is believed.
    proxied = server.get("/", {"Host": "shop.example.com", "X-Forwarded-Proto": "https"})
    assert proxied.status == 200
    assert "max-age=31536000" in proxied.headers["strict-transport-security"]
    assert "secure" in proxied.headers["set-cookie"].lower()


def test_a_sign_in_link_works_through_a_tunnel_that_replaces_the_host_if_it_says_so(own_shop):
    server = own_shop(PUBLIC_URL="https://shop.example.com")
    path = urlsplit(server.manage("sign_in_link").stdout.strip()).path

    told = server.get(path)
    assert (told.status, "X-Forwarded-Host" in told.text) == (403, True)
    assert server.get(path, {"X-Forwarded-Host": "shop.example.com"}).status == 200
    assert server.get(path, {"X-Forwarded-Host": "other.example.com"}).status == 403


def test_only_the_proxies_that_a_setting_names_are_believed(own_shop):
    server = own_shop(PUBLIC_URL="https://shop.example.com", SHOPMCP_TRUSTED_PROXIES="192.0.2.1")

    told = server.get("/", {"Host": "shop.example.com", "X-Forwarded-Proto": "https"})

    assert "strict-transport-security" not in told.headers


def test_several_workers_on_sqlite_are_served_with_a_warning_that_says_why_not(own_shop):
    server = own_shop("--workers", "2", DATABASE_URL="")

    assert "Warning: SQLite takes one writer at a time" in server.output
    assert server.get("/healthz").status == 200


def test_several_first_starts_at_once_over_one_database_prepare_it_once(tmp_path):
    servers = [LiveServer(tmp_path / "data", "--demo")]
    servers += [LiveServer(tmp_path / "data", "--demo", DATABASE_URL=servers[0].env["DATABASE_URL"]) for _ in range(2)]
    for number, server in enumerate(servers):
        server.log = tmp_path / f"{number}.log"
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(LiveServer.start, servers))
        assert len({str(server.get("/healthz").json) for server in servers}) == 1
        assert sum(server.output.count("Loaded a demo catalogue") for server in servers) == 1
    finally:
        for server in reversed(servers):
            server.close()


def test_in_a_folder_that_all_can_read_the_shops_files_are_its_owners_alone(tmp_path):
    (tmp_path / "data").mkdir(0o755)
    server = LiveServer(tmp_path / "data", DATABASE_URL="")
    server.log = tmp_path / "log"

    def exposed():
        secret = [file for file in (tmp_path / "data").iterdir() if file.is_file()]
        return [file.name for file in secret if file.stat().st_mode & 0o077]

    with server:
        assert {"secret_key", "shopmcp.sqlite3"} <= {file.name for file in (tmp_path / "data").iterdir()}
        assert exposed() == []
        server.stop()
        (tmp_path / "data" / "shopmcp.sqlite3").chmod(0o644)

        assert server.manage("check", "--deploy", check=False).stderr.count("shopmcp.E002") == 1
        server.start()

        assert exposed() == []
        assert "shopmcp.sqlite3; now its owner alone can." in server.output


def test_a_chat_from_the_future_is_told_and_left_as_it_is(tmp_path):
    with LiveServer(tmp_path / "data") as server:
        assert "in the future" not in server.output
        server.stop()
        seen = "datetime(2999, 1, 2, 3, 4, tzinfo=UTC)"
        code = f"from carts.models import Session; from datetime import UTC, datetime; seen = {seen}; "
        server.manage("shell", "-c", code + "Session.objects.create(public_id='s_1', last_seen_at=seen)")

        server.start()

        assert "Warning: a chat was last seen at 2999-01-02 03:04 UTC, in the future." in server.output
        check = "assert Session.objects.get().last_seen_at == seen"
        server.manage("shell", "-c", code + check)


def test_reload_watches_the_projects_own_folders(own_shop):
    watched = found(r"Will watch for changes in these directories: (.*)", own_shop("--reload").output)

    assert str(ROOT / "shopmcp") in watched
    assert ".venv" not in watched


@pytest.mark.parametrize(
    ("staff", "way_in"),
    [((), r"http://127.0.0.1:\d+/sign-in/\S+"), (("alice", "bob"), "manage.py sign_in_link USERNAME")],
)
def test_a_terminal_is_told_the_way_in(tmp_path, staff, way_in):
    ours, theirs = pty.openpty()
    command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), NO_COLOR="1")
    if staff:
        manage("migrate", env=env)
    for name in staff:
        manage("createsuperuser", "--noinput", "--username", name, "--email", f"{name}@example.com", env=env)
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        os.set_blocking(ours, False)
        seen = b""

        def read():
            nonlocal seen
            with contextlib.suppress(OSError):  # nothing to read yet
                seen += os.read(ours, 65536)
            return b"startup complete" in seen

        wait_for(read, "start")
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(ours)

    assert found(f"Sign in: +({way_in})", seen.decode())


def test_a_port_in_use_is_told_in_one_line_before_anything_is_prepared(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = manage("serve", "--port", str(port), env=clean_env(SHOPMCP_DATA_DIR=str(tmp_path)))

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"CommandError: Port {port} on 127.0.0.1 is in use; stop what uses it or choose another --port."
    ]
    assert not (tmp_path / "shopmcp.sqlite3").exists()
    assert not (tmp_path / "static").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "0"], "a port is a number from 1 to 65535"),
        (["--port", "http"], "a port is a number from 1 to 65535"),
        (["--workers", "0"], "the number of workers is from 1 to 256"),
        (["--reload", "--workers", "2"], "--reload works with one worker only"),
        (["--host", "no.such.host.invalid"], "Cannot listen on no.such.host.invalid"),
    ],
)
def test_options_that_cannot_work_are_refused_in_words(tmp_path, options, words):
    result = manage("serve", *options, env=clean_env(SHOPMCP_DATA_DIR=str(tmp_path)))

    assert result.returncode != 0
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "shopmcp.sqlite3").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://nobody:secret@127.0.0.1:1/nothing"),
        ("SHOPMCP_DATA_DIR", "{here}"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_one_line_that_names_the_setting(tmp_path, name, value):
    (tmp_path / "shopmcp.sqlite3").write_text("this is no database " * 100)
    env = {"SHOPMCP_DATA_DIR": str(tmp_path), name: value.format(here=tmp_path)}
    result = manage("serve", "--port", str(free_port()), env=clean_env(**env))

    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"CommandError: The database that {name} names cannot be used: ")
    assert "secret" not in line


def test_a_disk_that_takes_no_more_is_told_in_one_line_that_names_the_folder(tmp_path):
    def fill_up():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DATABASE_URL="")
    result = subprocess.run(
        command, cwd=ROOT, env=env, preexec_fn=fill_up, capture_output=True, text=True, timeout=120, check=False
    )

    assert result.returncode == 1
    assert result.stderr.splitlines() == [f"CommandError: {tmp_path} cannot be written: File too large."]


@pytest.mark.skipif(sys.platform != "linux", reason="taking a right from root is Linux's")
def test_a_database_that_cannot_be_written_is_told_before_any_chat_hears_of_it(tmp_path):
    def obey_file_modes():
        # Root writes where no mode lets it; what this program starts shall not (prctl: PR_CAPBSET_DROP, DAC_OVERRIDE).
        ctypes.CDLL(None).prctl(24, 1)

    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DATABASE_URL="")
    manage("migrate", env=env)
    (tmp_path / "shopmcp.sqlite3").chmod(0o444)
    command = [sys.executable, "manage.py", "serve", "--port", str(free_port())]
    result = subprocess.run(
        command, cwd=ROOT, env=env, preexec_fn=obey_file_modes, capture_output=True, text=True, timeout=120, check=False
    )

    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "CommandError: The database that SHOPMCP_DATA_DIR names cannot be used: attempt to write a readonly database"
    ]


@pytest.mark.parametrize(("host", "opened"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("localhost", "localhost")])
def test_listening_everywhere_is_printed_as_an_address_that_can_be_opened(tmp_path, host, opened):
    if host == "::" and not has_ipv6_loopback():
        pytest.skip("this machine has no IPv6")
    server = LiveServer(tmp_path / "data", "--host", host)
    server.url = f"http://{opened}:{server.port}"
    with server:
        assert f"MCP URL:   {server.url}/mcp\n" in server.output
        assert server.get("/").status == 200


def has_ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_runserver_serves_pages_and_names_serve_for_chats(tmp_path):
    port = free_port()
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DEBUG="on")
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    url = f"http://127.0.0.1:{port}"
    with (tmp_path / "runserver.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:

        def listening():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_for(listening, "runserver")
        answer = send(url, b"{}")
        assert answer.status == 501
        assert "manage.py serve" in answer.text
        assert send(url, method="GET", path="/").status == 200
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.skipif(not os.environ.get("TEST_DATABASE_URL"), reason="TEST_DATABASE_URL names no PostgreSQL")
def test_more_connections_than_postgresql_gives_are_told_at_the_start_with_their_sum(own_shop):
    server = own_shop("--workers", "2", SHOPMCP_DATABASE_CONNECTIONS="60")

    assert "Warning: 2 workers with 60 connections each may open 120, and PostgreSQL has 97" in server.output
    assert "Set SHOPMCP_DATABASE_CONNECTIONS to 47" in server.output
    assert server.get("/healthz").status == 200
