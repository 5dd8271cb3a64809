"""The owner's synonyms: a form, the groups that there are, and a page for each to change it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from catalog.models import Synonyms
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services.synonyms import add_synonym, change_synonyms, delete_synonyms
from dashboard.pages import demand, owner_page, show
from dashboard.synonym_forms import GroupForm, SynonymForm
from shopmcp.errors import InvalidArguments

_MAY_ADD, _MAY_CHANGE = "catalog.add_synonyms", "catalog.change_synonyms"
_SHOWN = 100


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def synonyms(request: HttpRequest) -> HttpResponse:
    """A form for a synonym; with `words`, such as those of a search without a result, they are filled in."""
    if request.method == "POST":
        demand(request, _MAY_ADD)
    form = SynonymForm(request.POST or None, initial={"words": request.GET.get("words", "")[:200]})
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data["words"]
        try:
            add_synonym(words, form.cleaned_data["known"])
        except InvalidArguments as refusal:
            form.add_error(None, refusal.text)
        else:
            _tell(request, words)
            return redirect("dashboard-synonyms")
    context = {
        "form": form,
        "groups": Synonyms.objects.order_by("-updated_at")[:_SHOWN],
        "may_add": request.user.has_perm(_MAY_ADD),
    }
    return show(request, "dashboard/synonyms.html", context)


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """A form for the words of one group, and a button that deletes it."""
    demand(request, _MAY_CHANGE)
    found = get_object_or_404(Synonyms, pk=pk)
    if "delete" in request.POST:
        delete_synonyms(found)
        messages.success(request, gettext("Deleted: %(name)s.") % {"name": found})
        return redirect("dashboard-synonyms")
    form = GroupForm(request.POST or None, initial={"words": found.words})
    if request.method == "POST" and form.is_valid():
        try:
            change_synonyms(found, form.cleaned_data["words"])
        except InvalidArguments as refusal:
            form.add_error("words", refusal.text)
        else:
            messages.success(request, gettext("Saved: %(name)s.") % {"name": found})
            return redirect("dashboard-synonyms")
    return show(request, "dashboard/synonyms_group.html", {"form": form, "group": found})


def _tell(request: HttpRequest, words: str) -> None:
    """Say what a search for the words finds now."""
    total = search(Search(query=words), limit=1).total
    if total:
        said = ngettext("“%(words)s” now finds %(n)d product.", "“%(words)s” now finds %(n)d products.", total)
        messages.success(request, said % {"words": words, "n": total})
    else:
        said = gettext("Saved, but “%(words)s” still finds nothing: the other word finds nothing either.")
        messages.warning(request, said % {"words": words})
