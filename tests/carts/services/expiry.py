"""Sessions that look as if nobody had used them for long, and what deleting them must leave whole."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from carts.models import AnsweredRequest, CallRecord, Cart, Change, Line, Session

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def quiet(for_, session=None):
    """Make a session, or every one, look as if nobody had used it for so long."""
    then = timezone.now() - for_
    rows = Session.objects.all() if session is None else Session.objects.filter(pk=session.pk)
    Cart.objects.filter(session__in=rows).update(updated_at=then)
    rows.update(last_seen_at=then)


def no_orphans():
    connection.check_constraints()  # SQLite
    assert not Line.objects.exclude(cart__in=Cart.objects.all()).exists()
    assert not Change.objects.exclude(cart__in=Cart.objects.all()).exists()
    assert not Cart.objects.exclude(session__in=Session.objects.all()).exists()
    assert not AnsweredRequest.objects.exclude(session__in=Session.objects.all()).exists()
    assert not CallRecord.objects.exclude(session=None).exclude(session__in=Session.objects.all()).exists()
