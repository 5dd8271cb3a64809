"""Checks of products, their stock, imports and the search index."""

from collections.abc import Iterator

from django.db import transaction
from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.translation import gettext as _

from catalog.imports.lock import end
from catalog.models import Entry, ImportRun, Product, ProductIdentity, StockMove
from catalog.search.engines import engine
from catalog.search.index import reindex
from catalog.search.rebuild import outdated, renew
from maintenance.checks.finding import Finding, named


def identities() -> Iterator[Finding]:
    """Versions whose store, SKU or public id is not that of their product."""
    name = Concat("store__slug", Value(":"), "sku")
    own = Q(store=F("identity__store"), sku=F("identity__sku"), public_id=name)
    wrong = list(Product.versions.exclude(own).order_by("pk").values_list("pk", "public_id"))
    if wrong:

        def mend() -> None:
            for product in Product.versions.select_related("identity__store").filter(pk__in=dict(wrong)):
                of = product.identity
                public_id = f"{of.store.slug}:{of.sku}"
                Product.versions.filter(pk=product.pk).update(store=of.store, sku=of.sku, public_id=public_id)
                renew([of.pk])

        yield Finding(
            "product_identity",
            _("Store, SKU or product id of these products are not their own: %(products)s.")
            % {"products": named(list(dict(wrong).values()))},
            _("Mending takes them from the product that carts point at."),
            mend,
        )


def visible() -> Iterator[Finding]:
    """Products of which two versions count."""
    several = Product.objects.order_by().values("identity").annotate(n=Count("pk")).filter(n__gt=1)
    keys = list(several.values_list("identity", flat=True))
    if keys:
        names = ProductIdentity.objects.filter(pk__in=keys).order_by("pk").values_list("sku", flat=True)
        yield Finding(
            "two_versions",
            _("Two versions of these products count at once: %(products)s.") % {"products": named(list(names))},
            _("Import the store's feed again."),
        )


def prices() -> Iterator[Finding]:
    """Products with a price below 0."""
    wrong = list(Product.versions.filter(price__lt=0).order_by("pk").values_list("public_id", flat=True))
    if wrong:
        yield Finding(
            "negative_price",
            _("These products have a price below 0: %(products)s.") % {"products": named(wrong)},
            _("Correct the price in /admin/, or import the store's feed again."),
        )


def stock() -> Iterator[Finding]:
    """Products of which more went than the feed counted, beyond what is in open orders."""
    below = Product.objects.filter(counted__lt=0 - F("identity__stock_moved") - F("identity__on_order"))
    wrong = list(below.order_by("pk").values_list("pk", "public_id"))
    if wrong:

        def mend() -> None:
            for pk in dict(wrong):
                Product.versions.filter(pk=pk, counted__lt=-_moved(pk)).update(counted=-_moved(pk))
                renew(list(Product.versions.filter(pk=pk).values_list("identity", flat=True)))

        yield Finding(
            "stock",
            _("More pieces went than the feed counted of these products: %(products)s.")
            % {"products": named(list(dict(wrong).values()))},
            _("They show as sold out. Count them and set the stock in /admin/; mending sets it to 0."),
            mend,
        )


def _moved(version: int) -> int:
    return ProductIdentity.objects.values_list("stock_moved", flat=True).get(versions=version)


def moves() -> Iterator[Finding]:
    """Products whose stock moved otherwise than its moves say."""
    summed = ProductIdentity.objects.annotate(found=Coalesce(Sum("moves__pieces"), 0))
    wrong = list(summed.exclude(stock_moved=F("found")).order_by("pk").values_list("pk", "sku"))
    if wrong:

        def mend() -> None:
            for pk, _sku in wrong:
                with transaction.atomic():
                    # Locked as an order that moves it does.
                    list(ProductIdentity.objects.select_for_update().filter(pk=pk).values_list("pk"))
                    found = StockMove.objects.filter(product=pk).aggregate(found=Coalesce(Sum("pieces"), 0))["found"]
                    ProductIdentity.objects.filter(pk=pk).update(stock_moved=found)
                    reindex([pk])

        yield Finding(
            "stock_moves",
            _("The stock of these products moved otherwise than their moves say: %(products)s.")
            % {"products": named([sku for _pk, sku in wrong])},
            _("Mending takes the sum of the moves. Then count the products."),
            mend,
        )


def imports() -> Iterator[Finding]:
    """Imports that hold the lock of their store and do not go on."""
    runs = list(ImportRun.objects.dead().order_by("pk"))
    if runs:

        def mend() -> None:
            for run in runs:
                end(run)

        yield Finding(
            "import_left",
            _("Imports into these stores were left running: %(stores)s.")
            % {"stores": named([run.slug for run in runs])},
            _("Mending ends them and deletes what they wrote, which nobody has seen. Then import again."),
            mend,
        )


def index() -> Iterator[Finding]:
    """Products that searches do not see as they are."""
    missing = ~Q(product__in=ProductIdentity.objects.values("pk"))
    gone = list(Entry.objects.filter(missing).values_list("key", flat=True))
    keys = [pk for batch in outdated() for pk in batch]
    if not keys and not gone:
        return

    def mend() -> None:
        engine().remove(gone)
        renew(keys)

    yield Finding(
        "search_index",
        _("Searches see %(count)d products otherwise than they are.") % {"count": len(keys) + len(gone)},
        _("Mending indexes them anew; manage.py rebuild_search does so for all products."),
        mend,
    )


CHECKS = (identities, visible, prices, stock, moves, imports, index)
