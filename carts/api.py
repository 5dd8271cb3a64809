"""Sessions, carts and warnings in the JSON API."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import Router
from ninja.params.functions import Path, Query
from pydantic import BaseModel, Field

from accounts.api import require
from carts.browse import SessionFilter, SessionState, cart_of_id, cart_page, session_of_id, session_page, state_of
from carts.caller import first_store
from carts.isolation import isolation
from carts.models import Session, SessionWarning
from carts.schemas import (
    CallOut,
    CartsOut,
    PublicCartOut,
    SessionDetailOut,
    SessionOut,
    SessionsOut,
    WarningChange,
    WarningOut,
    WarningsOut,
    public_cart_out,
)
from carts.services import cleanup, warnings
from carts.sold import StoreInfo
from carts.timeline import timeline
from shopmcp import paging
from shopmcp.api_types import Cursor, ErrorOut, Limit, Moment, name, text
from shopmcp.errors import Kept, NotFound

sessions = Router(tags=["sessions"])
carts = Router(tags=["carts"])
warnings_router = Router(tags=["warnings"])


SessionId = Annotated[str, name(32, "The public id of a session.", "s_k3v7m2x5q4a6b2cd")]
CartId = Annotated[str, name(32, "The public id of a cart.", "c_w5n2r7j4t6y3u2ab")]
WarningId = Annotated[int, Path(ge=1, le=2**63 - 1, description="The `id` of a warning.", example=1)]


class SessionQuery(BaseModel):
    """Which sessions to list, as `SessionFilter` takes it."""

    state: SessionState = Field(
        "",
        description="`active` or `idle` by the last call, `cart` or `empty` by what the cart holds, `handed_over` "
        "for a cart with items whose page was opened in a browser, `left` for one that was taken to the store's own "
        "checkout, `abandoned` for another cart with items that went quiet, "
        "`lost` after seven days, `keyed` or `unkeyed` by whether the chat sends a conversation id.",
    )
    client: Annotated[str, text(60, "Only this client, by its full name.")] = ""
    source: Annotated[str, text(64, "Only those named by this `_meta` key, `cart_id` or `default`.")] = ""
    product: Annotated[str, text(300, "Only those whose cart holds this product, by its product_id.")] = ""
    search: Annotated[str, text(200, "The public id of a session, or words that name a product in a cart.")] = ""
    keyed: bool = Field(False, description="Only those whose chat sends a conversation id.")
    did: Annotated[str, text(200, "Only those with a call of this tool, or of one of several: `a,b`.")] = Field(
        "", alias="tool"
    )
    outcome: Annotated[str, text(40, "Only those with such a call that ended so: `ok`, or a refusal's code.")] = ""
    saw: Annotated[str, text(300, "Only those with such a call that named this product, by its product_id.")] = ""
    missed: Annotated[str, text(200, "Only those that searched for these normalised words in vain.")] = ""
    since: Moment | None = Field(None, description="The last call was then or later.")
    until: Moment | None = Field(None, description="The last call was before.")


@sessions.get("", response=SessionsOut, summary="List sessions", operation_id="list_sessions")
def list_sessions(
    request: HttpRequest, asked: Annotated[SessionQuery, Query()], limit: Limit = 25, cursor: Cursor = ""
) -> SessionsOut:
    """The conversations that fit, the latest call first, each with what is in its cart.

    Conversations of an isolation check are left out. Times without a zone are UTC.
    """
    page = session_page(SessionFilter(**asked.model_dump()), limit=limit, cursor=cursor)
    store = first_store()
    return SessionsOut(
        sessions=[SessionOut(**_facts(session, store)) for session in page.sessions],
        next_cursor=page.cursor or None,
        searched_to=page.searched_to,
    )


@sessions.get("/{session_id}", response=SessionDetailOut, summary="Get a session", operation_id="get_session")
def get_session(
    request: HttpRequest, session_id: SessionId, limit: Limit = 25, cursor: Cursor = ""
) -> SessionDetailOut:
    """One conversation with its cart, and its calls page by page, the newest first."""
    session = _found(session_id)
    page = timeline(session, cursor=cursor, limit=limit)
    return SessionDetailOut(
        **_facts(session, first_store()),
        calls=[CallOut.model_validate(vars(step.call) | {"changes": step.differences}) for step in page.steps],
        next_cursor=page.cursor or None,
    )


@sessions.delete(
    "/{session_id}", response={204: None, 409: ErrorOut}, summary="Delete a session", operation_id="delete_session"
)
def delete_session(request: HttpRequest, session_id: SessionId) -> HttpResponse:
    """Delete a conversation with its cart. Where something was ordered, it stays and 409 is answered.

    A chat that comes back late hears that its cart has expired. The statistics keep what was counted.
    """
    require(request, "carts.delete_session")
    session = _found(session_id)
    if not cleanup.delete_sessions(Session.objects.filter(pk=session.pk)) and session_of_id(session_id):
        raise Kept(
            gettext("Something was ordered in this session: it is kept."),
            fix=gettext("Leave it; orders and what they show are never deleted."),
        )
    return HttpResponse(status=204)


@carts.get("", response=CartsOut, summary="List carts", operation_id="list_carts")
def list_carts(request: HttpRequest, limit: Limit = 25, cursor: Cursor = "") -> CartsOut:
    """All carts at today's prices, the newest first."""
    page, following = cart_page(limit=limit, cursor=cursor)
    store = first_store()
    shown = [public_cart_out(state_of(cart, cart.session), store) for cart in page]
    return CartsOut(carts=shown, next_cursor=following or None)


@carts.get("/{cart_id}", response=PublicCartOut, summary="Get a cart", operation_id="get_cart")
def get_cart(request: HttpRequest, cart_id: CartId) -> PublicCartOut:
    """One cart at today's prices, with the notices that its shopper was not told yet."""
    cart = cart_of_id(cart_id)
    if cart is None:
        raise NotFound(gettext("There is no such cart."), fix=gettext("List the carts and use the id of one of them."))
    return public_cart_out(state_of(cart, cart.session), first_store())


@warnings_router.get("", response=WarningsOut, summary="List warnings", operation_id="list_warnings")
def list_warnings(
    request: HttpRequest,
    state: Annotated[
        Literal["open", "settled", "all"], Query(description="`settled` ones are marked as fixed, or muted.")
    ] = "open",
    limit: Limit = 25,
    cursor: Cursor = "",
) -> WarningsOut:
    """Signs that chats may not be told apart, by kind and client, the latest first."""
    rows = SessionWarning.objects.all()
    if state != "all":
        rows = rows.open() if state == "open" else rows.settled()
    page, following = paging.page("warnings", rows, limit, cursor, by="last_at")
    return WarningsOut.model_validate(
        {"isolation": isolation().state, "warnings": page, "next_cursor": following or None}
    )


@warnings_router.patch("/{warning_id}", response=WarningOut, summary="Settle a warning", operation_id="change_warning")
def change_warning(request: HttpRequest, warning_id: WarningId, change: WarningChange) -> WarningOut:
    """Mark a warning as fixed, mute it, or open it again."""
    require(request, "carts.change_sessionwarning")
    return WarningOut.model_validate(warnings.settle(warning_id, change.state))


def _found(public_id: str) -> Session:
    session = session_of_id(public_id)
    if session is None:
        raise NotFound(
            gettext("There is no such session; it may have expired."),
            fix=gettext("List the sessions and use the id of one of them."),
        )
    return session


def _facts(session: Session, store: StoreInfo) -> dict[str, Any]:
    cart = next(iter(session.open_carts), None)  # type: ignore[attr-defined]  # prefetched by `browse`
    return {
        "id": session.public_id,
        "state": "active" if session.is_active else "idle",
        "source": session.source,
        "client": session.client,
        "created_at": session.created_at,
        "last_call_at": session.last_seen_at,
        "duration": session.duration.total_seconds(),
        "cart": None if cart is None else public_cart_out(state_of(cart, session), store),
    }
