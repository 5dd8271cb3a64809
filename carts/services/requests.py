"""Requests that come again: what was told to a `request_id` is kept for a day, and told again."""

import json
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from carts import queries
from carts.cart import CartState, Notice, Outcome
from shopmcp.errors import RequestIdReused, RequestLimit

# The bytes of answers that a session may have within SHOPMCP_KEEP_ANSWERS: about 1,200 changes of one product.
MOST_BYTES: Final = 500_000
# All chats without an id fill the session that they share.
_MOST_SHARED: Final = 100 * MOST_BYTES
# A row without its text, with its entries in the indexes.
_ROW: Final = 350


@dataclass(frozen=True, slots=True)
class Request:
    """A write that its caller may repeat: for SHOPMCP_KEEP_ANSWERS nothing is done again.

    Attributes:
        id: The caller's id for it, unique within the session.
        fingerprint: A digest of the arguments, which must be the same again.
        is_shared: It came into the session that all unkeyed chats share.
    """

    id: str
    fingerprint: str
    is_shared: bool = False


def first_outcome(state: CartState, request: Request | None) -> Outcome | None:
    """Return what was told to this request, with the cart as it is now; None if it comes for the first time.

    Raises:
        RequestIdReused: If it came with other arguments before.
    """
    if request is None:
        return None
    found = queries.answer_of_request.first(session_id=state.session_id, request_id=request.id)
    if found is None:
        return None
    fingerprint, cart_key, version, told, created_at = found
    if created_at <= timezone.now() - settings.SHOPMCP_KEEP_ANSWERS:
        queries.forget_answer.run(session_id=state.session_id, request_id=request.id)
        return None
    if fingerprint != request.fingerprint:
        raise RequestIdReused(
            gettext("This request_id was used before, with other arguments."),
            fix=gettext("Use a new request_id for a new change."),
        )
    answer = json.loads(told)
    return Outcome(
        state,
        answer["changes"],
        [Notice(*notice) for notice in answer["notices"]],
        repeats=version,
        is_current=(cart_key, version) == (state.id, state.version),
    )


def remember(outcome: Outcome, request: Request, now: datetime) -> None:
    """Keep what is told to a request that may come again; call it in the transaction of the change.

    Raises:
        RequestLimit: If no more can be kept for the session.
    """
    state = outcome.state
    told = json.dumps(
        {"changes": outcome.changes, "notices": [(notice.code, notice.text) for notice in outcome.notices]},
        ensure_ascii=False,
    )
    last = queries.last_answer.first(session_id=state.session_id, filled=2**62)
    filled = (last[0] if last else 0) + _ROW + len(request.id) * 2 + len(told.encode())
    _check_limit(state.session_id, filled - (_MOST_SHARED if request.is_shared else MOST_BYTES), now)
    queries.insert_answer.run(
        session_id=state.session_id,
        request_id=request.id,
        fingerprint=request.fingerprint,
        cart_key=state.id,
        version=outcome.version,
        told=told,
        filled=filled,
        created_at=now,
    )


def _check_limit(session_id: int, forgotten: int, now: datetime) -> None:
    """Refuse if an answer within the first `forgotten` bytes must still be kept."""
    if forgotten <= 0 or (last := queries.last_answer.first(session_id=session_id, filled=forgotten)) is None:
        return
    seconds = (last[1] + settings.SHOPMCP_KEEP_ANSWERS - now).total_seconds()
    if seconds > 0:
        raise RequestLimit(
            gettext("This chat used more request_ids within a day than the shop can remember."),
            fix=gettext("Call without a request_id, and look at the cart with view_cart before you repeat a call."),
            retry_after=ceil(seconds),
        )
