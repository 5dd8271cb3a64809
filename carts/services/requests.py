"""Requests that come again, and answers that did not arrive.

What was told to a `request_id` is kept for a day, and told again. What a change told whose answer could not be handed
to its connection is kept with the session: the next answer of the conversation tells it, and the very same call gets
it again within ten seconds. Only a conversation that is told apart has this: one with an id, or one that passed its
`cart_id`. Two chats without either can send the same calls, from the same address, and must not get each other's cart.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from carts import queries, unanswered
from carts.cart import CartState, Notice, Outcome
from carts.conversation import is_told_apart
from carts.models import Session
from carts.unanswered import Told, Unanswered, digest_of
from carts.untold import read_anew
from shopmcp.db.outcome import TakenBack
from shopmcp.db.savepoint import change
from shopmcp.errors import RequestIdReused, RequestLimit
from shopmcp.mcp.call import Call

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

    The very same call as one that was not answered is told what that one would have been told.

    Raises:
        RequestIdReused: If it came with other arguments before.
    """
    lost = next((each for each in reversed(state.unanswered) if each.is_repeated), None)
    if lost is not None:
        _forget_same(state)
        return _repeated(state, lost.cart_key, lost.version, lost.changes, lost.notices)
    if request is None:
        return None
    found = queries.answer_of_request.first(session_id=state.session_id, request_id=request.id)
    if found is None:
        return None
    fingerprint, cart_key, version, told, created_at = found
    if created_at <= state.now - settings.SHOPMCP_KEEP_ANSWERS:
        queries.forget_answer.run(session_id=state.session_id, request_id=request.id)
        return None
    if fingerprint != request.fingerprint:
        raise RequestIdReused(
            gettext("This request_id was used before, with other arguments."),
            fix=gettext("Use a new request_id for a new change."),
        )
    _forget_same(state)
    answer = json.loads(told)
    return _repeated(state, cart_key, version, answer["changes"], answer["notices"])


def _forget_same(state: CartState) -> None:
    """What answers to the very same call were to tell is told now."""
    others = [each for each in state.unanswered if not each.is_same]
    if len(others) < len(state.unanswered):
        state.unanswered = others
        queries.keep_unanswered.run(id=state.session_id, unanswered=unanswered.written(others))


def _repeated(
    state: CartState,
    cart_key: int | None,
    version: int,
    changes: Sequence[str],
    notices: Sequence[Sequence[str]],
) -> Outcome:
    told = [Notice(*notice) for notice in notices]
    state.told = Told(cart_key, version, changes, told)
    is_current = (cart_key, version) == (state.id, state.version)
    return Outcome(state, changes, told, repeats=version, is_current=is_current)


def settle(call: Call, state: CartState) -> None:
    """End a change in its transaction, by whether its client still waits.

    Raises:
        TakenBack: If the client has gone and took its call back, as 2026-07-28 has it. The change is rolled back.
    """
    if state.told is None:
        return
    call.notes.told = state.told
    if call.wait is not None and call.wait.is_gone:
        if call.wait.is_taken_back:
            call.notes.told = None
            raise TakenBack
        keep_unanswered(call)


def keep_unanswered(call: Call) -> None:
    """Keep what a change told whose answer cannot be handed over, for the next answer of its conversation."""
    told, call.notes.told = call.notes.told, None
    if not isinstance(told, Told) or not (told.changes or told.notices) or not is_told_apart(call):
        return
    before = {text for each in told.lost for _code, text in each.told}
    lost = Unanswered(
        digest_of(call),
        timezone.now(),
        told.cart_key,
        told.version,
        told.changes,
        [(notice.code, notice.text) for notice in told.notices if notice.text not in before],
    )
    with change():
        session = Session.objects.select_for_update().filter(pk=call.notes.session or 0)
        # Another answer of the conversation may have been lost meanwhile.
        kept = unanswered.read(session.values_list("unanswered", flat=True).first())
        row = unanswered.written([*told.lost, *kept, lost])
        queries.keep_unanswered.run(id=call.notes.session, unanswered=row)
    read_anew(call)


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
