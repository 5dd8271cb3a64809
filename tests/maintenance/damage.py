"""Each kind of damage to a shop's data, made by hand; `DAMAGE` says which finding of `doctor` it is."""

from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, models, transaction
from django.utils import timezone

from analytics.models import Checkpoint, Tally
from carts.cart import MAX_LINES
from carts.models import Cart, Line, Session, SessionWarning, Tombstone
from catalog.models import Entry, ImportRun, Product, ProductIdentity, StockMove, Store
from catalog.search.engines import engine
from catalog.search.index import reindex
from catalog.services.products import create_product

HOUR = timedelta(hours=1)


@contextmanager
def without_rules(*checks, indexes=()):
    """Take what the database would refuse: foreign keys, these checks of values, these indexes."""
    sqlite = connection.vendor == "sqlite"
    if sqlite:
        run("PRAGMA foreign_keys=OFF")
        run("PRAGMA ignore_check_constraints=ON")
    else:
        run("SET session_replication_role = replica")
        for table, name in checks:
            run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name in indexes:
        run(f"DROP INDEX {name}")
    yield
    run("PRAGMA foreign_keys=ON" if sqlite else "SET session_replication_role = origin")
    if sqlite:
        run("PRAGMA ignore_check_constraints=OFF")


def run(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def first_cart():
    return Cart.objects.order_by("pk").first()


def honey():
    return Product.objects.get(sku="honey")


def delete_session():
    with without_rules():
        run("DELETE FROM carts_session WHERE id = %s", first_cart().session_id)


def delete_cart():
    with without_rules():
        run("DELETE FROM carts_cart WHERE id = %s", first_cart().pk)


def delete_product():
    sold = ProductIdentity.objects.get(sku="tahini").pk
    engine().remove(list(Entry.objects.filter(product=sold).values_list("key", flat=True)))
    with without_rules():
        run("DELETE FROM catalog_product WHERE identity_id = %s", sold)
        run("DELETE FROM catalog_productidentity WHERE id = %s", sold)


def delete_identity():
    """Of a product that no cart holds; its versions stay."""
    engine().remove(list(Entry.objects.filter(product__sku="gone").values_list("key", flat=True)))
    with without_rules():
        run("DELETE FROM catalog_productidentity WHERE sku = 'gone'")


def wrong_item_count():
    run("UPDATE carts_cart SET item_count = item_count + 1 WHERE id = %s", first_cart().pk)


def version_behind():
    run("UPDATE carts_cart SET version = version - 1 WHERE id = %s", first_cart().pk)


def version_ahead():
    run("UPDATE carts_cart SET version = version + 2 WHERE id = %s", first_cart().pk)


def gap():
    run("DELETE FROM carts_change WHERE cart_id = %s AND version = 2", first_cart().pk)


def store_missing():
    run("UPDATE carts_cart SET store_id = NULL, currency = '' WHERE id = %s", first_cart().pk)


def store_left():
    run("UPDATE carts_cart SET store_id = %s, currency = 'ILS' WHERE item_count = 0", Store.objects.get().pk)


def other_store():
    other = Store.objects.create(slug="other", name="Other", currency="EUR")
    run("UPDATE carts_cart SET store_id = %s, currency = 'EUR' WHERE id = %s", other.pk, first_cart().pk)
    Tombstone.objects.create(public_id="s_x")


def too_small():
    with without_rules(("carts_line", "quantity_from_1_to_999")):
        line = Line.objects.filter(cart=first_cart()).latest("pk")
        run("UPDATE carts_line SET quantity = 0 WHERE id = %s", line.pk)
        run("UPDATE carts_cart SET item_count = item_count - %s WHERE id = %s", line.quantity, line.cart_id)


def too_many():
    with without_rules(("carts_line", "quantity_from_1_to_999")):
        line = Line.objects.filter(cart=first_cart()).latest("pk")
        run("UPDATE carts_line SET quantity = 1200 WHERE id = %s", line.pk)
        run("UPDATE carts_cart SET item_count = item_count + %s WHERE id = %s", 1200 - line.quantity, line.cart_id)


def many_lines():
    store, cart = Store.objects.get(), first_cart()
    for n in range(MAX_LINES):
        product = create_product(store, sku=f"p{n}", name=f"Product {n}", price="1")
        Line.objects.create(
            cart=cart, product=product.identity, quantity=1, price_when_added=1, price_told=1, stock_told=None
        )
    Cart.objects.filter(pk=cart.pk).update(item_count=cart.item_count + MAX_LINES)


def second_cart():
    with without_rules(indexes=["one_open_cart_per_session"]):
        Cart.objects.create(public_id="c_second", session=first_cart().session)


def doubled_digest():
    loose = models.CharField(max_length=43, null=True)
    loose.set_attributes_from_name("digest")
    loose.model = Session
    with connection.schema_editor() as editor:
        editor.alter_field(Session, Session._meta.get_field("digest"), loose)
    one, two = Session.objects.order_by("pk")[:2]
    run("UPDATE carts_session SET digest = %s WHERE id = %s", one.digest, two.pk)


def seen_tomorrow():
    Session.objects.filter(pk=first_cart().session_id).update(last_seen_at=timezone.now() + timedelta(days=1))


def strange_warning():
    now = timezone.now()
    SessionWarning.objects.create(kind="from_elsewhere", first_at=now, last_at=now)


def renamed_product():
    run("UPDATE catalog_product SET public_id = 'shop:honig' WHERE id = %s", honey().pk)


def product_of_another_store():
    other = Store.objects.create(slug="other", name="Other", currency="EUR")
    run("UPDATE catalog_product SET store_id = %s WHERE sku = 'gone'", other.pk)
    reindex(ProductIdentity.objects.filter(sku="gone").values_list("pk", flat=True))


def two_versions():
    version = Product.objects.get(sku="tahini")
    with without_rules(indexes=["one_version_stays"]):
        version.pk = None
        version.save(force_insert=True)


def negative_price():
    with without_rules(("catalog_product", "price_not_negative")):
        run("UPDATE catalog_product SET price = -1 WHERE sku = 'unpriced'")
    reindex(ProductIdentity.objects.filter(sku="unpriced").values_list("pk", flat=True))


def more_went():
    run("UPDATE catalog_productidentity SET stock_moved = -5 WHERE sku = 'last'")
    last = ProductIdentity.objects.get(sku="last")
    StockMove.objects.create(product=last, pieces=-5, reason=StockMove.Reason.EARLIER)
    reindex([last.pk])


def move_missing():
    run("UPDATE catalog_productidentity SET stock_moved = 3 WHERE sku = 'last'")
    reindex(ProductIdentity.objects.filter(sku="last").values_list("pk", flat=True))


def import_that_died():
    ImportRun.objects.create(slug="shop", alive_at=timezone.now() - HOUR)


def import_from_the_future():
    ImportRun.objects.create(slug="shop", alive_at=timezone.now() + timedelta(days=2))


def entry_missing():
    Entry.objects.filter(product=honey().identity_id).delete()


def entry_with_another_price():
    run("UPDATE catalog_entry SET price = 5, digest = %s WHERE product_id = %s", b"x" * 16, honey().identity_id)


def entry_without_text():
    if connection.vendor == "sqlite":
        run("DELETE FROM catalog_entry_text WHERE rowid IN (SELECT key FROM catalog_entry WHERE category = 'Pantry')")
    else:
        run("UPDATE catalog_entry SET terms = NULL WHERE category = 'Pantry'")


def stale_search_text():
    run("UPDATE catalog_product SET name_key = ' other ' WHERE id = %s", honey().pk)


def day_that_is_no_sum():
    day = Tally.objects.filter(everybody=True, grain="day", kind="calls").earliest("start")
    run("UPDATE analytics_tally SET count = count + 3 WHERE id = %s", day.pk)


def hour_miscounted():
    hour = Tally.objects.filter(everybody=False, grain="hour", kind="calls").order_by("start")[3]
    at = {"everybody": False, "kind": "calls", "client": hour.client}
    with transaction.atomic():
        for found in (
            Tally.objects.filter(grain="hour", start=hour.start, **at),
            Tally.objects.filter(grain="hour", start=hour.start, everybody=True, kind="calls"),
            Tally.objects.filter(grain="day", start=hour.start.replace(hour=0), **at),
            Tally.objects.filter(grain="day", start=hour.start.replace(hour=0), everybody=True, kind="calls"),
        ):
            found.update(count=models.F("count") + 2)


def counted_into_the_future():
    Checkpoint.objects.update(call=10_000)


def open_key(folder):
    (folder / "secret_key").write_text("x" * 50)
    (folder / "secret_key").chmod(0o644)


# Each with the code that is found, and whether it can be mended.
DAMAGE = {
    delete_session: ("orphans", True),
    delete_cart: ("orphans", True),
    delete_product: ("orphans", True),
    delete_identity: ("orphans", True),
    wrong_item_count: ("item_count", True),
    version_behind: ("version", True),
    version_ahead: ("version", True),
    gap: ("history_gap", True),
    store_missing: ("cart_store", True),
    store_left: ("cart_store", True),
    other_store: ("cart_store", True),
    too_small: ("quantity", True),
    too_many: ("quantity", True),
    many_lines: ("too_many_lines", False),
    second_cart: ("two_open_carts", False),
    doubled_digest: ("duplicate_digest", False),
    seen_tomorrow: ("session_from_future", False),
    strange_warning: ("unknown_warning", True),
    renamed_product: ("product_identity", True),
    product_of_another_store: ("product_identity", True),
    two_versions: ("two_versions", False),
    negative_price: ("negative_price", False),
    more_went: ("stock", True),
    move_missing: ("stock_moves", True),
    import_that_died: ("import_left", True),
    import_from_the_future: ("import_left", True),
    entry_missing: ("search_index", True),
    entry_with_another_price: ("search_index", True),
    entry_without_text: ("search_index", True),
    stale_search_text: ("search_index", True),
    day_that_is_no_sum: ("tally_sum", True),
    hour_miscounted: ("tally_records", True),
    counted_into_the_future: ("checkpoint", True),
}
