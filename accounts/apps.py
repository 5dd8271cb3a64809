from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Shoppers with an account, and the keys of the JSON API."""

    name = "accounts"
    verbose_name = _("access")
