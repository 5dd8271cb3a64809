"""Users in the admin; people, to see; and API keys, to see and to revoke. `manage.py create_api_key` makes them."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import ending, services
from accounts.models import ApiKey, ApiKeyQuerySet, Person
from accounts.oauth import admin as oauth_admin  # noqa: F401 - it registers itself
from shopmcp.admin import FastAdmin

# Whoever may change an address here could open the account of its owner.
admin.site.unregister(EmailAddress)


admin.site.unregister(User)


@admin.register(User)
class UsersAdmin(FastAdmin, UserAdmin):  # type: ignore[type-arg]  # Django's own takes no arguments at run time
    """Django's own list of users, which no value in an address breaks; who is no shopper any more loses all access."""

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; the chats and tokens of an account that was switched off, or became one of the staff, end with that."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            person = Person.objects.filter(user=obj.pk).first()
            if person is not None and (obj.is_staff or not obj.is_active):
                ending.end_programs_and_chats(person)


@admin.register(Person)
class PersonAdmin(FastAdmin):
    """Shoppers with an account, to see; their pages change and end them."""

    list_display = ("public_id", "name", "created_at", "seen_at")
    ordering = ("-id",)
    search_fields = ("name", "public_id")
    fields = ("public_id", "user", "name", "phone", "language", "created_at", "seen_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(FastAdmin):
    list_display = (
        "name",
        "ending",
        "is_valid",
        "read_only",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    ordering = ("-id",)
    # Without the digest.
    fields = ("name", "ending", "read_only", "scopes", "created_at", "expires_at", "revoked_at", "last_used_at")
    readonly_fields = fields
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    @admin.display(boolean=True, description=_("valid"))
    def is_valid(self, key: ApiKey) -> bool:
        return key.is_valid

    @admin.action(description=_("Revoke the selected keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: ApiKeyQuerySet) -> None:
        revoked = services.revoke_keys(queryset)
        text = ngettext("%(count)d key was revoked.", "%(count)d keys were revoked.", revoked) % {"count": revoked}
        self.message_user(request, text, messages.SUCCESS)
