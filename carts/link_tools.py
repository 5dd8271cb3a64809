"""The tool that signs a shopper in; its docstring is read by the model that calls it."""

from django.utils.translation import gettext
from pydantic import BaseModel

from accounts.models import Person
from accounts.oauth.tokens import hold
from carts.caller import Caller
from carts.services.linking import prove
from carts.services.one_cart import home_of
from carts.services.other_carts import offer
from carts.services.saving import locked_cart
from shopmcp.db.savepoint import change
from shopmcp.errors import InvalidArguments
from shopmcp.mcp.access import ended
from shopmcp.mcp.arguments import CartId
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.tools import tool


class LinkOut(BaseModel):
    """Whether this conversation belongs to the account now; one that names itself by nothing cannot."""

    linked: bool


@tool(
    title="Link to an account",
    idempotent=True,
    scopes="cart orders",
    needs_person=True,
    invoking="Signing in…",
    invoked="Signed in",
)
def link_account(call: Call, cart_id: CartId = None) -> Answer[LinkOut]:
    """Use this when the shopper wants to sign in, or wants the orders and carts of their other chats here: it links
    this conversation to their account. They are asked on a page of the shop first."""
    caller = Caller(call, cart_id)
    if caller.shares_cart:
        caller.speak()
        raise InvalidArguments(
            gettext("All chats without a conversation id share one cart here, so none is linked to an account."),
            fix=gettext("The shopper can open an account in a browser, on the shop's page /my/."),
        )
    assert call.person is not None
    if (person := Person.objects.filter(pk=call.person).first()) is None:
        raise ended()  # it was deleted since the call came
    session, sentences = None, list[str]()
    if caller.is_unkeyed or caller.can_meet or caller.home is not None:
        caller.speak()
        sentences.append(
            gettext(
                "The shopper is signed in: list_orders shows all their orders. This chat names itself by no id, so it "
                "is not linked."
            )
        )
    else:
        with change():
            client = hold(call.token)
            with locked_cart(caller) as cart:
                prove(cart.session_id, person, client)
                session = cart.session_id
        sentences.append(gettext("This chat belongs to the shopper's account now: list_orders shows all orders."))
    if home_of(person.pk) is not None:
        sentences.append(gettext("All chats of the account use one cart: view_cart shows it."))
    elif (other := offer(person.pk, session)) is not None:
        sentences.append(other.text)
    return Answer(" ".join(sentences), LinkOut(linked=session is not None))
