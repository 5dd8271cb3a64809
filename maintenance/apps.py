from django.apps import AppConfig


class MaintenanceConfig(AppConfig):
    """Backup, restoring, copying and checking of the whole shop."""

    name = "maintenance"
