from django.apps import AppConfig


class ShopmcpConfig(AppConfig):
    """The project itself: commands, pages and translations that belong to no domain."""

    name = "shopmcp"
