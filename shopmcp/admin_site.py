"""The site of Django's admin: the project's name, and the reader's time zone."""

from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shopmcp.passwords import PasswordForm
from shopmcp.zones import zone_of


class OwnersAdmin(admin.AdminSite):
    site_header = site_title = "shopmcp"
    index_title = _("Administration")
    login_form = PasswordForm

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As Django's, with moments as the dashboard shows them."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def seen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with timezone.override(zone_of(request)):
                response: HttpResponse = guarded(request, *args, **kwargs)
                # A list is rendered after its view has ended.
                if callable(render := getattr(response, "render", None)):
                    render()
                return response

        return seen
