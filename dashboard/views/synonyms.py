"""The owner's synonyms: a form, and the groups that there are."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from catalog.models import Synonyms
from catalog.search.query import Search
from catalog.search.searching import search
from catalog.services import add_synonym
from dashboard.pages import demand, owner_page, show
from dashboard.synonym_forms import SynonymForm
from shopmcp.errors import InvalidArguments

_MAY_ADD = "catalog.add_synonyms"
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


def _tell(request: HttpRequest, words: str) -> None:
    """Say what a search for the words finds now."""
    total = search(Search(query=words), limit=1).total
    if total:
        said = ngettext("“%(words)s” now finds %(n)d product.", "“%(words)s” now finds %(n)d products.", total)
        messages.success(request, said % {"words": words, "n": total})
    else:
        said = gettext("Saved, but “%(words)s” still finds nothing: the other word finds nothing either.")
        messages.warning(request, said % {"words": words})
