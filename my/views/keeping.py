"""Keeping a conversation with the account, from the page of its cart."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Person
from carts.cart import CartState
from carts.models import Session
from carts.services import linking
from carts.services.other_carts import name_of
from carts.services.saving import load_cart
from carts.services.sessions import find_by_public_id
from my.pages import my_page
from orders.handoff.links import open_link
from orders.models import CheckoutLink, Order
from shopmcp.errors import InvalidArguments, ShopError


@my_page
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, person: Person, token: str) -> HttpResponse:
    """Show what would be kept, and ask: somebody else may have sent the link, so looking at it keeps nothing."""
    link = open_link(token)
    if link.scope != CheckoutLink.Scope.BUY:
        raise InvalidArguments(
            _("This link shows the cart and changes nothing, so nothing can be kept by it."),
            fix=_("Ask the chat for a link to buy."),
        )
    session, refusal = link.cart.session, None
    if request.method == "POST":
        try:
            linking.keep(session.public_id, person)
        except ShopError as error:
            refusal = error
        else:
            messages.success(request, _("This cart and its chat are kept with your account now."))
            return redirect("my-home")
    state, orders = _cart_of(session), Order.objects.of_session(session)
    is_of_another = session.person_id not in (None, person.pk)
    context = {
        "person": person,
        "refusal": refusal,
        "is_kept": session.person_id == person.pk,
        "origin": name_of(session),
        "lines": list(state.lines.values()),
        # The link shows its cart to whoever has it, and another account's orders to nobody.
        "orders": [] if is_of_another else list(orders.select_related("store").newest_first()[:20]),
        "back": f"/c/{token}",
    }
    return render(request, "my/keep.html", context, status=409 if refusal else 200)


def _cart_of(session: Session) -> CartState:
    row = find_by_public_id(session.public_id)
    return load_cart(row, timezone.now()) if row else CartState(0, "")
