from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MyConfig(AppConfig):
    """The pages of a signed-in shopper: views alone."""

    name = "my"
    verbose_name = _("My account")
