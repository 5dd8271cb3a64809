"""`manage.py benchmark_analytics`: time the owner's pages over a million sessions."""

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle
from statistics import median
from time import perf_counter, process_time
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone

from analytics.held import add_up
from analytics.models import Checkpoint
from analytics.reports import summary
from analytics.services import STEP, roll_up
from benchmarks.timing import opening, timed
from carts.models import CallRecord, Session
from catalog.imports.importing import load_demo
from catalog.models import Product, ProductIdentity, Store
from shopmcp.commands import ShopCommand
from shopmcp.static import make_static_ready

ADDRESSES = (
    "/dashboard/",
    "/dashboard/?state=unkeyed",
    "/dashboard/sessions/",
    "/dashboard/sessions/?state=abandoned",
    "/dashboard/sessions/?client=codex",
    "/dashboard/analytics/?period=day",
    "/dashboard/analytics/?period=week",
    "/dashboard/analytics/?period=month",
    "/dashboard/analytics/?period=month&client=codex",
    "/dashboard/sessions/?state=active",
    "/dashboard/sessions/?q=0001",
    "/dashboard/sessions/?q=word7",
    "/dashboard/sessions/?missed=word8",
    "/dashboard/searches/?period=month",
    "/dashboard/stuck/?period=month",
    "/dashboard/warnings/",
    "/dashboard/warnings/unkeyed/",
    "/dashboard/products/",
    "/dashboard/products/?state=sold_out",
    "/dashboard/products/?q=bread",
    "/dashboard/products/new/",
    "/dashboard/stores/",
    "/dashboard/stores/demo/",
    "/dashboard/stores/demo/texts/",
    "/dashboard/stores/demo/remove/",
    "/dashboard/imports/",
    "/dashboard/orders/",
    "/dashboard/customers/",
    "/dashboard/keys/",
    "/dashboard/health/",
    "/dashboard/messages/",
    "/dashboard/messages/failed/",
    "/dashboard/synonyms/",
    "/dashboard/delivery/",
    "/dashboard/coupons/",
    "/dashboard/webhooks/",
    "/dashboard/preview/",
    "/dashboard/sign-in/",
    "/api/analytics/summary",
    "/api/analytics/products",
    "/api/sessions",
    "/api/carts",
)
_TOOLS = ("search_products", "get_product", "add_to_cart")
_PRODUCTS = 500
_DAYS = timedelta(days=30)


class Command(ShopCommand):
    help = "Fill an empty database with sessions of a month, and time the owner's pages over them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sessions", type=int, default=1_000_000, help="three calls each (default: a million)")
        parser.add_argument("--keep", action="store_true", help="fill nothing: time what an earlier run left")
        parser.add_argument("--address", action="append", help="a page to time, instead of the usual ones; repeatable")
        parser.add_argument("--rounds", type=int, default=9, help="how often each page is asked for (default: 9)")

    def handle(
        self, *args: Any, sessions: int, keep: bool, address: list[str] | None, rounds: int, **options: Any
    ) -> str:
        if not keep:
            if Session.objects.exists():
                raise CommandError("This database has sessions in it. Name an empty one by DATABASE_URL.")
            load_demo()
            make_static_ready()
            self._timed("filled", lambda: fill_sessions(sessions))
            self._timed("counted", fill_tallies)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        self.stdout.write(
            f"{connection.vendor}: {Session.objects.count()} sessions, {CallRecord.objects.count()} calls"
        )
        now = timezone.now()
        self._measure("summary of a month", lambda: summary(now - _DAYS, now), rounds)
        self._measure_steps(rounds)
        user, _ = get_user_model().objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
        client = Client(HTTP_HOST=settings.LOOPBACK_HOSTS[0])
        client.force_login(user)
        newest = Session.objects.real().order_by("-last_seen_at", "-id").values_list("public_id", flat=True)[0]
        usual = (*ADDRESSES, f"/dashboard/sessions/{newest}/")
        # A server adds up what carts hold beside its requests.
        held = add_up()
        self.stdout.write(f"what carts hold, added up in {held.seconds:.1f} s")
        with patch("dashboard.findings.held", return_value=held):
            slowest = max(self._page(client, page, rounds) for page in address or usual)
        user.delete()
        return f"The slowest page took {slowest:.0f} ms."

    def _page(self, client: Client, address: str, rounds: int) -> float:
        return self._measure(address, opening(client, address), rounds)

    def _measure(self, name: str, act: Callable[[], object], rounds: int) -> float:
        times, own = timed(act, rounds)
        self._tell(name, times, own)
        return median(times)

    def _tell(self, name: str, times: list[float], own: list[float]) -> None:
        self.stdout.write(
            f"{name:50} median {median(times):6.1f} ms, most {max(times):6.1f}, fastest {min(times):6.1f}, "
            f"own processor time {median(own):6.1f}"
        )
        self.stdout.flush()

    def _timed(self, name: str, act: Callable[[], object]) -> None:
        started = perf_counter()
        act()
        self.stdout.write(f"{name} in {perf_counter() - started:.0f} s")
        self.stdout.flush()

    def _measure_steps(self, rounds: int) -> None:
        """Time the counting alone; the calls are inserted between the steps."""
        times, own = [], []
        for n in range(rounds + 1):
            _insert_calls(n)
            started, started_own = perf_counter(), process_time()
            while roll_up():
                pass
            own.append((process_time() - started_own) * 1000)
            times.append((perf_counter() - started) * 1000)
        self._tell(f"a step of the counting, {STEP} calls", times[1:], own[1:])


def fill_sessions(sessions: int) -> None:
    """Fill the tables by SQL, which differs between the databases for times and JSON only."""
    sqlite = connection.vendor == "sqlite"
    start = (datetime.now(UTC) - _DAYS).replace(tzinfo=None).isoformat(" ", "microseconds")
    apart = _DAYS.total_seconds() / sessions
    moment = (
        f"strftime('%Y-%m-%d %H:%M:%f', '{start}', (n * {apart} - {{0}}) || ' seconds')"
        if sqlite
        else f"timestamptz '{start}+00' + (n * {apart} - {{0}}) * interval '1 second'"
    )
    last, first = moment.format("0"), moment.format("n % 1800")
    listed = "json_array({0})" if sqlite else "jsonb_build_array({0})"
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {sessions}) "
    client = "CASE n % 5 WHEN 0 THEN '' WHEN 1 THEN 'codex' WHEN 2 THEN 'Visual Studio Code' ELSE 'openai-mcp' END"
    warning = "CASE n % 20 WHEN 0 THEN 'unkeyed' ELSE '' END"
    source = "CASE n % 20 WHEN 0 THEN 'cart_id' ELSE 'openai/session' END"
    named = "CASE n % 20 WHEN 0 THEN 'default' ELSE 'openai/session' END"
    ids = "'{0}_' || substr('0000000000000000' || n, -16)" if sqlite else "'{0}_' || lpad(n::text, 16, '0')"
    products = list(ProductIdentity.objects.order_by("pk").values_list("pk", flat=True)[:_PRODUCTS])
    low, many = products[0], len(products)
    store = Store.objects.oldest_first()[0]
    product = f"(SELECT public_id FROM catalog_product WHERE identity_id = {low} + n % {many})"
    false = "0" if sqlite else "false"
    statements = [
        f"INSERT INTO carts_session (id, public_id, digest, source, subject, client, is_check, expiry_untold, "
        f"created_at, last_seen_at) {numbers} SELECT n, {ids.format('s')}, 'benchmark-' || n, {source}, '', {client}, "
        f"{false}, {false}, {first}, {last} FROM numbers",
        f"INSERT INTO carts_cart (id, public_id, session_id, store_id, currency, version, item_count, created_at, "
        f"updated_at) {numbers} SELECT n, {ids.format('c')}, n, {store.pk}, '{store.currency}', 1, 1, "
        f"{first}, {last} FROM numbers WHERE n % 3 = 0",
        f"INSERT INTO carts_line (cart_id, product_id, quantity, price_when_added, price_told, withdrawal_told) "
        f"{numbers} SELECT n, {low} + n % {many}, 1, 10, 10, {false} FROM numbers WHERE n % 3 = 0",
    ]
    calls = [
        ("search_products", "'ok'", listed.format("'word' || (n % 40)"), "n % 4", listed.format("")),
        ("get_product", "'ok'", listed.format(""), "NULL", listed.format(product)),
        ("add_to_cart", "CASE n % 3 WHEN 0 THEN 'ok' ELSE 'not_for_sale' END", listed.format(""), "NULL",
         listed.format(product)),
    ]  # fmt: skip
    statements += [
        f"INSERT INTO carts_callrecord (session_id, at, tool, outcome, milliseconds, client, meta_keys, source, "
        f"warning, words, results, products) {numbers} SELECT n, {last}, '{tool}', {outcome}, 1 + n % 50, {client}, "
        f"{listed.format('')}, {named}, {warning}, {words}, {results}, {found} FROM numbers"
        for tool, outcome, words, results, found in calls
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            # Without parameters, a per cent sign stands for itself.
            cursor.execute(statement)
        if not sqlite:
            for table in ("carts_session", "carts_cart"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {sessions})")


def fill_tallies() -> None:
    """Fill the tallies by SQL, because counting a call at a time takes too long.

    Durations and times to answer are made up from the session's key.
    """
    hour, day = (
        ("strftime('%Y-%m-%d %H:00:00', {0})", "strftime('%Y-%m-%d 00:00:00', {0})")
        if connection.vendor == "sqlite"
        else ("date_trunc('hour', {0}, 'UTC')", "date_trunc('day', {0}, 'UTC')")
    )
    low = ProductIdentity.objects.order_by("pk").values_list("pk", flat=True)[0]
    many = min(_PRODUCTS, ProductIdentity.objects.count())
    keyed, unkeyed, filled = "s.source <> 'cart_id'", "s.source = 'cart_id'", "s.id % 3 = 0"
    product, last, calls = "p.public_id", "s.last_seen_at", len(_TOOLS)
    # Kind, name, condition of the sessions, time, count of each.
    kinds = [
        ("sessions", "''", "true", last, 1),
        ("unkeyed", "''", unkeyed, last, 1),
        ("filled", "''", filled, last, 1),
        ("stage", "'searched'", "true", last, 1),
        ("stage", "'viewed'", "true", last, 1),
        ("stage", "'added'", filled, last, 1),
        ("duration", "CAST(s.id % 80 AS varchar)", "true", last, 1),
        ("seen", product, "true", last, 1),
        ("added", product, filled, last, 1),
        ("carts", "''", filled, "s.created_at", 1),
        ("calls", "''", keyed, last, calls),
        ("unkeyed_calls", "''", unkeyed, last, calls),
        ("nameless", "''", unkeyed, last, calls),
        ("refused", "'add_to_cart not_for_sale'", "s.id % 3 <> 0", last, 1),
        ("fruitless", "'word' || (s.id % 40)", "s.id % 4 = 0", last, 1),
        *(("latency", f"'{tool} ' || (s.id % 40)", "true", last, 1) for tool in _TOOLS),
    ]
    with connection.cursor() as cursor:
        for kind, name, where, moment, each in kinds:
            for grain, start in (("hour", hour), ("day", day)):
                for everybody, client in (("true", "''"), ("false", "s.client")):
                    joined = (
                        f"JOIN catalog_product p ON p.identity_id = {low} + s.id % {many}" if name == product else ""
                    )
                    apart = "at, named" if everybody == "true" else f"{client}, at, named"
                    cursor.execute(
                        "INSERT INTO analytics_tally (everybody, client, kind, grain, start, name, count) "
                        f"SELECT {everybody}, {client}, '{kind}', '{grain}', {start.format(moment)} AS at, "
                        f"{name} AS named, {each} * count(*) "
                        f"FROM carts_session s {joined} WHERE {where} GROUP BY {apart}"
                    )
        cursor.execute(
            "INSERT INTO analytics_fact "
            "(session, client, keyed, last_at, seconds, filled, stage, products, cart, whole) "
            f"SELECT s.id, s.client, {keyed}, s.last_seen_at, 60, s.id % 3 = 0, "
            "CASE s.id % 3 WHEN 0 THEN 3 ELSE 2 END, '{}', coalesce(c.id, 0), true "
            "FROM carts_session s LEFT JOIN carts_cart c ON c.session_id = s.id"
        )
    newest = CallRecord.objects.order_by("-pk").values_list("pk", flat=True)[0]
    Checkpoint.objects.update_or_create(pk=1, defaults={"call": newest})


def _insert_calls(n: int) -> None:
    """Insert the calls of one step: of recent sessions and of older ones that come back."""
    rows = Session.objects.real().order_by("-last_seen_at", "-id")
    sessions = [*rows[:100], *rows[1000 + 50 * n : 1050 + 50 * n]]
    products = Product.objects.order_by("identity_id").values_list("public_id", flat=True)[:_PRODUCTS]
    now = timezone.now()
    Session.objects.filter(pk__in=[session.pk for session in sessions]).update(last_seen_at=now)
    CallRecord.objects.bulk_create(
        CallRecord(
            session=session,
            at=now,
            tool=_TOOLS[number % len(_TOOLS)],
            outcome="ok",
            milliseconds=1 + number % 50,
            client=session.client,
            source=session.source,
            products=[products[(7 * number + n) % len(products)]] if number % len(_TOOLS) else [],
        )
        for number, session in zip(range(STEP), cycle(sessions), strict=False)
    )
