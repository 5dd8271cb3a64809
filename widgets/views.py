"""What the widgets load: small pictures of products, and the colour and the logo of a store."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from catalog.colours import DARK_GROUND, LIGHT_GROUND, accent_on
from catalog.models import Product, Store
from catalog.models.products import STATIC_IMAGE
from orders import images
from shopmcp.network import network_of
from shopmcp.throttle import NetworkBuckets, Rate

# A list shows up to fifty pictures, and one network may be an office.
pictures: Final = NetworkBuckets("widget-pictures", lambda: Rate(50, 3000))
# A picture that is asked for the first time is downloaded from another site, which may be slow.
new_pictures: Final = NetworkBuckets("widget-new-pictures", lambda: Rate(2, 60))
LONGEST_WAIT: Final = 1.0  # seconds, for a free download
_HOUR: Final = "public, max-age=3600"
_SHORTLY: Final = "public, max-age=600"
_MOMENT: Final = "public, max-age=10"


@require_safe
def image(request: HttpRequest, product_id: str) -> HttpResponse:
    """Our copy of a product's image; a neutral one where there is none, or none yet."""
    network = network_of(request.META.get("REMOTE_ADDR") or "")
    if wait := pictures.take(network):
        return HttpResponse(status=429, headers={"Retry-After": str(wait)})
    known = Product.objects.filter(public_id=product_id.replace("\0", "")).order_by()  # PostgreSQL knows no NUL
    found = known.values_list("image", flat=True).first() or ""
    if found.startswith(STATIC_IMAGE):
        return _shown(redirect(static(found.removeprefix(STATIC_IMAGE))), _SHORTLY)
    content = None
    if found and not (images.is_new(found) and new_pictures.take(network)):
        content = images.copy_of(found, wait=LONGEST_WAIT)
    if content is None:
        comes_later = bool(found) and images.is_new(found)
        return _shown(redirect(static("orders/no-image.svg")), _MOMENT if comes_later else _SHORTLY)
    return _shown(HttpResponse(content, content_type="image/jpeg"), _HOUR)


@require_safe
def brand(request: HttpRequest, slug: str) -> HttpResponse:
    """The accent colour and the logo of a store as a style sheet, which is empty for a store without either."""
    store = Store.objects.select_related("logo").filter(slug=slug).first()
    logo = getattr(store, "logo", None)
    rules = []
    if store is not None and store.accent:
        light, dark = accent_on(LIGHT_GROUND, store.accent), accent_on(DARK_GROUND, store.accent)
        rules.append(
            f":root{{--brand:{light.colour};--on-brand:{light.text};"
            f"--brand-dark:{dark.colour};--on-brand-dark:{dark.text}}}"
        )
    if logo is not None:
        rules.append(f'.logo{{display:block;background-image:url("{settings.PUBLIC_URL}{logo.url}")}}')
    return _shown(HttpResponse("\n".join(rules), content_type="text/css; charset=utf-8"), _SHORTLY)


def _shown(response: HttpResponse, kept: str) -> HttpResponse:
    """The response as pages of other sites may show it: a host shows widgets on a site of its own."""
    response["Cache-Control"] = kept
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
