"""The base of every app's admin: lists stay fast however many rows a table has."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property

from shopmcp.errors import ShopError


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # Django's own takes no arguments at run time
    """Counts up to a hundred pages: counting a million rows is slow. Searching and filtering find the rest."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        most = self.per_page * 100
        # Without an order the database may use any index.
        return rows.order_by()[:most].count() if isinstance(rows, QuerySet) else min(len(rows), most)


class FastAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # as above
    """An admin whose lists cost the same for ten rows and for a million.

    Subclasses order and search by indexed columns only, and list in `list_select_related` the relations a row shows.
    """

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    sortable_by = ()

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Refuse a filter value that the database cannot hold, such as NUL; Django checks Python's types only."""
        try:
            return super().get_changelist_instance(request)
        except (DataError, OverflowError, ValueError):  # ValueError: a year that no date has
            raise IncorrectLookupParameters from None

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As Django's; what a service refuses that the form could not know, such as a second save at once, is told."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ShopError as refusal:
            return _told(request, refusal)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As Django's; a refusal is told."""
        try:
            return super().delete_view(request, *args, **kwargs)
        except ShopError as refusal:
            return _told(request, refusal)


def _told(request: HttpRequest, refusal: ShopError) -> HttpResponse:
    messages.error(request, refusal.text)
    return HttpResponseRedirect(request.get_full_path())
