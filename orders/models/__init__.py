"""The tables of hand-off and orders, one module for each noun."""

from orders.models.captures import Capture
from orders.models.events import OrderEvent
from orders.models.handoff import AccountCode, CheckoutLink, PermalinkCount, ResumeCode, ResumeTries
from orders.models.lines import OrderLine
from orders.models.online import OnlinePayment, OnlinePaymentQuerySet, ProviderEvent, Refund
from orders.models.orders import OPEN, Order, OrderQuerySet, OrderState
from orders.models.payments import PaymentReport
from orders.models.people import ForgottenContact
from orders.models.reminders import CartReminder
from orders.models.trust import BlockedContact, OrderCode

__all__ = [
    "OPEN",
    "AccountCode",
    "BlockedContact",
    "Capture",
    "CartReminder",
    "CheckoutLink",
    "ForgottenContact",
    "OnlinePayment",
    "OnlinePaymentQuerySet",
    "Order",
    "OrderCode",
    "OrderEvent",
    "OrderLine",
    "OrderQuerySet",
    "OrderState",
    "PaymentReport",
    "PermalinkCount",
    "ProviderEvent",
    "Refund",
    "ResumeCode",
    "ResumeTries",
]
