"""The catalogue's only page: the logo of a store, as chats and browsers load it."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog.models import Logo

_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_SHORTLY: Final = "public, max-age=300"


@require_safe
def logo(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    """Show the store's logo as it is now, also where the address names an earlier one."""
    found = Logo.objects.filter(store__slug=slug).first()
    if found is None:
        raise Http404
    kept = _FOR_GOOD if found.digest == digest else _SHORTLY
    return HttpResponse(bytes(found.png), content_type="image/png", headers={"Cache-Control": kept})
