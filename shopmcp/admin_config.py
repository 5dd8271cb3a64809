"""Django's admin, whose modules are loaded with the pages: chats and commands need none of them."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class LateAdmin(SimpleAdminConfig):
    """The admin without its discovery, which `shopmcp/urls.py` and the checks make up for."""

    default_site = "shopmcp.admin_site.OwnersAdmin"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_all, checks.Tags.admin)


def _check_all(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    admin.autodiscover()
    return check_admin_app(app_configs, **kwargs)
