"""Warnings have an age, so that the names of a flood leave their places."""

from datetime import timedelta

from django.utils import timezone

from carts.models import SessionWarning
from carts.services import cleanup


def warn(client, *, days, **fields):
    then = timezone.now() - timedelta(days=days)
    return SessionWarning.objects.create(kind="unkeyed", client=client, calls=1, first_at=then, last_at=then, **fields)


def test_a_warning_goes_when_its_client_has_stayed_away_for_long(db):
    warn("gone", days=91)
    warn("muted", days=91, muted_at=timezone.now())
    kept = warn("lately", days=89)

    cleanup.clean_up(dry_run=True)
    assert SessionWarning.objects.count() == 3
    cleanup.clean_up()

    assert SessionWarning.objects.get() == kept
