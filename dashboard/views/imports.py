"""Importing products: the form for a file or an address, what it would change, and the progress."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from catalog.imports import jobs
from catalog.imports.publishing import undo_last_import
from catalog.models import DailyImport, ImportJob, ImportRun, Product
from dashboard.import_forms import ColumnsForm, SourceForm
from dashboard.pages import demand, owner_page, show
from shopmcp.errors import ShopError

_MAY = "catalog.change_product"
_RECENT = 10
_LABELS = {field.name: field.verbose_name for field in Product._meta.concrete_fields}
_LABELS["stock"] = _LABELS["counted"]


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """A form for a file or an address, the daily imports, and the latest ones."""
    form = SourceForm()
    if request.method == "POST":
        demand(request, _MAY)
        form = SourceForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                return redirect("dashboard-import", _begin(form).pk)
            except ShopError as refusal:
                form.add_error(None, refusal.text)
    context = {
        "form": form,
        "jobs": list(ImportJob.objects.all()[:_RECENT]),
        "daily": list(DailyImport.objects.all()),
    }
    return show(request, "dashboard/imports.html", context)


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """What an import would change, with a form for its columns; or how far it is; or what became of it."""
    found = get_object_or_404(ImportJob, pk=pk)
    form = ColumnsForm(found, request.POST or None)
    if request.method == "POST":
        demand(request, _MAY)
        if form.is_valid():
            _tell(request, lambda: jobs.look_again(found, form.options))
            return redirect("dashboard-import", pk)
    context = {
        "job": found,
        "form": form,
        "preview": found.preview,
        "labels": _LABELS,
        "kinds": [
            ("created", gettext("The first new products")),
            ("changed", gettext("The first changed products, and what changes")),
            ("withdrawn", gettext("The first withdrawn products")),
        ],
        "run": ImportRun.objects.filter(pk=found.run).first() if found.run else None,
    }
    return show(request, "dashboard/import.html", context)


@owner_page
@require_POST
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Import what was previewed, begin again, or forget it."""
    demand(request, _MAY)
    found = get_object_or_404(ImportJob, pk=pk)
    if action == "discard":
        done = _tell(request, lambda: jobs.discard(found))
        return redirect("dashboard-imports") if done else redirect("dashboard-import", pk)
    if action == "start":
        _tell(request, lambda: jobs.start(found, force="force" in request.POST))
    elif action == "again":
        _tell(request, lambda: jobs.begin_again(found))
    return redirect("dashboard-import", pk)


@owner_page
@require_POST
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Undo the last import of a store."""
    demand(request, _MAY)
    if _tell(request, lambda: undo_last_import(slug)):
        messages.success(request, gettext("The last import is undone: chats see what was there before it."))
    return redirect("dashboard-products")


@owner_page
@require_POST
def end_daily(request: HttpRequest, slug: str) -> HttpResponse:
    """Import nothing into the store by itself any more."""
    demand(request, _MAY)
    jobs.end_daily(slug)
    messages.success(request, gettext("Nothing is imported into the store by itself any more."))
    return redirect("dashboard-imports")


def _begin(form: SourceForm) -> ImportJob:
    given = form.cleaned_data
    currency = given["currency"].upper()
    if file := given.get("file"):
        return jobs.begin_with_file(form.store_slug, file.name, file.chunks(), currency=currency)
    if given.get("hour") is not None:
        jobs.set_daily(form.store_slug, given["address"], given["hour"])
    return jobs.begin_with_address(form.store_slug, given["address"], currency=currency)


def _tell(request: HttpRequest, work: Callable[[], object]) -> bool:
    """Do it; a refusal is told on the next page. Return whether it was done."""
    try:
        work()
    except ShopError as refusal:
        messages.error(request, refusal.text)
        return False
    return True
