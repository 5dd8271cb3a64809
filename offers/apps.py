from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OffersConfig(AppConfig):
    """What a store offers beside its products: how it delivers, and who sells."""

    name = "offers"
    verbose_name = _("Offers")

    def ready(self) -> None:
        """Let the catalogue tell how stores deliver; it may not import this app."""
        from catalog import store_facts  # noqa: PLC0415 - needs the apps
        from offers.texts import delivery_of_stores  # noqa: PLC0415

        store_facts.delivery_of = delivery_of_stores
