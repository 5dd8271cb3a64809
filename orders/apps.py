from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """What comes after the cart: the page that it is handed over to, and orders."""

    name = "orders"
    verbose_name = _("Orders")
