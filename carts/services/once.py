"""News that the chat's next answer tells, whatever tool gives it, and no later one: `carts.news.ONCE`.

To tell them is a write. If the answer cannot be handed over, they are kept as those of a lost change are
(`carts.services.requests`), and the next answer tells them.
"""

from collections.abc import Sequence

from carts import queries, unanswered
from carts.cart import CartState, Notice
from carts.conversation import conversation_of, is_told_apart
from carts.models import Session
from carts.news import ONCE, told_once, without
from carts.unanswered import Told
from shopmcp.db.savepoint import change
from shopmcp.mcp.call import Call, WriteNeeded


def take(call: Call, session: int, news: str, lost: str | None) -> Sequence[tuple[str, str]]:
    """Return what the answer at hand tells as the only one: code and text of each. Mostly nothing, without a query.

    Args:
        call: The call that is answered. Others may read the answers of a conversation that is not told apart, and the
            shopper alone those of a widget: these leave the news to a write.
        session: The primary key of its session.
        news: `Session.news`.
        lost: `Session.unanswered`.

    Raises:
        WriteNeeded: If there is some, and the call may not write.
    """
    if not (news or lost) or not _are_there(news, lost):
        return ()
    if conversation_of(call).by_widget or not is_told_apart(call):
        return ()
    if not call.may_write:
        raise WriteNeeded
    with change():
        found = Session.objects.select_for_update().filter(pk=session).values_list("news", "unanswered").first()
        # Another answer may have told them meanwhile.
        news, lost = found or ("", None)
        answers = unanswered.read(lost)
        told = list(dict.fromkeys([*(pair for each in answers for pair in each.told_once), *told_once(news)]))
        if told:
            queries.write_news.run(id=session, news=without(news, ONCE))
            queries.keep_unanswered.run(id=session, unanswered=unanswered.written(unanswered.without_once(answers)))
            call.notes.session = session
            call.notes.told = Told(None, 0, (), [Notice(*pair) for pair in told])
    return told


def tell(call: Call, state: CartState) -> None:
    """Have the answer of a call that changes no cart tell them; call it in the call's transaction, with its cart."""
    lost = unanswered.written(state.unanswered)
    if news := take(call, state.session_id, state.news, lost):
        told = unanswered.told_of(state.unanswered)
        call.untold = lambda: list(dict.fromkeys([*told, *news]))


def _are_there(news: str, lost: str | None) -> bool:
    return bool(told_once(news)) or any(each.told_once for each in unanswered.read(lost))
