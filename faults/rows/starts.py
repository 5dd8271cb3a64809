"""First starts that are killed, or that happen at once."""

import random
from contextlib import ExitStack
from time import sleep

from faults.client import Client, Verdict
from faults.outcome import Outcome
from faults.room import Room, Shop

# A first start of the demo shop takes a few seconds; it is killed at any time in them.
_LONGEST = 6.0


def first_start_killed(room: Room) -> Outcome:
    """The first start is killed at any moment: the next one makes a whole shop of it."""
    times = 2 if room.short else 8
    outcome = Outcome(remarks=[f"{times} kills"])
    for number in range(times):
        with room.empty_shop(room.new_folder() / "data", "--demo") as shop:
            shop.begin()
            sleep(_LONGEST * (number + random.random()) / times)
            shop.kill_all()
            shop.start()
            _expect_whole(shop, outcome)
    return outcome


def three_first_starts(room: Room) -> Outcome:
    """Three first starts at once on the same data: all three serve."""
    outcome = Outcome()
    with ExitStack() as stack:
        first = stack.enter_context(room.empty_shop(room.new_folder() / "data", "--demo"))
        address = first.env["DATABASE_URL"]
        shops = [first]
        for number in (2, 3):
            shop = stack.enter_context(room.empty_shop(first.data_dir, "--demo", address=address))
            shop.log = first.data_dir / f"server-{number}.log"
            shops.append(shop)
        for shop in shops:
            shop.begin()
        for shop in shops:
            shop.await_health(within=180)
            _expect_whole(shop, outcome)
    return outcome


def _expect_whole(shop: Shop, outcome: Outcome) -> None:
    """The demo catalogue can be found and bought."""
    client = Client(shop.url)
    found = client.call("search_products", "start", query="").data
    outcome.expect(found.get("total", 0) > 10, f"the shop has {found.get('total')} products")
    for product in found.get("products", ())[:1]:
        told = client.call("add_to_cart", "start", product_id=product["product_id"]).verdict
        outcome.expect(told is Verdict.DONE, "a new shop takes no cart")
        outcome.acknowledged += told is Verdict.DONE
    client.close()
