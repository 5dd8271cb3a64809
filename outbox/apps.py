from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """Mail and webhooks on their way."""

    name = "outbox"
    verbose_name = _("outbox")
