"""Messages in Django's admin: read-only, but they can be tried again."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from outbox.models import Message, MessageQuerySet
from outbox.services import try_again
from shopmcp.admin import FastAdmin


@admin.register(Message)
class MessageAdmin(FastAdmin):
    list_display = ("kind", "where", "created_at", "tries", "next_try_at", "sent_at", "failed_at", "last_error")
    list_filter = ("channel",)
    ordering = ("-id",)
    fields = ("public_id", "kind", "where", "payload", *list_display[2:])
    readonly_fields = fields
    actions = ("try_again",)

    @admin.display(description=_("destination"))
    def where(self, message: Message) -> str:
        return message.shown_destination

    @admin.action(description=_("Try the selected messages again"), permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: MessageQuerySet) -> None:
        count = try_again(chosen)
        said = ngettext("%(count)d message is tried again.", "%(count)d messages are tried again.", count)
        messages.success(request, said % {"count": count})

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
