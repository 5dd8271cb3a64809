"""Several wishes in one query: rice, lentils and olive oil."""

from collections import deque
from collections.abc import Sequence

from catalog.search.engines import Candidate
from catalog.search.ranking import Position

# A candidate with its place among those of one wish.
Placed = tuple[Position, Candidate]
# How the position of a page of several wishes begins: each was read for itself, or all as one list.
_EACH, _ALL = "each", "all"


def is_of_several(position: Position) -> bool:
    """Whether a page of several wishes ended at this position."""
    return position[:1] in ((_EACH,), (_ALL,))


def in_turn(
    lists: Sequence[Sequence[Placed]], position: Position | None, limit: int, *, several: bool = False
) -> tuple[list[Placed], Position | None]:
    """Return a page of what comes after a position, from each list in turn, and the position of the next page.

    Of several lists the position holds how far each was read, so that none depends on the length of another. One list
    of `several` wishes has a position that says so.
    """
    mark = position[:1] if position is not None and is_of_several(position) else ()
    each = mark == (_EACH,)
    if len(lists) == 1:
        last = None if each or position is None else position[len(mark) :]
        after = [placed for placed in lists[0] if last is None or placed[0] > last]
        following = after[limit - 1][0] if len(after) > limit else None
        return after[:limit], (_ALL, *following) if several and following else following
    turn, read = 0, list[Position | None]([None] * len(lists))
    if position is not None and each and len(position) == len(lists) + 2:
        turn, read = position[1], [None if ended is None else tuple(ended) for ended in position[2:]]
    left = [
        deque(placed for placed in ranked if ended is None or placed[0] > ended)
        for ranked, ended in zip(lists, read, strict=True)
    ]
    shown = list[Placed]()
    while len(shown) < limit and any(left):
        if left[turn]:
            shown.append(left[turn].popleft())
            read[turn] = shown[-1][0]
        turn = (turn + 1) % len(lists)
    return shown, (_EACH, turn, *read) if any(left) else None
