"""What a row found out, and the table of all rows."""

from dataclasses import dataclass, field

BACK_WITHIN = 5.0


class NotRunError(Exception):
    """The row cannot be played on this machine; the message says why."""


@dataclass
class Outcome:
    """The counts of one row on one database.

    Attributes:
        acknowledged: Writes that were answered as done.
        lost: Acknowledged writes that the shop does not hold.
        doubled: Writes that the shop holds twice.
        false: Writes that were answered as not done, and were done.
        back: Seconds until writes were acknowledged again, at the worst; None if they never stopped.
        late: What took too long, in words.
        failures: What else did not hold.
        remarks: Figures and circumstances worth reading.
    """

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    false: int = 0
    back: float | None = None
    late: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def is_late_only(self) -> bool:
        """Whether it failed by its seconds alone."""
        return not (self.passed or self.lost or self.doubled or self.false or self.failures)

    @property
    def passed(self) -> bool:
        wrong = self.lost or self.doubled or self.false or self.failures or self.late
        return not wrong and (self.back or 0) <= BACK_WITHIN

    def expect(self, held: bool, words: str) -> None:
        """Note what did not hold, once for the same words."""
        if not held and words not in self.failures:
            self.failures.append(words)

    def expect_in_time(self, held: bool, words: str) -> None:
        """Note what took too long."""
        if not held and words not in self.late:
            self.late.append(words)

    def came_back(self, seconds: float) -> None:
        self.back = max(self.back or 0.0, seconds)


@dataclass(frozen=True)
class Played:
    """A row that was played, or the reason why not."""

    name: str
    database: str
    outcome: Outcome | None
    reason: str = ""

    @property
    def was_late_only(self) -> bool:
        return self.outcome is not None and self.outcome.is_late_only

    @property
    def word(self) -> str:
        if self.outcome is None:
            return "not run"
        return "passed" if self.outcome.passed else "**failed**"


HEAD = (
    "| Fault | Database | Acknowledged | Lost | Doubled | False answers | Back after | Result | Remarks |\n"
    "|---|---|---:|---:|---:|---:|---:|---|---|\n"
)


def line(row: Played) -> str:
    """One row of the table."""
    found = row.outcome
    if found is None:
        cells = [row.name, row.database, "–", "–", "–", "–", "–", row.word, row.reason]
    else:
        counts = [str(count) for count in (found.acknowledged, found.lost, found.doubled, found.false)]
        back = "–" if found.back is None else f"{found.back:.1f} s"
        words = "; ".join([*found.failures, *found.late, *found.remarks])
        cells = [row.name, row.database, *counts, back, row.word, words]
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |\n"
