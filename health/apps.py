from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HealthConfig(AppConfig):
    """What is wrong with the shop, and telling its owner."""

    name = "health"
    verbose_name = _("Shop health")
