from django.apps import AppConfig


class ShopmcpConfig(AppConfig):
    """The commands, pages and translations that belong to no other app."""

    name = "shopmcp"

    def ready(self) -> None:
        from shopmcp import checks  # noqa: F401, PLC0415 - registers them
