"""Messages and webhooks in the admin: read-only, but messages can be tried again. The dashboard changes webhooks."""

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from outbox.models import Attempt, Endpoint, Message, MessageQuerySet
from outbox.services import try_again
from shopmcp.admin import FastAdmin


class _ReadOnly:
    """Rows are neither added, nor changed, nor deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


def _without_people(request: HttpRequest, names: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out what names buyers, for those who may not see them."""
    if request.user.has_perm("orders.see_people"):
        return names
    return tuple(name for name in names if name not in ("where", "payload", "last_error"))


class _Attempts(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # Django's own takes no arguments at run time
    model = Attempt
    fields = readonly_fields = ("at", "milliseconds", "status", "error")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.fields if request.user.has_perm("orders.see_people") else self.fields[:3]


@admin.register(Message)
class MessageAdmin(_ReadOnly, FastAdmin):
    list_display = ("kind", "where", "created_at", "tries", "next_try_at", "sent_at", "failed_at", "last_error")
    list_filter = ("channel",)
    list_select_related = ("endpoint",)
    ordering = ("-id",)
    fields = ("public_id", "kind", "where", "payload", *list_display[2:])
    readonly_fields = fields
    inlines = (_Attempts,)
    actions = ("try_again",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return _without_people(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return _without_people(request, self.fields)

    @admin.display(description=_("destination"))
    def where(self, message: Message) -> str:
        return message.shown_destination

    @admin.action(description=_("Try the selected messages again"), permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: MessageQuerySet) -> None:
        count = try_again(chosen)
        said = ngettext("%(count)d message is tried again.", "%(count)d messages are tried again.", count)
        messages.success(request, said % {"count": count})


@admin.register(Endpoint)
class EndpointAdmin(_ReadOnly, FastAdmin):
    list_display = ("__str__", "shown_address", "event_types", "store", "is_active", "parked_at", "answered_at")
    ordering = ("id",)
    # Neither the secret nor the path of the address.
    fields = ("public_id", "name", *list_display[1:], "with_people", "created_at", "failures", "held_until")
    readonly_fields = fields
