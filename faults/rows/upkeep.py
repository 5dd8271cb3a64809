"""Cleanups, backups and imports beside live traffic."""

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import DEVNULL, Popen
from threading import Event, Thread
from time import monotonic, sleep

from faults.client import Client, Verdict
from faults.outcome import NotRunError, Outcome
from faults.room import Room, Shop, goods, has_command
from faults.shoppers import PRODUCTS, Crowd
from tests.live import ROOT

WRITERS = 24
# Seconds after which a session expires: `--older-than 1m`, and a minute that the cleanup adds for late records.
LIMIT = 120
# As cron would, and far more often.
_CLEANUPS = """
from time import monotonic
from django.core.management import call_command
until, runs = monotonic() + {seconds}, 0
while monotonic() < until:
    call_command("cleanup_sessions", "--older-than", "1m")
    runs += 1
print("RUNS", runs)
"""


def cleanup(room: Room) -> Outcome:
    """`cleanup_sessions` without a pause beside writers whose sessions are about to expire."""
    outcome, over = Outcome(), Event()
    with room.shop() as shop, ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(_write_at_the_limit, shop, number, over, outcome) for number in range(WRITERS)]
        try:
            done = shop.manage("shell", "-c", _CLEANUPS.format(seconds=15 if room.short else 60), check=False)
        finally:
            over.set()
        expired = sum(writer.result() for writer in writers)
        outcome.expect(done.returncode == 0, f"cleanup_sessions failed: {done.stderr[-200:]}")
        outcome.expect("deadlock" not in shop.output, "the database told of a deadlock")
        outcome.expect(expired > 0, "no session expired: the cleanup met no writer")
        orphans = "SELECT count(*) FROM carts_line WHERE cart_id NOT IN (SELECT id FROM carts_cart)"
        outcome.expect(shop.execute(orphans)[0][0] == 0, "there are lines without a cart")
        runs = done.stdout.rpartition("RUNS")[2].strip()
        outcome.remarks.append(f"{runs} cleanups, {expired} carts expired under their writers")
        outcome.failures += shop.damage()
    return outcome


def _write_at_the_limit(shop: Shop, number: int, over: Event, outcome: Outcome) -> int:
    """Let carts of a few conversations grow as old as the limit, then write; return how many had expired."""
    client, expired, turn = Client(shop.url), 0, 0
    told: dict[str, dict[str, int]] = {}
    while not over.is_set():
        turn += 1
        chat = f"limit-{number}-{turn % 4}"
        if chat in told:
            # What the last answer told is there: it was written a moment ago.
            seen = client.call("view_cart", chat)
            if seen.verdict is Verdict.DONE and seen.quantities != told[chat]:
                outcome.lost += 1
            session = client.call("debug_session", chat).data.get("session")
            # The record of that call is written a moment later, and renews the time of the last call.
            sleep(2)
            moment = datetime.now(UTC) - timedelta(seconds=random.uniform(LIMIT - 1, LIMIT + 1))
            _age(shop, str(session), f"{moment:%Y-%m-%d %H:%M:%S.%f}")
            sleep(random.uniform(0, 0.5))
        answer = client.call("add_to_cart", chat, product_id=random.choice(PRODUCTS[:20]))
        if answer.verdict is Verdict.DONE:
            outcome.acknowledged += 1
            expired += chat in told and len(answer.quantities) < len(told[chat])
            told[chat] = answer.quantities
        else:
            outcome.failures.append(f"a write was refused: {answer.text[:100]}")
            told.pop(chat, None)
    client.close()
    return expired


def _age(shop: Shop, session: str, moment: str) -> None:
    """Date the last call and change of a session back."""
    shop.execute(
        "UPDATE carts_cart SET updated_at = ? WHERE session_id IN (SELECT id FROM carts_session WHERE public_id = ?)",
        moment,
        session,
    )
    shop.execute("UPDATE carts_session SET last_seen_at = ? WHERE public_id = ?", moment, session)


def backup(room: Room) -> Outcome:
    """`backup` under load, restored into an empty shop: it holds each write acknowledged before its start."""
    outcome = Outcome()
    with room.shop() as shop:
        if not (has_command("backup") and has_command("restore")):
            raise NotRunError("there are no commands backup and restore")
        file = shop.data_dir.parent / "shop.backup"
        with Crowd([shop.url]) as crowd:
            crowd.acknowledged(300)
            before = crowd.ledger.copy()
            shop.manage("backup", str(file))
            crowd.acknowledged(50)
        with room.empty_shop(room.new_folder() / "data") as other:
            other.manage("restore", str(file))
            other.start()
            before.audit(other.url, outcome, later_writes=True)
            outcome.failures += other.damage()
        outcome.expect(file.stat().st_mode & 0o077 == 0, "others can read the file")
        crowd.ledger.audit(shop.url, outcome)
    return outcome


def import_killed(room: Room) -> Outcome:
    """kill −9 of an import: chats see the old prices or the new ones, never some of each."""
    kills = 2 if room.short else 8
    outcome = Outcome(remarks=[f"{kills} kills"])
    with room.shop() as shop, Crowd([shop.url], size=4, pause=0.05) as crowd:
        over = Event()
        mixed: list[set[str]] = []
        reader = Thread(target=_read_prices, args=(shop, over, mixed))
        reader.start()
        try:
            for number in range(kills):
                file = goods(shop.data_dir, 3000, cents=10 + number)
                _kill_import(shop, file, after=random.uniform(0, 2.5))
                # A dead import makes room after some minutes without a sign of life.
                shop.execute("UPDATE catalog_importrun SET alive_at = ? WHERE ended_at IS NULL", "2020-01-01 00:00:00")
                done = shop.manage("import_products", str(file), "--store", "shop", "--force", check=False)
                outcome.expect(done.returncode == 0, f"the next import failed: {(done.stdout + done.stderr)[-200:]}")
        finally:
            over.set()
            reader.join()
        crowd.stop()
        outcome.expect(len(mixed) > 10 * kills, f"only {len(mixed)} looks at prices")
        wrong = sum(len(cents) != 1 for cents in mixed)
        outcome.expect(not wrong, f"{wrong} of {len(mixed)} answers mixed old and new prices")
        outcome.remarks.append(f"{len(mixed)} looks at prices")
        crowd.ledger.audit(shop.url, outcome)
        outcome.failures += shop.damage()
    return outcome


def _kill_import(shop: Shop, file: Path, *, after: float) -> None:
    command = [sys.executable, "manage.py", "import_products", str(file), "--store", "shop", "--force"]
    process = Popen(command, cwd=ROOT, env=shop.env, stdout=DEVNULL, stderr=DEVNULL)
    until = monotonic() + 30
    while process.poll() is None and monotonic() < until:
        if shop.execute("SELECT count(*) FROM catalog_importrun WHERE ended_at IS NULL")[0][0]:
            break
        sleep(0.02)
    sleep(after)
    process.kill()
    process.wait()


def _read_prices(shop: Shop, over: Event, seen: list[set[str]]) -> None:
    """Search again and again, and note the cents of all prices in each answer."""
    client = Client(shop.url)
    while not over.is_set():
        answer = client.call("search_products", "reader", query="product", limit=50)
        if answer.verdict is Verdict.DONE:
            seen.append({item["price"]["amount"][-2:] for item in answer.data["products"] if item["price"]})
        sleep(0.05)
    client.close()
