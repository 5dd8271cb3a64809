"""What of an authorisation can be taken or let go: the services refuse what the owner's page does not offer."""

import pytest

from orders.models import Capture, OnlinePayment, Order
from orders.refusals import WrongState
from orders.services.captures import let_go, take_payment
from orders.services.held import Held
from orders.services.states import SHOPPER, cancel
from tests.orders.held import HELD, OWNER, SUM, begun, gateway, gateway_process, held, intent, sums, tell
from tests.orders.online import found

__all__ = ["begun", "gateway", "gateway_process", "held", "tell"]
pytestmark = pytest.mark.django_db
BOTH = pytest.mark.parametrize("do", [take_payment, let_go])


def offers(order):
    told = Held.of(found(order))
    return bool(told.takeable), told.can_be_let_go


def asked_for():
    return OnlinePayment.objects.exclude(release_asked_at=None).count(), Capture.objects.count()


def test_what_is_authorised_can_be_taken_or_let_go(held):
    assert offers(held) == (True, True)


@BOTH
def test_nothing_is_taken_or_let_go_for_an_order_that_awaits_its_payment(begun, gateway, tell, do):
    gateway.pay(gateway.sessions[0]["id"], amount=1)
    tell(HELD, intent(gateway))
    assert (found(begun).state, offers(begun)) == ("awaiting", (False, False))

    with pytest.raises(WrongState, match="neither taken nor let go"):
        do(begun.number, OWNER)

    assert asked_for() == (0, 0)


@BOTH
def test_nothing_is_taken_or_let_go_for_a_cancelled_order(held, gateway, do):
    cancel(held.number, SHOPPER, "")
    assert offers(held) == (False, False)

    with pytest.raises(WrongState, match="neither taken nor let go"):
        do(held.number, OWNER)

    assert (asked_for(), gateway.captures) == ((1, 0), [])


@BOTH
def test_nothing_is_taken_or_let_go_while_it_is_being_taken(held, gateway, do):
    gateway.fault("capture", 503, times=2)
    take_payment(held.number, OWNER)
    assert offers(held) == (False, False)

    with pytest.raises(WrongState, match="is being taken already"):
        do(held.number, OWNER)

    assert asked_for() == (0, 1)


@BOTH
def test_what_is_let_go_already_is_neither_taken_nor_let_go_again(held, gateway, do):
    OnlinePayment.objects.update(release_asked_at=held.changed_at)
    assert offers(held) == (False, False)

    with pytest.raises(WrongState, match="Nothing is authorised"):
        do(held.number, OWNER)

    assert (asked_for(), sums(held)) == ((1, 0), ("authorised", SUM, 0))


def test_an_order_that_costs_nothing_more_lets_go_and_takes_nothing(held):
    Order.objects.update(paid=SUM)

    assert offers(held) == (False, True)
