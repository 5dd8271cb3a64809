"""What an owner does about warnings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import SessionWarning
from carts.services import warnings
from shopmcp.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_warning():
    def make(client="a", kind="unkeyed", **fields):
        now = timezone.now()
        return SessionWarning.objects.create(kind=kind, client=client, first_at=now, last_at=now, **fields)

    return make


def happen_again(warning):
    SessionWarning.objects.filter(pk=warning.pk).update(last_at=timezone.now() + timedelta(seconds=1), calls=2)


def test_a_new_warning_is_open(make_warning):
    warning = make_warning()

    assert warnings.open_warnings() == [warning]
    assert warnings.settled_warnings() == []


def test_a_fixed_warning_opens_when_it_happens_again(make_warning):
    warning = make_warning()

    assert warnings.mark_fixed(warning.pk).is_fixed
    assert (warnings.open_warnings(), warnings.settled_warnings()) == ([], [warning])

    happen_again(warning)
    (again,) = warnings.open_warnings()
    assert again.has_returned
    assert warnings.settled_warnings() == []


def test_a_muted_warning_stays_closed_whatever_happens(make_warning):
    muted, other = make_warning(), make_warning(kind="malformed_id")
    warnings.mute(muted.pk)
    happen_again(muted)

    assert warnings.open_warnings() == [other]

    warnings.unmute(muted.pk)
    assert muted in warnings.open_warnings()


def test_unmuting_leaves_what_was_fixed_closed_and_opening_does_not(make_warning):
    warning = make_warning()
    warnings.mark_fixed(warning.pk)
    warnings.mute(warning.pk)

    assert warnings.unmute(warning.pk).is_fixed
    assert [warnings.reopen(warning.pk)] == warnings.open_warnings()


def test_settling_keeps_what_is_counted_meanwhile(make_warning):
    warning = make_warning(calls=1)
    happen_again(warning)

    assert warnings.mute(warning.pk).calls == 2


@pytest.mark.parametrize("act", [warnings.mark_fixed, warnings.mute, warnings.unmute, warnings.reopen])
def test_what_there_is_not_cannot_be_settled(make_warning, act):
    warning = make_warning()

    with pytest.raises(NotFound):
        act(warning.pk + 1)

    assert warnings.open_warnings() == [warning]


def test_lists_are_bounded_and_begin_with_the_latest(make_warning):
    older, newer = make_warning("a"), make_warning("b")
    happen_again(newer)

    assert warnings.open_warnings() == [newer, older]
    assert warnings.open_warnings(limit=1) == [newer]
