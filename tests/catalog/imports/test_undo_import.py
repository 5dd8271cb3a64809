"""`manage.py undo_import STORE`."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.imports.pruning import REPORTS_LEFT, forget_reports
from catalog.models import ImportRun, Product, Store
from catalog.search.references import named

OLD = "sku,name,price\na,Long red rice,20\nb,Rye bread,10\n"
NEW = "sku,name,price\na,Long red rice,99\nb,Rye bread,10\n"


def undo(store):
    out = StringIO()
    call_command("undo_import", store, stdout=out)
    return out.getvalue()


def test_the_last_import_of_a_store_is_undone_and_named(load):
    load(OLD)
    load(NEW)

    said = undo("shop")

    assert named("shop:a").price == Decimal(20)
    assert said.startswith("shop: the import of ")
    assert "from products.csv is undone. It had created 0, changed 1 and withdrawn 0." in said
    assert ImportRun.objects.latest("id").state == "undone"


@pytest.mark.parametrize(("store", "words"), [("shop", "cannot be undone"), ("other", "The stores are: shop.")])
def test_what_cannot_be_undone_is_refused_in_one_line_and_nothing_is_changed(load, store, words):
    load(OLD)
    load(NEW)
    undo("shop")
    before = list(ImportRun.objects.order_by("id").values())

    with pytest.raises(CommandError) as refused:
        undo(store)

    assert words in str(refused.value)
    assert str(refused.value).endswith("Nothing was changed.")
    assert "\n" not in str(refused.value)
    assert list(ImportRun.objects.order_by("id").values()) == before
    assert named("shop:a").price == Decimal(20)


def test_a_shop_without_imports_says_so(db):
    with pytest.raises(CommandError, match="There is no import into “shop” that could be undone"):
        undo("shop")

    assert not Store.objects.exists()


def test_old_reports_go_but_for_the_newest_and_what_they_published_stays(load):
    load(OLD)
    published = ImportRun.objects.get()
    for _ in range(REPORTS_LEFT + 5):
        ImportRun.objects.create(slug="shop", state="not_modified", hidden=False, ended_at=timezone.now())
    dead = ImportRun.objects.create(slug="other", ended_at=timezone.now())
    young = ImportRun.objects.create(slug="young", state="failed", hidden=False, ended_at=timezone.now())
    forget_reports()
    assert ImportRun.objects.count() == REPORTS_LEFT + 8
    ImportRun.objects.exclude(pk=young.pk).update(ended_at=timezone.now() - timedelta(days=91))

    forget_reports()

    left = set(ImportRun.objects.values_list("pk", flat=True))
    assert {published.pk, dead.pk, young.pk} < left
    assert len(left) == REPORTS_LEFT + 3
    assert Product.objects.count() == 2
    assert named("shop:a").price == Decimal(20)
