"""Clients and tokens in the admin, to see and to end: none is made or changed here, and no secret is shown."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from oauth2_provider.models import AccessToken, Application, Grant, IDToken, RefreshToken

from accounts.oauth.tokens import end_client, end_token
from shopmcp.admin import FastAdmin

for model in (AccessToken, Application, Grant, IDToken, RefreshToken):
    admin.site.unregister(model)


class _Seen(FastAdmin):
    ordering = ("-id",)
    actions: Sequence[Any] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Application)
class ClientAdmin(_Seen):
    """Deleting a client ends what its tokens open."""

    list_display = ("client_id", "name", "registration_source", "client_type", "created", "updated")
    fields = ("client_id", "name", "redirect_uris", "registration_source", "client_type", "created", "updated")
    readonly_fields = fields
    search_fields = ("client_id__exact",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with a client; its tokens, which nobody deletes one by one, keep nobody from that."""
        found, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        end_client(obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for client in queryset:
            end_client(client)
        super().delete_queryset(request, queryset)


class _TokenAdmin(_Seen):
    list_select_related = ("application", "user")
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        meta = self.opts
        return request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}")

    @admin.display(description=_("digest"))
    def digest(self, token: Any) -> str:
        return f"{token.token_checksum[:8]}…"

    @admin.action(description=_("End the selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: Any) -> None:
        ended = 0
        for token in queryset:
            end_token(token)
            ended += 1
        text = ngettext("%(count)d token was ended.", "%(count)d tokens were ended.", ended) % {"count": ended}
        self.message_user(request, text, messages.SUCCESS)


@admin.register(AccessToken)
class AccessTokenAdmin(_TokenAdmin):
    list_display = ("digest", "application", "user", "scope", "created", "expires")
    fields = ("digest", "application", "user", "scope", "resource", "created", "expires")
    readonly_fields = fields


@admin.register(RefreshToken)
class RefreshTokenAdmin(_TokenAdmin):
    list_display = ("digest", "application", "user", "created", "revoked")
    fields = ("digest", "application", "user", "resource", "created", "revoked")
    readonly_fields = fields
