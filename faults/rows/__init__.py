"""The rows of the matrix: which function, on which databases, and whether the short part has it.

A row is a function `(room) -> Outcome`; the first line of its docstring says what it plays.
"""

from collections.abc import Callable
from dataclasses import dataclass

from faults.outcome import Outcome
from faults.room import Room
from faults.rows import (
    abusers,
    clients,
    clocks,
    crashes,
    database,
    floods,
    machines,
    memory,
    orders,
    retries,
    starts,
    stops,
    storage,
    upgrades,
    upkeep,
)

BOTH = ("sqlite", "postgresql")
SERVER = ("postgresql",)


@dataclass(frozen=True)
class Row:
    """One fault.

    Attributes:
        play: Plays it.
        databases: Where it can happen.
        short: Where the short part plays it.
    """

    play: Callable[[Room], Outcome]
    databases: tuple[str, ...] = BOTH
    short: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.play.__module__.rpartition(".")[2]

    @property
    def name(self) -> str:
        return f"{self.module}.{self.play.__name__}"

    @property
    def says(self) -> str:
        return (self.play.__doc__ or "").splitlines()[0].rstrip(".")


ROWS = (
    Row(crashes.kill_all, short=BOTH),
    Row(crashes.kill_worker, SERVER),
    Row(orders.kill_all),
    Row(storage.power_cut),
    Row(storage.power_cut_at_first, ("sqlite",)),
    Row(storage.disk_full, short=("sqlite",)),
    Row(storage.disk_hangs),
    Row(storage.read_only),
    Row(database.gone, SERVER),
    Row(database.restarted, SERVER, short=SERVER),
    Row(database.connections_dropped, SERVER),
    Row(database.commit_lost, SERVER),
    Row(database.commit_silent, SERVER),
    Row(database.commit_answer_lost, SERVER, short=SERVER),
    Row(database.frozen, SERVER),
    Row(database.stop_while_frozen, SERVER),
    Row(database.locked),
    Row(stops.sigterm_4),
    Row(stops.sigterm_25),
    Row(retries.one_request_id, short=("sqlite",)),
    Row(retries.hot_cart),
    Row(machines.two_behind_a_proxy, SERVER),
    Row(clocks.hour),
    Row(clocks.days),
    Row(upkeep.cleanup),
    Row(upkeep.backup, short=("sqlite",)),
    Row(upkeep.import_killed),
    Row(upgrades.upgrade),
    Row(clients.hang_ups),
    Row(clients.no_descriptors),
    Row(starts.first_start_killed),
    Row(starts.three_first_starts),
    Row(floods.unkeyed, short=("sqlite",)),
    Row(floods.made_up_ids),
    Row(floods.one_chat),
    Row(floods.stored_bytes),
    Row(abusers.undo),
    Row(abusers.unknown_products),
    Row(abusers.hang_up),
    Row(abusers.big_bodies, short=("sqlite",)),
    Row(abusers.floods),
    Row(abusers.heads),
    Row(abusers.one_cart),
    Row(memory.mixed_load),
)
