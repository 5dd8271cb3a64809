"""Clocks that jump, by libfaketime under the server and the commands."""

import sys
from pathlib import Path
from subprocess import DEVNULL, Popen
from time import monotonic, sleep

from faults.outcome import NotRunError, Outcome
from faults.room import Room, Shop, goods
from faults.shoppers import Crowd
from tests.live import ROOT


class Clock:
    """A clock that the server and its commands believe.

    Attributes:
        env: The settings that make a process believe it.
    """

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            raise NotRunError("libfaketime is not installed (Debian's package faketime)")
        self._file = folder / "clock"
        self.set("+0")
        # libfaketime moves the end of a sleep, though that is told by the other clock, which it leaves alone.
        (folder / "sitecustomize.py").write_text(
            "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
        )
        self.env = {
            "LD_PRELOAD": str(found[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "FAKETIME_DISABLE_SHM": "1",
            "PYTHONPATH": str(folder),
        }

    def set(self, offset: str) -> None:
        """Let it differ from the true time, as by `+1h` or `-2d`."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{offset}\n")
        draft.replace(self._file)


def hour(room: Room) -> Outcome:
    """The clock jumps an hour ahead, an hour back, and is set right, with cleanups beside writers."""
    return _jump(room, ("+1h", "-1h", "+0"))


def days(room: Room) -> Outcome:
    """The clock jumps two days ahead and back, with cleanups beside writers, and an import that dies ahead."""
    return _jump(room, ("+2d", "-2d", "+0"))


def _jump(room: Room, offsets: tuple[str, ...]) -> Outcome:
    outcome = Outcome()
    clock = Clock(room.new_folder())
    with room.shop(env=clock.env) as shop:
        with Crowd([shop.url]) as crowd:
            crowd.acknowledged(50)
            for offset in offsets:
                clock.set(offset)
                moment = monotonic()
                outcome.came_back(crowd.back_after(moment))
                crowd.acknowledged(50)
                if offset == "+2d":
                    _die_importing(shop)
                shop.manage("cleanup_sessions")
        if "+2d" in offsets:
            # The time is right again. What came from the future stops nothing.
            done = shop.manage(
                "import_products", str(goods(shop.data_dir, 3000, cents=10)), "--store", "shop", check=False
            )
            told = (done.stdout + done.stderr).strip().splitlines()[-1:]
            outcome.expect(done.returncode == 0, f"an import that died two days ahead blocks the store: {told}")
        crowd.ledger.audit(shop.url, outcome)
        # Nothing is kept for ever by a jump ahead.
        clock.set("+60d")
        shop.manage("cleanup_sessions")
        kept = shop.execute("SELECT count(*) FROM carts_session")[0][0]
        outcome.expect(kept == 0, f"{kept} sessions are kept 60 days later")
    return outcome


def _die_importing(shop: Shop) -> None:
    """Kill an import while it runs."""
    command = [
        sys.executable,
        "manage.py",
        "import_products",
        str(goods(shop.data_dir, 3000, cents=10)),
        "--store",
        "shop",
    ]
    process = Popen(command, cwd=ROOT, env=shop.env, stdout=DEVNULL, stderr=DEVNULL)
    until = monotonic() + 30
    while process.poll() is None and monotonic() < until:
        if shop.execute("SELECT count(*) FROM catalog_importrun WHERE ended_at IS NULL")[0][0]:
            break
        sleep(0.02)
    process.kill()
    process.wait()
