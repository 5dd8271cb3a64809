"""Keys for the JSON API: making one, which is shown once, and revoking it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import ApiKey
from accounts.services import create_key, revoke_keys
from dashboard.key_forms import NEEDED, KeyForm
from dashboard.pages import demand, in_place, owner_page, show
from shopmcp import paging
from shopmcp.errors import InvalidArguments

_PER_PAGE = 25
# Where a new key waits for the page that shows it once.
_KEY = "new_api_key"


@owner_page
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """All keys, and a form for a new one; after one was made, once with it."""
    demand(request, "accounts.view_apikey")
    form = KeyForm()
    if request.method == "POST":
        demand(request, "accounts.add_apikey")
        form = KeyForm(request.POST)
        if form.is_valid():
            for scope in form.cleaned_data["scopes"]:
                for permission in NEEDED.get(scope, ()):
                    demand(request, permission)
            try:
                record, key = create_key(**form.asked)
            except InvalidArguments as refusal:
                form.add_error("name", refusal.text)
            else:
                request.session[_KEY] = [record.name, key]
                return redirect("dashboard-keys")
    rows, following = paging.page("keys", ApiKey.objects.all(), _PER_PAGE, request.GET.get("cursor", ""))
    # A page that updates in place must not take it from the one that waits for it.
    taken = None if in_place(request) else request.session.pop(_KEY, None)
    return show(request, "dashboard/keys.html", {"form": form, "keys": rows, "following": following, "new": taken})


@owner_page
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a key for good."""
    demand(request, "accounts.change_apikey")
    key = get_object_or_404(ApiKey, pk=pk)
    revoke_keys(ApiKey.objects.filter(pk=pk))
    messages.success(request, gettext("Revoked: %(name)s. Nothing opens by it any more.") % {"name": key.name})
    return redirect("dashboard-keys")
