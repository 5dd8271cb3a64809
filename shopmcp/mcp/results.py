"""Results of tool calls: what every answer has to say besides, and refusals."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from shopmcp.db.outcome import NotBegun
from shopmcp.db.waiting import current_wait
from shopmcp.db.workers import lanes
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Answer, Call
from shopmcp.mcp.refusals import ignored, refused

logger = logging.getLogger(__name__)

# A `CallToolResult` as it goes over the wire.
Result = dict[str, Any]


async def completed(refusal: ShopError, call: Call) -> ShopError:
    """The refusal with what may have been meant, which is searched where browsing runs."""
    if (complete := refusal.complete) is None:
        return refusal

    def work() -> ShopError:
        with translation.override(call.spoken or call.language or settings.LANGUAGE_CODE):
            return complete()

    try:
        return await lanes.run("browse", work, current_wait.get(), call.caller)
    except (asyncio.CancelledError, NotBegun):  # the server is stopping, or the time is up
        return refusal
    # The refusal is true without candidates too.
    except Exception:
        logger.exception("a refusal of %s could not be completed", call.tool)
        return refusal


def ended(answer: Answer[Any], call: Call) -> Answer[Any]:
    """The answer with what every answer of the call has to say."""
    notices = call.untold()
    if call.ignored or call.remark or notices:
        ending = filter(None, (ignored(call.ignored), str(call.remark), *(text for _code, text in notices)))
        answer.text = "\n".join((answer.text, *ending))
    if notices and isinstance(answer.data, Mapping):
        answer.data = {**answer.data, "notices": [{"code": code, "text": text} for code, text in notices]}
    return answer


def result_of(answer: Answer[Any]) -> Result:
    """Return the result of a call that was answered."""
    return {
        "content": [{"type": "text", "text": answer.text}],
        "structuredContent": answer.data,
        "isError": False,
    }


def refused_result(refusal: ShopError | Callable[[], ShopError], call: Call, *, unchanged: bool) -> Result:
    """Return the result of a refused call; `unchanged` says that a change was not made."""
    with translation.override(call.spoken or call.language or settings.LANGUAGE_CODE):
        told = refusal if isinstance(refusal, ShopError) else refusal()
        call.notes.refusal = told.message
        tail = gettext("The cart is unchanged.") if unchanged else ""
        untold = (text for _code, text in call.untold())
        return refused(told, ending=(tail, ignored(call.ignored), str(call.remark), *untold))
