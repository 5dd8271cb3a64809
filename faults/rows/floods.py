"""Strangers who flood the shop: what they may store, and that others go on."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from threading import Event
from time import monotonic, sleep

from faults.client import Answer, Client, Verdict
from faults.outcome import Outcome
from faults.room import Room, Shop
from faults.shoppers import PRODUCTS

CONNECTIONS = 8
STRANGERS, NEIGHBOURS = "203.0.113.7", "198.51.100.9"


def unkeyed(room: Room) -> Outcome:
    """Eight connections of one network start carts without an id: no more than the limit."""
    outcome = Outcome()
    with room.shop(env={"SHOPMCP_NEW_UNKEYED": "60/m:50"}) as shop:
        answers, seconds = _flood(shop, _seconds(room), None)
    _within(answers, 50 + seconds, outcome)
    return outcome


def made_up_ids(room: Room) -> Outcome:
    """Eight connections of one network make ids up: others of their network and elsewhere go on."""
    outcome = Outcome()
    with room.shop(env={"SHOPMCP_NEW_SESSIONS": "5/s:100"}) as shop, ThreadPoolExecutor(2) as pool:
        known = Client(shop.url, address=STRANGERS)
        known.call("add_to_cart", "known", product_id=PRODUCTS[0])
        over = Event()
        old = pool.submit(_keep_on, known, "known", over, 1.0)
        new = pool.submit(_keep_on, Client(shop.url, address=NEIGHBOURS), None, over, 2.0)
        answers, seconds = _flood(shop, _seconds(room), "")
        over.set()
        for words, (done, refused) in (
            ("an old chat of the flooding network", old.result()),
            ("new chats of another network", new.result()),
        ):
            outcome.expect(not refused, f"{words}: {refused} of {done + refused} calls were refused")
            outcome.acknowledged += done
    _within(answers, 100 + 5 * seconds, outcome)
    return outcome


def one_chat(room: Room) -> Outcome:
    """Eight connections of one conversation: no more calls than its limit, and others go on."""
    outcome = Outcome()
    with room.shop(env={"SHOPMCP_SESSION_CALLS": "10/s:50"}) as shop, ThreadPoolExecutor(1) as pool:
        over = Event()
        other = pool.submit(_keep_on, Client(shop.url, address=NEIGHBOURS), "other", over, 0.5)
        answers, seconds = _flood(shop, _seconds(room), "flood")
        over.set()
        done, refused = other.result()
        outcome.expect(not refused, f"{refused} of {done + refused} calls of another chat were refused")
    _within(answers, 50 + 10 * seconds, outcome)
    return outcome


def stored_bytes(room: Room) -> Outcome:
    """Changes with a `request_id` on a cart of 100 lines: little is stored for each."""
    outcome, calls = Outcome(), 100 if room.short else 300
    with room.shop() as shop:
        client = Client(shop.url)
        for start in (0, 50):
            items = [{"product_id": product, "quantity": 1} for product in PRODUCTS[start : start + 50]]
            client.call("add_to_cart", "full", items=items)
        before = _size(shop)
        for number in range(calls):
            arguments = {"product_id": PRODUCTS[0], "quantity": number % 9 + 1, "request_id": token_hex(8)}
            told = client.call("update_cart_item", "full", **arguments).verdict
            outcome.acknowledged += told is Verdict.DONE
        grown = (_size(shop) - before) / calls
        client.close()
    outcome.expect(grown < 4096, f"each change stored {grown / 1024:.1f} KiB")
    outcome.remarks.append(f"{grown / 1024:.1f} KiB a change")
    return outcome


def _seconds(room: Room) -> float:
    return 6 if room.short else 20


def _flood(shop: Shop, seconds: float, chat: str | None) -> tuple[list[Answer], float]:
    """Add without pause from eight connections; return the answers and how long it took.

    Args:
        shop: The server.
        seconds: How long.
        chat: The conversation; None for none, and empty for another one in each call.
    """
    started = monotonic()

    def send(_: int) -> list[Answer]:
        client, answers = Client(shop.url, address=STRANGERS), []
        while monotonic() < started + seconds:
            name = token_hex(8) if chat == "" else chat
            answers.append(client.call("add_to_cart", name, product_id=PRODUCTS[0]))
        client.close()
        return answers

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = [answer for some in pool.map(send, range(CONNECTIONS)) for answer in some]
    return answers, monotonic() - started


def _keep_on(client: Client, chat: str | None, over: Event, pause: float) -> tuple[int, int]:
    """Add with pauses, in one conversation or in a new one each time; return how many were done, and refused."""
    done = refused = 0
    while not over.is_set():
        told = client.call("add_to_cart", chat or f"new-{token_hex(4)}", product_id=PRODUCTS[1]).verdict
        done, refused = done + (told is Verdict.DONE), refused + (told is not Verdict.DONE)
        over.wait(pause)
    client.close()
    return done, refused


def _within(answers: list[Answer], limit: float, outcome: Outcome) -> None:
    done = [answer for answer in answers if answer.verdict is Verdict.DONE]
    refused = [answer for answer in answers if answer.verdict is Verdict.NOT_DONE]
    # Calls that are under way, and a moment of the clock.
    outcome.expect(len(done) <= limit + 10, f"{len(done)} of {len(answers)} calls were done; the limit is {limit:.0f}")
    silent = sum(answer.error.get("retry_after") is None for answer in refused)
    outcome.expect(not silent, f"{silent} of {len(refused)} refusals do not say when to come again")
    outcome.acknowledged += len(done)
    outcome.remarks.append(f"{len(answers)} calls, {len(done)} done")


def _size(shop: Shop) -> int:
    """The bytes of the database."""
    if shop.file is not None:
        shop.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, size = shop.execute("PRAGMA page_count"), shop.execute("PRAGMA page_size")
        return int(pages[0][0]) * int(size[0][0])
    # The records of calls are written a moment later.
    sleep(2)
    return int(shop.execute("SELECT pg_database_size(current_database())")[0][0])
