"""Leaving a conversation out of all numbers, because it was a test."""

from django.db import transaction
from django.utils.translation import gettext as _

from analytics.models import Checkpoint, Fact
from analytics.names import Names
from analytics.services import write_tallies
from analytics.tally import Deltas, RecordedCall, Visit
from carts.models import CallRecord, Cart, Session
from carts.services.ordering import lock_session
from orders.models import Order
from shopmcp.errors import Kept


def leave_out(session: Session) -> None:
    """Mark a session as a test: lists and numbers leave it out, and it is deleted an hour after its last call.

    What it has contributed is taken back; its later calls are not counted.

    Raises:
        Kept: If something was ordered in it.
    """
    with transaction.atomic():
        # The counting takes turns by this row. It comes first there, too.
        Checkpoint.objects.get_or_create(pk=1)
        checkpoint = Checkpoint.objects.select_for_update().get(pk=1)
        lock_session(session.pk)
        if Order.objects.filter(session=session.pk).exists():
            raise Kept(
                _("Something was ordered in this conversation, and orders count."),
                fix=_("Cancel the order if it was a test."),
            )
        if not Session.objects.filter(pk=session.pk, is_check=False).update(is_check=True):
            return
        deltas, names = Deltas(), Names()
        calls = CallRecord.objects.filter(session=session.pk, pk__lte=checkpoint.call)
        calls = calls.exclude(pk__in=[key for key, _at in checkpoint.missing])
        for row in calls.values_list(*RecordedCall._fields, named=False):
            deltas.take_back_call(names.of_call(RecordedCall._make(row)))
        for fact in Fact.objects.filter(pk=session.pk).values_list(*Visit._fields):
            visit = Visit._make(fact)
            opened = Cart.objects.filter(session=session.pk, pk__lte=visit.cart).values_list("created_at", flat=True)
            deltas.take_back(visit, opened)
        write_tallies(deltas)
        Fact.objects.filter(pk=session.pk).delete()
