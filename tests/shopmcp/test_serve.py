import contextlib
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.live import ROOT, LiveServer, clean_env, free_port, wait_for
from tests.rpc import rpc, send

pytestmark = pytest.mark.live


def found(pattern, text):
    match = re.search(pattern, text)
    assert match, f"no {pattern} in {text}"
    return match[1]


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


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("options", "by"),
    [
        ((), signal.SIGTERM),
        ((), signal.SIGINT),
        (("--workers", "2"), signal.SIGTERM),
        (("--reload",), signal.SIGINT),
    ],
    ids=str,
)
def test_told_to_stop_it_ends_with_code_0(own_shop, options, by):
    server = own_shop(*options)

    for start in (server.start, server.stop):
        assert server.stop(by) == 0
        assert server.output.rstrip().splitlines()[-1].startswith(("INFO:     Finished", "INFO:     Stopping"))
        assert "Traceback" not in server.output
        start()


@pytest.mark.no_database
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


@pytest.mark.no_database
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


@pytest.mark.no_database
def test_several_workers_on_sqlite_are_served_with_a_warning_that_says_why_not(own_shop):
    server = own_shop("--workers", "2", DATABASE_URL="")

    assert "Warning: SQLite takes one writer at a time" in server.output
    assert server.get("/healthz").status == 200


def test_several_first_starts_at_once_over_one_database_prepare_it_once(tmp_path):
    servers = [LiveServer(tmp_path / "data", "--demo").from_nothing()]
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


@pytest.mark.no_database
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


@pytest.mark.no_database
def test_reload_watches_the_projects_own_folders(own_shop):
    watched = found(r"Will watch for changes in these directories: (.*)", own_shop("--reload").output)

    assert str(ROOT / "shopmcp") in watched
    assert ".venv" not in watched


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("staff", "way_in"),
    [((), r"http://127.0.0.1:\d+/sign-in/\S+"), (("alice", "bob"), r"\S+ manage.py sign_in_link USERNAME")],
)
def test_a_terminal_is_told_the_way_in(tmp_path, staff, way_in):
    ours, theirs = pty.openpty()
    shop = LiveServer(tmp_path, NO_COLOR="1").copied()
    command = [sys.executable, "manage.py", "serve", "--port", str(shop.port)]
    for name in staff:
        shop.manage("createsuperuser", "--noinput", "--username", name, "--email", f"{name}@example.com")
    process = subprocess.Popen(command, cwd=ROOT, env=shop.env, stdin=theirs, stdout=theirs, stderr=theirs)
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


@pytest.mark.no_database
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
    with psycopg.connect(os.environ["TEST_DATABASE_URL"]) as database:
        (most,) = database.execute("SHOW max_connections").fetchall()[0]
        (reserved,) = database.execute("SHOW superuser_reserved_connections").fetchall()[0]
    room = int(most) - int(reserved)
    each = room // 2 + 12

    server = own_shop("--workers", "2", SHOPMCP_DATABASE_CONNECTIONS=str(each))

    told = f"2 workers with {each} connections each may open {2 * each}, and PostgreSQL has {room} for all its clients"
    assert f"Warning: {told}" in server.output
    assert f"Set SHOPMCP_DATABASE_CONNECTIONS to {(room - 3) // 2}" in server.output
    assert server.get("/healthz").status == 200
