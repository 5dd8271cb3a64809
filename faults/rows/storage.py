"""Disks that are full, read-only, or lose their power."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from faults.client import ANSWERED_WITHIN, Client, Verdict
from faults.cluster import Cluster
from faults.disks import JournaledDisk, fill, small_disk
from faults.ledger import Ledger
from faults.outcome import Outcome
from faults.room import Room, Shop, stock_up
from faults.shoppers import Crowd


@contextmanager
def _shop_on(
    room: Room, folder: Path, *settings: str, log: Path | None = None
) -> Iterator[tuple[Shop, Cluster | None]]:
    """A shop whose database lives in that folder, with a cluster of its own for PostgreSQL; it is started.

    Its log is beside the database, unless another file is given.
    """
    if room.sqlite:
        with room.empty_shop(folder / "data", address="") as shop:
            shop.log = log or shop.log
            stock_up(shop)
            shop.start()
            yield shop, None
        return
    cluster = Cluster(folder / "cluster", *settings)
    try:
        cluster.start()
        with room.empty_shop(room.new_folder() / "data", address=cluster.address("postgres")) as shop:
            stock_up(shop)
            shop.start()
            yield shop, cluster
    finally:
        cluster.stop()


def disk_full(room: Room) -> Outcome:
    """The disk of the database is full: writes are refused in words, reads go on, and space brings it back."""
    outcome = Outcome()
    with small_disk(room.new_folder() / "disk", 32 if room.sqlite else 160) as disk, _shop_on(room, disk) as (shop, _):
        with Crowd([shop.url]) as crowd:
            crowd.acknowledged(100)
            known = crowd.ledger.chats[0]
            filler = fill(disk)
            _expect_refusals(crowd, outcome, "the disk is full")
            _expect_reads(shop, known, outcome)
            _expect_degraded(shop, "disk_full", outcome)
            filler.unlink()
            outcome.came_back(crowd.back_after(monotonic()))
        crowd.ledger.audit(shop.url, outcome)
        outcome.failures += shop.damage()
    outcome.remarks.append("a file system in memory")
    return outcome


def disk_hangs(room: Room) -> Outcome:
    """The disk of the database hangs for 20 s, with commits under way: each caller is answered in time."""
    seconds = 4 if room.short else 20
    outcome = Outcome(remarks=["an ext4 image, frozen"])
    disk = JournaledDisk(room.new_folder() / "disk.img", room.new_folder() / "disk")
    disk.mount()
    try:
        with _shop_on(room, disk.folder, log=room.new_folder() / "log") as (shop, _):
            with Crowd([shop.url]) as crowd:
                crowd.acknowledged(100)
                with disk.hanging():
                    sleep(seconds)
                outcome.came_back(crowd.back_after(monotonic()))
            slowest = max(answer.seconds for answer in crowd.answers)
            outcome.expect_in_time(slowest <= ANSWERED_WITHIN, f"a call waited for {slowest:.1f} s")
            told = crowd.ledger.told[Verdict.MAYBE]
            outcome.remarks.append(f"slowest answer {slowest:.1f} s; {told} writes were told as uncertain")
            crowd.ledger.audit(shop.url, outcome)
            outcome.failures += shop.damage()
            shop.stop()
    finally:
        disk.unmount()
    return outcome


def read_only(room: Room) -> Outcome:
    """The disk of SQLite, or PostgreSQL itself, turns read-only: writes are refused in words, reads go on."""
    return _disk_read_only(room) if room.sqlite else _server_read_only(room)


def _server_read_only(room: Room) -> Outcome:
    # On a read-only disk PostgreSQL itself ends. It is read-only where a standby has taken its place.
    outcome, cluster = Outcome(remarks=["default_transaction_read_only"]), room.cluster
    with room.shop() as shop:
        with Crowd([shop.url]) as crowd:
            crowd.acknowledged(100)
            known = crowd.ledger.chats[0]
            cluster.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            try:
                cluster.execute("SELECT pg_reload_conf()")
                _expect_refusals(crowd, outcome, "the database is read-only")
                _expect_reads(shop, known, outcome)
                _expect_degraded(shop, "read_only", outcome)
            finally:
                cluster.execute("ALTER SYSTEM RESET default_transaction_read_only")
                cluster.execute("SELECT pg_reload_conf()")
            outcome.came_back(crowd.back_after(monotonic()))
        crowd.ledger.audit(shop.url, outcome)
        outcome.failures += shop.damage()
    return outcome


def _disk_read_only(room: Room) -> Outcome:
    outcome = Outcome()
    disk = JournaledDisk(room.new_folder() / "disk.img", room.new_folder() / "disk")
    disk.mount()
    try:
        with _shop_on(room, disk.folder) as (shop, _):
            with Crowd([shop.url]) as crowd:
                crowd.acknowledged(100)
                known = crowd.ledger.chats[0]
                # ext4 confirms some of the syncs that are under way at this moment, and drops what they sync: a bare
                # SQLite loses such a commit as well.
                with crowd.held():
                    disk.turn_read_only()
                _expect_refusals(crowd, outcome, "the disk is read-only")
                _expect_reads(shop, known, outcome)
                _expect_degraded(shop, "read_only", outcome)
            shop.kill_all()
            disk.unmount()
            disk.mount()
            shop.start()
            crowd.ledger.audit(shop.url, outcome)
            outcome.failures += shop.damage()
            shop.kill_all()
    finally:
        disk.unmount()
    outcome.remarks.append("ext4, turned read-only by an error on demand")
    return outcome


def power_cut(room: Room) -> Outcome:
    """The power is cut under load: what was not synced to the disk is gone."""
    cuts = 1 if room.short else 5
    outcome = Outcome(remarks=[f"{cuts} cuts of an ext4 image"])
    disk = JournaledDisk(room.new_folder() / "disk.img", room.new_folder() / "disk")
    disk.mount()
    try:
        with _shop_on(room, disk.folder) as (shop, cluster):
            for _ in range(cuts):
                ledger = Ledger()
                with Crowd([shop.url], ledger=ledger, patience=5) as crowd:
                    crowd.acknowledged(200)
                    # A machine without power answers nobody.
                    shop.freeze()
                    disk.cut_power()
                    shop.kill_all()
                    if cluster is not None:
                        cluster.kill()
                disk.unmount()
                disk.mount()
                if cluster is not None:
                    cluster.start()
                started = monotonic()
                shop.start()
                outcome.came_back(monotonic() - started)
                ledger.audit(shop.url, outcome)
            outcome.failures += shop.damage()
            shop.stop()
    finally:
        disk.unmount()
    return outcome


def power_cut_at_first(room: Room) -> Outcome:
    """The power is cut in the first seconds of a new shop: afterwards it starts, and its carts are reachable."""
    outcome = Outcome(remarks=["cut 0 s and 2 s after the first cart"])
    for seconds in (0.0, 2.0):
        disk = JournaledDisk(room.new_folder() / "disk.img", room.new_folder() / "disk")
        disk.mount()
        try:
            with room.empty_shop(disk.folder / "data", "--demo") as shop:
                shop.start()
                ledger = Ledger()
                product = Client(shop.url).call("search_products", "first", query="").data["products"][0]["product_id"]
                verdict = Client(shop.url).call("add_to_cart", "first", product_id=product).verdict
                ledger.note("first", product, lambda quantity: quantity + 1, verdict)
                sleep(seconds)
                shop.freeze()
                disk.cut_power()
                shop.kill_all()
                disk.unmount()
                disk.mount()
                started = monotonic()
                shop.start()
                outcome.remarks.append(f"started anew in {monotonic() - started:.1f} s")
                ledger.audit(shop.url, outcome)
                shop.kill_all()
        finally:
            disk.unmount()
    return outcome


def _expect_refusals(crowd: Crowd, outcome: Outcome, when: str) -> None:
    """Wait until writes are refused, and for some seconds more; no refusal may be a bug's."""
    until = monotonic() + 20
    while not crowd.refusals and monotonic() < until:
        sleep(0.05)
    outcome.expect(bool(crowd.refusals), f"no write was refused while {when}")
    sleep(3)
    bugs = sum(times for words, times in crowd.refusals.items() if "fault of its own" in words)
    outcome.expect(not bugs, f"{bugs} writes were refused as by a bug while {when}")


def _expect_reads(shop: Shop, known: str, outcome: Outcome) -> None:
    """Old and new conversations look at their carts."""
    client = Client(shop.url)
    chats = [known] * 20 + [f"new-{number}" for number in range(10)]
    answers = [client.call("view_cart", chat) for chat in chats]
    refused = [answer.text for answer in answers if answer.verdict is not Verdict.DONE]
    outcome.expect(not refused, f"{len(refused)} of {len(answers)} reads were refused, such as: {refused[:1]}")
    client.close()


def _expect_degraded(shop: Shop, reason: str, outcome: Outcome) -> None:
    """/healthz tells of it, at most ten seconds later."""
    until = monotonic() + 12
    told: object = None
    while monotonic() < until:
        reply = shop.get("/healthz")
        told = reply.json
        if reply.status == 200 and reason in reply.json.get("reasons", ()):
            return
        sleep(0.5)
    outcome.failures.append(f"/healthz does not tell of {reason}: {str(told)[:80]}")
