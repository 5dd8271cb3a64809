"""Cursors are sealed, and pages of rows follow each other."""

from datetime import UTC, datetime, timedelta

import pytest

from carts.models import SessionWarning
from shopmcp.errors import InvalidArguments
from shopmcp.paging import page, seal, unseal

NOON = datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=UTC)


def test_a_cursor_gives_back_what_it_holds():
    assert unseal("carts", seal("carts", NOON, "x", 7)) == ("2026-11-23T12:00:00.000001+00:00", "x", 7)


@pytest.mark.parametrize("text", ["", "x", "a:b", "é", "\ud800", seal("calls", 7), seal("carts", 7)[:-1]])
def test_a_cursor_that_this_list_did_not_give_is_refused_in_words(text):
    with pytest.raises(InvalidArguments, match="does not belong to this list") as refusal:
        unseal("carts", text)

    assert "without a cursor" in refusal.value.fix


@pytest.mark.parametrize(("by", "order"), [("id", [4, 3, 2, 1, 0]), ("last_at", [0, 4, 3, 2, 1])])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_follow_each_other_newest_first_through_equal_moments(db, by, order, limit):
    made = [
        SessionWarning.objects.create(
            kind="unkeyed", client=f"{n}", first_at=NOON, last_at=NOON + timedelta(days=not n)
        )
        for n in range(5)
    ]
    seen, cursor = page("warnings", SessionWarning.objects.all(), limit, by=by)
    while cursor:
        rows, cursor = page("warnings", SessionWarning.objects.all(), limit, cursor, by=by)
        seen += rows

    assert [made.index(row) for row in seen] == order
