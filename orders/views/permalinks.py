"""Permalinks, and the carts that begin by them."""

from typing import Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from carts.caller import first_store
from carts.cart import Notice
from carts.models import Cart
from orders.handoff import links, permalinks
from orders.views.cart_page import quantities_in, show_cart, typed_quantities
from orders.views.shopper import network, shopper_page, speak
from shopmcp.errors import NotFound

# Names the cart that this browser began by a permalink; signed, and of no use without this shop's key.
COOKIE: Final = "cart"
_COOKIE_HOLDS: Final = 30 * 24 * 3600


@shopper_page
@require_safe
def permalink(request: HttpRequest, items: str) -> HttpResponse:
    """Lead to the page of the products that the address names."""
    wanted = permalinks.read(items)
    if not wanted:
        raise NotFound(_("This address names no product."), fix=_("Ask whoever gave it to you for the whole address."))
    referrer = urlsplit(request.headers.get("Referer", "")).hostname or ""
    named = request.GET.get("source") or request.GET.get("utm_source") or ""
    query = {"items": permalinks.write(wanted), "source": permalinks.source_of(named, referrer)}
    return HttpResponse(status=303, headers={"Location": f"/c/new?{urlencode(query, safe=':,~')}"})


@shopper_page
@require_http_methods(["GET", "HEAD", "POST"])
def new_cart(request: HttpRequest) -> HttpResponse:
    """The products of a permalink; the first change there begins a cart of its own."""
    offered = permalinks.offer(permalinks.read(request.GET.get("items", "")))
    store = offered.state.store or first_store()
    speak(request, store.language)
    if request.method == "POST":
        quantities = quantities_in(typed_quantities(request.POST))
        source = permalinks.source_of(request.GET.get("source", ""), "")
        link = permalinks.begin_cart(
            offered, quantities, language=get_language() or "en", source=source, network=network(request)
        )
        response = HttpResponse(status=303, headers={"Location": f"/c/{links.token_of(link)}"})
        response.set_signed_cookie(
            COOKIE,
            Cart.objects.values_list("public_id", flat=True).get(pk=link.cart_id),
            max_age=_COOKIE_HOLDS,
            path="/c/",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response
    notices = [Notice("left_out", text) for text in offered.left_out]
    context = {"is_new": True, "may_buy": True, "has_cart": bool(_own_cart(request))}
    return show_cart(request, offered.state, notices=notices, context=context)


@shopper_page
@require_safe
def own_cart(request: HttpRequest) -> HttpResponse:
    """Lead to the cart that this browser began by a permalink, whose link may have expired."""
    own = Cart.objects.open().filter(public_id=_own_cart(request))
    if (link := links.link_to_buy(own, get_language() or "en")) is None:
        raise links.not_usable()
    return HttpResponse(status=303, headers={"Location": f"/c/{links.token_of(link)}"})


def _own_cart(request: HttpRequest) -> str:
    """The public id of the cart that this browser began; empty if it began none."""
    return str(request.get_signed_cookie(COOKIE, default="", max_age=_COOKIE_HOLDS))
