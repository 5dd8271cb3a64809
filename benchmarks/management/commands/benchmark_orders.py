"""`manage.py benchmark_orders`: time placing orders, and the owner's pages of them, with a million orders."""

from argparse import ArgumentParser
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from time import perf_counter, process_time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from benchmarks.timing import opening, timed
from carts.caller import Caller
from carts.models import Cart, Session
from carts.services.carts import add_items
from carts.services.saving import load_cart, locked_cart
from carts.services.sessions import find_by_public_id
from catalog.imports.importing import load_demo
from catalog.models import Product, Store
from offers.demo import load_demo as load_offers
from offers.models import DeliveryOption
from orders.models import Order, OrderEvent, OrderLine
from orders.services.details import Details
from orders.services.placing import Seen, place_order
from orders.services.quoting import quote
from shopmcp.commands import ShopCommand
from shopmcp.mcp.call import Call
from shopmcp.static import make_static_ready

PAGES = (
    "/dashboard/orders/",
    "/dashboard/orders/?state=placed",
    "/dashboard/orders/?state=open",
    "/dashboard/orders/?store=demo",
    "/dashboard/orders/?q=050-0123456",
    "/dashboard/orders/?q=buyer+77777",
    "/dashboard/orders/?q=77777",
)
_LINES = 5
# Sales of five years, the newest last; one in ten is not completed yet.
_APART = 5 * 365 * 24 * 3600


class Command(ShopCommand):
    help = "Fill an empty database with orders, and time placing further ones and the owner's pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--orders", type=int, default=1_000_000, help="of two lines each (default: a million)")
        parser.add_argument("--placed", type=int, default=500, help="orders of five lines to place (default: 500)")
        parser.add_argument("--rounds", type=int, default=20, help="how often each page is asked for (default: 20)")
        parser.add_argument("--keep", action="store_true", help="fill nothing: time what an earlier run left")

    def handle(self, *args: Any, orders: int, placed: int, rounds: int, keep: bool, **options: Any) -> str:
        if not keep:
            if Session.objects.exists():
                raise CommandError("This database has sessions in it. Name an empty one by DATABASE_URL.")
            load_demo()
            load_offers()
            make_static_ready()
            started = perf_counter()
            fill(orders)
            self.stdout.write(f"filled in {perf_counter() - started:.0f} s")
        self.stdout.write(f"{connection.vendor}: {Order.objects.count()} orders")
        self._place(placed)
        user, _ = get_user_model().objects.get_or_create(username="benchmark", is_staff=True, is_superuser=True)
        client = Client(HTTP_HOST=settings.LOOPBACK_HOSTS[0])
        client.force_login(user)
        newest = Order.objects.newest_first().values_list("number", flat=True)[0]
        slowest = max(self._page(client, page, rounds) for page in (*PAGES, f"/dashboard/orders/{newest}/"))
        user.delete()
        return f"The slowest page took {slowest:.0f} ms at the median."

    def _place(self, number: int) -> None:
        """Place orders of carts that were filled before, each of a session of its own."""
        # So that stock ends no order.
        Product.versions.update(counted=1_000_000, available=True)
        products = list(Product.objects.filter(store__slug="demo", withdrawn_at=None).exclude(price=None))
        option = DeliveryOption.objects.filter(store__slug="demo", kind=DeliveryOption.Kind.PICKUP).first()
        if option is None:
            raise CommandError("The demo store has no pick-up.")
        dice, carts = Random(7), []
        for n in range(number + 1):
            chat = {"openai/session": f"benchmark-{Order.objects.count()}-{n}"}
            caller = Caller(Call("add_to_cart", chat, client="benchmark"))
            with locked_cart(caller) as state:
                add_items(state, [(product.public_id, 1) for product in dice.sample(products, _LINES)])
            carts.append((state.session_public_id, Cart.objects.get(session=state.session_id).public_id))
        store = Store.objects.get(slug="demo")

        def order(n: int) -> None:
            session, cart = carts[n]
            row = find_by_public_id(session)
            assert row is not None  # it was just made
            state = load_cart(row, timezone.now())
            total = quote(state, store, option).sums.total
            details = Details(
                name=f"Dana Levi {n}", phone=f"052-{n:07}", email=f"dana{n}@example.com", delivery=option.pk
            )
            begun, own = perf_counter(), process_time()
            place_order(cart, details, key=f"benchmark-{n}", seen=Seen(state.version, total), network=f"198.18.0.{n}")
            times.append((perf_counter() - begun) * 1000)
            owns.append((process_time() - own) * 1000)

        times: list[float] = []
        owns: list[float] = []
        for n in range(number + 1):
            order(n)
        self._tell(f"placing an order of {_LINES} lines", times[1:], owns[1:])

    def _page(self, client: Client, address: str, rounds: int) -> float:
        times, owns = timed(opening(client, address), rounds)
        self._tell(address, times, owns)
        return _at(0.5, times)

    def _tell(self, name: str, times: list[float], owns: list[float]) -> None:
        self.stdout.write(
            f"{name:45} p50 {_at(0.5, times):6.1f} ms, p99 {_at(0.99, times):6.1f}; "
            f"own processor time p50 {_at(0.5, owns):6.1f}, p99 {_at(0.99, owns):6.1f}"
        )
        self.stdout.flush()


def _at(share: float, times: list[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def fill(orders: int) -> None:
    """Fill sessions, carts, orders, lines and events by SQL, in the form that both databases know."""
    sqlite = connection.vendor == "sqlite"
    store = Store.objects.get(slug="demo")
    product = Product.objects.filter(store=store).values_list("identity", flat=True)[0]
    age = f"(({orders} - n) * {_APART / orders})"
    moment = (
        f"strftime('%Y-%m-%d %H:%M:%f', 'now', -{age} || ' seconds')"
        if sqlite
        else f"now() - {age} * interval '1 second'"
    )
    padded = "substr('0000000' || n, -7)" if sqlite else "lpad(n::text, 7, '0')"
    state = "CASE n % 10 WHEN 0 THEN 'placed' WHEN 1 THEN 'confirmed' WHEN 2 THEN 'cancelled' ELSE 'completed' END"
    _insert(
        Session,
        orders,
        {"id": "n", "public_id": f"'s_' || {padded}", "digest": f"'d' || {padded}", "source": "'openai/session'",
         "created_at": moment, "last_seen_at": moment},
    )  # fmt: skip
    _insert(
        Cart,
        orders,
        {"id": "n", "public_id": f"'c_' || {padded}", "session_id": "n", "store_id": f"{store.pk}", "version": "2",
         "currency": f"'{store.currency}'", "item_count": "2", "ordered_at": moment, "created_at": moment,
         "updated_at": moment},
    )  # fmt: skip
    _insert(
        Order,
        orders,
        {"id": "n", "number": f"'B' || {padded} || 'X'", "store_id": f"{store.pk}", "session_id": "n", "cart_id": "n",
         "request_key": f"'b' || {padded}", "language": "'en'", "state": state, "placed_at": moment,
         "changed_at": moment, "currency": f"'{store.currency}'", "goods": "40", "total": "40", "first_total": "40",
         "name": "'Buyer ' || n", "name_key": "'buyer ' || n", "surname_key": "n || ' buyer'",
         "phone": f"'050' || {padded}", "phone_key": f"'0' || {padded}", "email": "'b' || n || '@example.com'",
         "email_key": "'b' || n || '@example.com'", "delivery_name": "'Pick-up'"},
    )  # fmt: skip
    for place in range(2):
        _insert(
            OrderLine,
            orders,
            {"id": f"n * 2 - {place}", "order_id": "n", "product_id": f"{product}", "position": f"{place}",
             "product_id_then": "'demo:x'", "name": "'Product'", "unit_price": "20", "quantity": "1",
             "first_quantity": "1", "total": "20"},
        )  # fmt: skip
    _insert(OrderEvent, orders, {"id": "n", "order_id": "n", "kind": "'placed'", "actor": "'shopper'", "at": moment})
    with connection.cursor() as cursor:
        made = [Session, Cart, Order, OrderLine, OrderEvent]
        for statement in connection.ops.sequence_reset_sql(no_style(), made):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def _insert(model: type[models.Model], rows: int, expressions: Mapping[str, str]) -> None:
    """Insert rows with these expressions of `n`; other columns get their defaults."""
    columns, values, literals = list[str](), list[str](), list[Any]()
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column not in expressions and field.has_db_default():
            continue
        columns.append(f'"{column}"')
        if column in expressions:
            values.append(expressions[column].replace("%", "%%"))
            continue
        default = field.get_default()
        amount = Decimal(default) if isinstance(field, models.DecimalField) and default is not None else default
        values.append("%s")
        literals.append(field.get_db_prep_save(amount, connection))
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows}) "
    select = f"SELECT {', '.join(values)} FROM numbers"
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'INSERT INTO "{table}" ({", ".join(columns)}) {numbers}{select}', literals)
