from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CartsConfig(AppConfig):
    name = "carts"
    verbose_name = _("Carts")

    def ready(self) -> None:
        """Let the accounts close chats; they may not import this app."""
        from accounts import ending  # noqa: PLC0415 - needs the apps
        from carts.services.linking import close_all  # noqa: PLC0415

        ending.close_chats = close_all
