"""What is authorised for an order, and whether it can be taken or let go now: services and pages ask here."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext

from orders.models import Capture, OnlinePayment, OnlinePaymentQuerySet, Order, OrderState
from orders.refusals import WrongState


@dataclass(frozen=True, slots=True)
class Held:
    """What is authorised for an order.

    Attributes:
        order: The order.
        captures: All that was taken of it, or was to be.
        payments: Those whose money is held and that are not being let go, the oldest first.
    """

    order: Order
    captures: Sequence[Capture]
    payments: Sequence[OnlinePayment]

    @classmethod
    def of(cls, order: Order) -> "Held":
        captures = order.captures.select_related("payment")
        return cls(order, list(captures), list(order.online_payments.to_let_go().order_by("id")))

    @property
    def takeable(self) -> list[OnlinePayment]:
        """The payments that can be taken now, or of which the rest is let go."""
        if self._refusal is not None or not self.order.to_take:
            return []
        return [payment for payment in self.payments if payment.is_held and payment.authorised]

    @property
    def can_be_let_go(self) -> bool:
        return self._refusal is None and bool(self.payments)

    def check_takeable(self) -> list[OnlinePayment]:
        """Return what can be taken.

        Raises:
            WrongState: If that is nothing.
        """
        if not (found := self.takeable):
            raise self._refusal or _nothing()
        return found

    def check_can_be_let_go(self) -> None:
        """Refuse to let go.

        Raises:
            WrongState: If nothing can be let go.
        """
        if not self.can_be_let_go:
            raise self._refusal or _nothing()

    @property
    def _refusal(self) -> WrongState | None:
        """Why neither is possible, whatever is authorised."""
        if self.order.state in (OrderState.AWAITING, OrderState.CANCELLED):
            return WrongState(
                gettext("The order is %(state)s, so its payment is neither taken nor let go here.")
                % {"state": self.order.get_state_display()},
                fix=gettext("Look at it as it is now."),
            )
        if any(capture.state == Capture.State.PENDING for capture in self.captures):
            return WrongState(
                gettext("The payment is being taken already, and the provider has not answered yet."),
                fix=gettext("The shop asks it again by itself. Look at the order in a minute."),
            )
        return None


def release(payments: OnlinePaymentQuerySet) -> None:
    """Have the reconciler let go what is authorised of these payments; call it with their order locked."""
    now = timezone.now()
    payments.to_let_go().update(release_asked_at=now, next_look_at=now, looks=0)


def _nothing() -> WrongState:
    return WrongState(gettext("Nothing is authorised that could be taken."), fix=gettext("Look at it as it is now."))
