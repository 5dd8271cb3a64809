"""Databases that go away, lose connections, freeze, or are locked."""

import random
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from subprocess import TimeoutExpired
from time import monotonic, sleep

from faults.client import ANSWERED_WITHIN, Answer, Client, Verdict
from faults.ledger import Ledger
from faults.outcome import Outcome
from faults.room import Room, Shop
from faults.shoppers import PRODUCTS, Crowd
from tests.proxy import Loss


def gone(room: Room) -> Outcome:
    """The database crashes and is away for 0.1 to 8 s."""
    times = [0.1, 2.0] if room.short else [0.1, 0.1, 0.1, 0.5, 2.0, 8.0]
    outcome = Outcome(remarks=[f"{len(times)} crashes"])
    cluster = room.cluster
    with room.shop() as shop, Crowd([shop.url]) as crowd:
        for seconds in times:
            crowd.acknowledged(150)
            cluster.stop(signal.SIGQUIT)
            sleep(seconds)
            cluster.start()
            moment = monotonic()
            outcome.came_back(crowd.back_after(moment))
        crowd.stop()
        crowd.ledger.audit(shop.url, outcome)
    _told(crowd, outcome)
    return outcome


def restarted(room: Room) -> Outcome:
    """The database restarts while nobody calls; then 16 callers at once meet no dead connection."""
    outcome, cluster = Outcome(), room.cluster
    with room.shop() as shop:
        with Crowd([shop.url], size=16) as crowd:
            crowd.acknowledged(200)
        chat = next(iter(crowd.ledger.chats))
        for tool, arguments in (("view_cart", {}), ("add_to_cart", {"product_id": PRODUCTS[50]})):
            cluster.stop(signal.SIGQUIT)
            cluster.start()
            with ThreadPoolExecutor(16) as pool:
                calls = [pool.submit(Client(shop.url).call, tool, chat, **arguments) for _ in range(16)]
            refused = sum(call.result().verdict is not Verdict.DONE for call in calls)
            outcome.expect(not refused, f"{refused} of 16 calls of {tool} met a dead connection")
        outcome.acknowledged += 16 - refused
        found = Client(shop.url).call("view_cart", chat).quantities.get(PRODUCTS[50], 0)
        outcome.lost, outcome.doubled = max(0, 16 - refused - found), max(0, found - 16 + refused)
        crowd.ledger.audit(shop.url, outcome, beside={PRODUCTS[50]})
    return outcome


def connections_dropped(room: Room) -> Outcome:
    """All connections to the database are reset, again and again."""
    cuts = 20 if room.short else 80
    outcome = Outcome(remarks=[f"{cuts} cuts"])
    with room.shop(behind_proxy=True) as shop:
        assert shop.proxy is not None
        with Crowd([shop.url], size=16) as crowd:
            for _ in range(cuts):
                crowd.acknowledged(5)
                sleep(random.uniform(0, 0.2))
                shop.proxy.cut()
                moment = monotonic()
                outcome.came_back(crowd.back_after(moment))
        crowd.ledger.audit(shop.url, outcome)
    _told(crowd, outcome)
    return outcome


def commit_lost(room: Room) -> Outcome:
    """Connections end before a commit arrives."""
    return _commits(room, "command")


def commit_answer_lost(room: Room) -> Outcome:
    """Connections end after a commit, before its answer."""
    return _commits(room, "answer")


def commit_silent(room: Room) -> Outcome:
    """Connections end before a commit arrives, and the database hears nothing of it."""
    return _commits(room, "silence")


def _commits(room: Room, loss: Loss) -> Outcome:
    wanted = 20 if room.short else 100
    outcome = Outcome(remarks=[f"{wanted} commits"])
    with room.shop(behind_proxy=True) as shop:
        proxy = shop.proxy
        assert proxy is not None
        with Crowd([shop.url]) as crowd:
            crowd.acknowledged(50)
            for _ in range(wanted):
                lost_at, until = proxy.commits + 9, monotonic() + 30
                proxy.lose(loss, after=8)
                while proxy.commits < lost_at and monotonic() < until:
                    sleep(0.01)
                outcome.expect(proxy.commits >= lost_at, "too few commits came to lose one")
        crowd.ledger.audit(shop.url, outcome)
    _told(crowd, outcome)
    return outcome


def frozen(room: Room) -> Outcome:
    """All processes of the database stop for 20 s, with calls under way."""
    seconds = 20
    outcome = Outcome()
    with room.shop() as shop:
        ledger = Ledger()
        with Crowd([shop.url], ledger=ledger) as crowd:
            crowd.acknowledged(100)
            room.cluster.freeze()
            frozen_at = monotonic()
            try:
                # These give up early; those whose call had not begun by then must find nothing done.
                hasty = _ask(shop, 60, "hasty", ledger, patience=3)
                sleep(max(0, seconds - (monotonic() - frozen_at)))
            finally:
                room.cluster.thaw()
            thawed_at = monotonic()
            outcome.came_back(crowd.back_after(thawed_at))
        _answered(crowd.answers, outcome)
        _ran_for_nobody(shop, hasty, outcome)
        ledger.audit(shop.url, outcome)
    _told(crowd, outcome)
    return outcome


def stop_while_frozen(room: Room) -> Outcome:
    """The server is told to stop while the database is frozen."""
    outcome = Outcome()
    with room.shop() as shop:
        with Crowd([shop.url], patience=30) as crowd:
            crowd.acknowledged(50)
            room.cluster.freeze()
            try:
                sleep(1)
                asked = monotonic()
                shop.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
                with suppress(TimeoutExpired):
                    shop.process.wait(40)  # type: ignore[union-attr]
                took = monotonic() - asked
                outcome.expect_in_time(took < 25, f"the server did not end within 25 s ({took:.0f} s)")
                outcome.remarks.append(f"ended after {took:.1f} s")
                shop.kill_all()
            finally:
                room.cluster.thaw()
            crowd.stop()
        shop.start()
        crowd.ledger.audit(shop.url, outcome)
    _told(crowd, outcome)
    return outcome


def locked(room: Room) -> Outcome:
    """The write lock is held for 3, 9 and 30 s, with calls of 8 and then of 260 callers."""
    outcome = Outcome()
    ledger = Ledger()
    with room.shop() as shop:
        for seconds, callers in ((3, 8), (9, 8)) if room.short else ((3, 8), (9, 8), (30, 8), (30, 260)):
            with shop.locked():
                asked = _Asked(shop, callers, f"locked-{seconds}-{callers}", ledger)
                sleep(seconds)
            freed = monotonic()
            answers = asked.answers
            outcome.came_back(_first_write(shop, freed))
            _answered(answers, outcome)
            done = sum(answer.verdict is Verdict.DONE for answer in answers)
            slowest = max(answer.seconds for answer in answers)
            outcome.expect(seconds > 3 or done == callers, f"only {done} of {callers} waited for a lock of 3 s")
            outcome.remarks.append(f"{seconds} s, {callers} callers: {done} done, slowest answer {slowest:.1f} s")
        ledger.audit(shop.url, outcome)
    return outcome


class _Asked:
    """Callers of one add each, all at once, each for a conversation of its own."""

    def __init__(self, shop: Shop, callers: int, name: str, ledger: Ledger, patience: float = 60) -> None:
        self._pool = ThreadPoolExecutor(callers)
        self._futures = [
            self._pool.submit(_add, shop.url, f"{name}-{number}", ledger, patience) for number in range(callers)
        ]

    @property
    def answers(self) -> list[Answer]:
        """Wait for all."""
        answers = [future.result() for future in self._futures]
        self._pool.shutdown()
        return answers


def _add(url: str, chat: str, ledger: Ledger, patience: float) -> Answer:
    client = Client(url, patience=patience)
    answer = client.call("add_to_cart", chat, product_id=PRODUCTS[0])
    client.close()
    ledger.note(chat, PRODUCTS[0], lambda quantity: quantity + 1, answer.verdict)
    return answer


def _ask(shop: Shop, callers: int, name: str, ledger: Ledger, patience: float) -> list[str]:
    """Let callers ask and give up; return the conversations of those who got no answer."""
    answers = _Asked(shop, callers, name, ledger, patience).answers
    return [f"{name}-{number}" for number, answer in enumerate(answers) if answer.verdict is Verdict.CUT]


def _first_write(shop: Shop, since: float) -> float:
    client = Client(shop.url)
    while client.call("add_to_cart", f"first-{since}", product_id=PRODUCTS[1]).verdict is not Verdict.DONE:
        assert monotonic() < since + 60, "no write was acknowledged within 60 s"
        sleep(0.1)
    client.close()
    return monotonic() - since


def _answered(answers: list[Answer], outcome: Outcome) -> None:
    """Every call is answered before its deadline, and a refusal says when to come again."""
    late = [answer for answer in answers if answer.seconds > ANSWERED_WITHIN]
    if late:
        slowest = max(answer.seconds for answer in late)
        outcome.late.append(f"{len(late)} calls waited longer than {ANSWERED_WITHIN} s, up to {slowest:.0f} s")


def _ran_for_nobody(shop: Shop, chats: list[str], outcome: Outcome) -> None:
    """Of calls whose clients had gone, at most those that had begun were done: one for each writing thread."""
    client = Client(shop.url)
    done = sum(bool(client.call("view_cart", chat).quantities) for chat in chats)
    client.close()
    outcome.remarks.append(f"{len(chats)} clients gave up, {done} of their calls had begun and were done")
    outcome.expect(done <= 16, f"{done} of {len(chats)} calls were done for clients that had gone")


def _told(crowd: Crowd, outcome: Outcome) -> None:
    told = crowd.ledger.told
    outcome.remarks.append(
        f"{sum(crowd.refusals.values())} answers were refusals; {told[Verdict.MAYBE]} writes were told as uncertain"
    )
