"""`manage.py cleanup_sessions`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from carts.models import Cart, Session
from tests.carts.shop import honey, make_product, store

__all__ = ["honey", "make_product", "store"]


def clean(*arguments):
    out = StringIO()
    call_command("cleanup_sessions", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def old(call_tool, honey):
    call_tool("add_to_cart", product_id="shop:honey")
    then = timezone.now() - timedelta(days=40)
    Session.objects.update(last_seen_at=then)
    Cart.objects.update(updated_at=then)


def test_it_says_in_one_line_what_it_deleted(old):
    assert clean() == (
        "Sessions deleted: 1 (with items: 1), records of calls: 0, stored answers: 0, tombstones: 0. "
        "Messages of the outbox: 0. Orders whose buyer is forgotten: 0.\n"
    )
    assert not Session.objects.exists()


def test_with_nothing_to_delete_it_says_so_in_the_same_line(db):
    assert clean("--older-than", "90m").startswith("Sessions deleted: 0 (with items: 0)")


def test_a_dry_run_says_that_nothing_was_changed(old):
    assert clean("--dry-run").startswith("Dry run, nothing was changed. Sessions to delete: 1 (with items: 1)")
    assert Session.objects.exists()


@pytest.mark.parametrize("age", ["", "0m", "5", "5w", "-1d", "soon", "9999999d"])
def test_a_bad_age_is_refused_in_one_line_and_deletes_nothing(old, age):
    with pytest.raises(CommandError) as refused:
        clean(f"--older-than={age}")

    assert "--older-than" in str(refused.value)
    assert "90m, 24h or 30d" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert Session.objects.exists()
