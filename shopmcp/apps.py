from django.apps import AppConfig


class ShopmcpConfig(AppConfig):
    """The project itself: commands, pages and translations that belong to no domain."""

    name = "shopmcp"

    def ready(self) -> None:
        from shopmcp import checks  # noqa: F401, PLC0415 - registers them
