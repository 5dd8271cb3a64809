"""Sessions, carts, calls and warnings in Django's admin, read-only."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from carts.models import CallRecord, Cart, Change, Line, Session, SessionQuerySet, SessionWarning
from carts.services import cleanup
from shopmcp.admin import FastAdmin

_MOST_CHANGES = 50
_MOST_NAMED = 100


class _ReadOnly:
    """Rows are neither added, nor changed, nor deleted by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class _Newest(BaseInlineFormSet):  # type: ignore[type-arg]  # Django's own takes no arguments at run time
    """Only the newest rows: a cart may have a long history."""

    _newest: list[Any]

    def get_queryset(self) -> Any:
        if not hasattr(self, "_newest"):
            self._newest = list(super().get_queryset()[:_MOST_CHANGES])
        return self._newest


class LineInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = Line
    fields = ("name", "quantity", "price_when_added", "price_now")
    readonly_fields = ("name", "price_now")
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Line.objects.in_order().with_version()

    @admin.display(description=_("product"))
    def name(self, line: Line) -> SafeString:
        address = reverse("admin:catalog_product_change", args=[line.product_id])
        return format_html('<a href="{}">{}</a>', address, line.shown.name)

    @admin.display(description=_("price now"))
    def price_now(self, line: Line) -> str:
        price = line.shown.price_shown
        return price.formatted if price else "–"


class ChangeInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]  # as above
    model = Change
    formset = _Newest
    fields = ("version", "tool", "what", "created_at")
    readonly_fields = ("what",)
    ordering = ("-version",)
    verbose_name_plural = _("newest changes")

    @admin.display(description=_("what changed"))
    def what(self, change: Change) -> str:
        return "; ".join(f"{entry['name']}: {entry['before']} → {entry['after']}" for entry in change.delta) or "–"


@admin.register(Session)
class SessionAdmin(FastAdmin):
    """Sessions may be deleted with their carts, by the same service as the cleanup."""

    list_display = ("public_id", "source", "client", "is_check", "created_at", "last_seen_at")
    list_filter = ("is_check",)
    ordering = ("-last_seen_at", "-id")
    search_fields = ("public_id__exact",)
    search_help_text = _("The public id of a session (s_…).")
    # Without the digests, which are secret.
    fields = (
        "public_id", "source", "client", "language", "is_check", "created_at", "last_seen_at", "carts", "calls",
    )  # fmt: skip
    readonly_fields = ("carts", "calls")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        cleanup.delete_sessions(Session.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        assert isinstance(queryset, SessionQuerySet)
        cleanup.delete_sessions(queryset)

    def get_deleted_objects(
        self, objs: QuerySet[Session] | Iterable[Session], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Name the sessions, and those that must stay because something was ordered.

        Django would load every line, change and call of theirs.
        """
        keys = [session.pk for session in objs]
        # In batches: SQLite bounds the number of variables.
        free = {
            pk
            for n in range(0, len(keys), cleanup.BATCH)
            for pk in Session.objects.deletable()
            .filter(pk__in=keys[n : n + cleanup.BATCH])
            .values_list("pk", flat=True)
        }
        kept = [gettext("%(session)s ordered something") % {"session": s} for s in objs if s.pk not in free]
        named = [str(session) for session in objs if session.pk in free][:_MOST_NAMED]
        return named, {str(Session._meta.verbose_name_plural): len(free)}, set(), kept

    @admin.display(description=_("carts"))
    def carts(self, session: Session) -> SafeString:
        return _search_link(Cart, session)

    @admin.display(description=_("calls"))
    def calls(self, session: Session) -> SafeString:
        return _search_link(CallRecord, session)


@admin.register(Cart)
class CartAdmin(_ReadOnly, FastAdmin):
    list_display = ("public_id", "session", "store", "item_count", "version", "updated_at", "ordered_at")
    list_select_related = ("session", "store")
    ordering = ("-id",)
    search_fields = ("public_id",)  # Django shows the search field only where this is set.
    search_help_text = _("The public id of a cart (c_…) or of its session (s_…).")
    fields = (
        "public_id", "session", "store", "currency", "item_count", "version", "created_at", "updated_at", "ordered_at",
    )  # fmt: skip
    inlines = (LineInline, ChangeInline)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Cart], search_term: str
    ) -> tuple[QuerySet[Cart], bool]:
        """One index look-up, whichever of the two ids it is."""
        if asked := search_term.strip():
            queryset = queryset.filter(**{"session__public_id" if asked.startswith("s_") else "public_id": asked})
        return queryset, False


@admin.register(CallRecord)
class CallRecordAdmin(_ReadOnly, FastAdmin):
    list_display = ("at", "tool", "outcome", "milliseconds", "client", "source", "session", "warning")
    list_select_related = ("session",)
    ordering = ("-at", "-id")
    search_fields = ("session__public_id__exact",)
    search_help_text = _("The public id of a session (s_…).")
    fields = (
        "at", "session", "tool", "outcome", "milliseconds", "client", "meta_keys", "source", "warnings", "words",
        "results", "products", "version",
    )  # fmt: skip


@admin.register(SessionWarning)
class SessionWarningAdmin(_ReadOnly, FastAdmin):
    list_display = ("kind", "client", "calls", "first_at", "last_at", "fixed_at", "muted_at")
    ordering = ("-last_at", "-id")
    fields = ("kind", "client", "calls", "meta_keys", "keys", "first_at", "last_at", "fixed_at", "muted_at")


def _search_link(model: type[Model], session: Session) -> SafeString:
    address = reverse(f"admin:carts_{model._meta.model_name}_changelist", query={"q": session.public_id})
    return format_html('<a href="{}">{}</a>', address, model._meta.verbose_name_plural)
