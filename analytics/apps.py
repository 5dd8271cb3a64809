from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Analytics")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from analytics.services import catch_up  # noqa: PLC0415 - models, which need the app registry
        from carts.services import cleanup  # noqa: PLC0415

        # What is about to be deleted has been counted before.
        cleanup.before_deleting.append(catch_up)
