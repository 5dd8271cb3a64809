from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """What comes after the cart: the page that it is handed over to, and orders."""

    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        """Let the accounts end what opens an account; they may not import this app."""
        from accounts import ending  # noqa: PLC0415 - needs the apps
        from orders.handoff.access import end_programs_and_chats  # noqa: PLC0415

        ending.end_programs_and_chats = end_programs_and_chats
