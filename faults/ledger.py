"""What clients were told of their writes, and whether the shop holds the same.

Each write has an effect of its own: one more of a product that the conversation did not hold, or another quantity of
one that it held. So a look at the cart afterwards tells for each write how often it was done.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep

from faults.client import Client, Verdict
from faults.outcome import Outcome

Effect = Callable[[int], int]


@dataclass
class Line:
    """The quantities of a product that fit what was told, and those that a write told as not done would have made."""

    possible: set[int] = field(default_factory=lambda: {0})
    denied: set[int] = field(default_factory=set)

    def note(self, effect: Effect, verdict: Verdict) -> None:
        made = {effect(quantity) for quantity in self.possible}
        if verdict is Verdict.DONE:
            self.possible, self.denied = made, set()
        elif verdict is Verdict.NOT_DONE:
            self.denied |= made - self.possible
        elif verdict is not Verdict.DOWN:
            self.possible |= made


class Ledger:
    """The writes of all conversations; each conversation is noted by one thread."""

    def __init__(self) -> None:
        self._carts: dict[str, dict[str, Line]] = {}
        self._lock = Lock()
        self.told: Counter[Verdict] = Counter()

    def note(self, chat: str, product: str, effect: Effect, verdict: Verdict) -> None:
        with self._lock:
            self.told[verdict] += 1
            line = self._carts.setdefault(chat, {}).setdefault(product, Line())
        line.note(effect, verdict)

    @property
    def acknowledged(self) -> int:
        return self.told[Verdict.DONE]

    @property
    def chats(self) -> list[str]:
        return list(self._carts)

    def copy(self) -> "Ledger":
        """The ledger as it stands, with every write that is still under way left out."""
        other = Ledger()
        with self._lock:
            other.told = Counter(self.told)
            other._carts = {
                chat: {name: Line(set(line.possible), set(line.denied)) for name, line in lines.items()}
                for chat, lines in self._carts.items()
            }
        return other

    def audit(self, url: str, outcome: Outcome, *, later_writes: bool = False, beside: Collection[str] = ()) -> None:
        """Look at every cart and count in `outcome` what does not fit.

        Args:
            url: A running server.
            outcome: Gets the counts.
            later_writes: Also accept quantities above those told: writes went on after the ledger was copied.
            beside: Products that others wrote, which are left out.
        """
        outcome.acknowledged += self.acknowledged
        client = Client(url)
        for chat, lines in self._carts.items():
            cart = _cart(client, chat)
            if cart is None:
                outcome.failures.append(f"the cart of {chat} cannot be seen")
                continue
            for product in {*lines, *cart}.difference(beside):
                judge(cart.get(product, 0), lines.get(product, Line()), outcome, later_writes=later_writes)
        client.close()


def _cart(client: Client, chat: str) -> Mapping[str, int] | None:
    until = monotonic() + 20
    while monotonic() < until:
        answer = client.call("view_cart", chat)
        if answer.verdict is Verdict.DONE:
            return answer.quantities
        sleep(0.2)
    return None


def judge(found: int, line: Line, outcome: Outcome, *, later_writes: bool = False) -> None:
    """Count a quantity that was found and does not fit what was told."""
    if found in line.possible:
        return
    if later_writes and found > max(line.possible):
        return
    if found in line.denied:
        outcome.false += 1
    elif found > max(line.possible):
        outcome.doubled += 1
    else:
        outcome.lost += 1


def seconds_at(share: float, seconds: Iterable[float]) -> float:
    """The time within which that share of calls was answered; 0 without calls."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
