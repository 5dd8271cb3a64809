"""What an owner does about warnings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import SessionWarning
from carts.services.warnings import settle
from shopmcp.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_warning():
    def make(client="a", kind="unkeyed", **fields):
        now = timezone.now()
        return SessionWarning.objects.create(kind=kind, client=client, first_at=now, last_at=now, **fields)

    return make


def open_warnings():
    return list(SessionWarning.objects.open().newest_first())


def settled_warnings():
    return list(SessionWarning.objects.settled().newest_first())


def happen_again(warning):
    SessionWarning.objects.filter(pk=warning.pk).update(last_at=timezone.now() + timedelta(seconds=1), calls=2)


def test_a_new_warning_is_open(make_warning):
    warning = make_warning()

    assert open_warnings() == [warning]
    assert settled_warnings() == []


def test_a_fixed_warning_opens_when_it_happens_again(make_warning):
    warning = make_warning()

    assert settle(warning.pk, "fixed").state == "fixed"
    assert (open_warnings(), settled_warnings()) == ([], [warning])

    happen_again(warning)
    (again,) = open_warnings()
    assert again.returned
    assert settled_warnings() == []


def test_a_muted_warning_stays_closed_whatever_happens(make_warning):
    muted, other = make_warning(), make_warning(kind="malformed_id")
    settle(muted.pk, "muted")
    happen_again(muted)

    assert open_warnings() == [other]

    settle(muted.pk, "unmuted")
    assert muted in open_warnings()


def test_unmuting_leaves_what_was_fixed_closed_and_opening_does_not(make_warning):
    warning = make_warning()
    settle(warning.pk, "fixed")
    settle(warning.pk, "muted")

    assert settle(warning.pk, "unmuted").state == "fixed"
    assert [settle(warning.pk, "open")] == open_warnings()


def test_settling_keeps_what_is_counted_meanwhile(make_warning):
    warning = make_warning(calls=1)
    happen_again(warning)

    assert settle(warning.pk, "muted").calls == 2


@pytest.mark.parametrize("state", ["fixed", "muted", "unmuted", "open"])
def test_what_there_is_not_cannot_be_settled(make_warning, state):
    warning = make_warning()

    with pytest.raises(NotFound):
        settle(warning.pk + 1, state)

    assert open_warnings() == [warning]


def test_lists_begin_with_the_latest(make_warning):
    older, newer = make_warning("a"), make_warning("b")
    happen_again(newer)

    assert open_warnings() == [newer, older]
