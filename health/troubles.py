"""The kinds of trouble that a shop can be in, and one such trouble, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shopmcp.runnable import runnable

# `bad`: the shop cannot sell, or cannot tell. `warn`: it soon cannot, or something is not as usual.
Level = Literal["bad", "warn"]


class Kind(NamedTuple):
    """A kind of trouble.

    Attributes:
        title: What is wrong, in one line; `%(name)s` and the like are facts of the trouble.
        fix: What to do.
        page: The name of the page of the dashboard where it can be seen or mended; empty for none.
        command: A management command with its arguments, for `%(command)s` in `fix`.
    """

    level: Level
    title: Promise
    fix: Promise
    page: str = ""
    command: str = ""


# The worst first.
KINDS: dict[str, Kind] = {
    "database_away": Kind(
        "bad",
        _("The shop's database does not answer"),
        _("Chats can neither see nor change their carts. What was confirmed to them is not lost."),
    ),
    "disk_full": Kind(
        "bad",
        _("The shop's disk is almost full"),
        _("New carts are refused before old ones cannot be changed any more. Free some space on the disk soon."),
    ),
    "read_only": Kind(
        "bad",
        _("The shop's database takes no changes"),
        _("Chats can look at products, but cannot change their carts: the database or its disk is read-only."),
    ),
    "locked": Kind(
        "bad",
        _("The shop's database is locked"),
        _("Chats cannot change their carts, because a program holds a lock on the database."),
    ),
    "not_writable": Kind(
        "bad",
        _("The shop's database takes no changes"),
        _("Chats cannot change their carts. The shop's log tells the error."),
    ),
    "carts_can_meet": Kind(
        "bad",
        _("Chats can see each other's carts: %(sign)s (%(clients)s)"),
        _("The page of warnings says what it means and how to mend it."),
        "dashboard-warnings",
    ),
    "nothing_for_sale": Kind(
        "bad",
        _("%(name)s has nothing for sale"),
        _("No product of the store can be bought: each is withdrawn, sold out or without a price. Look at the product "
          "file, or undo the last import."),
        "dashboard-products",
    ),
    "import_failed": Kind(
        "bad",
        _("The last import into %(name)s failed"),
        _("Nothing was changed by it. The reason: %(reason)s The file: %(file)s"),
        "dashboard-products",
    ),
    "messages_stuck": Kind(
        "bad",
        _("Mail or webhooks are stuck: the oldest waits for %(hours)d h"),
        _("The list of messages tells what the receiver answers. Each is tried for three days."),
        "dashboard-messages",
    ),
    "webhook_parked": Kind(
        "bad",
        _("A webhook is parked: %(name)s"),
        _("Its system does not answer. Mend it, then resume the webhook: what waits is sent then."),
        "dashboard-webhooks",
    ),
    "migrations_pending": Kind(
        "bad",
        _("An update of the data format is pending"),
        _("The code is newer than the database. Restart the shop: it updates its database when it starts."),
    ),
    "index_outdated": Kind(
        "warn",
        _("The search index is of an older version"),
        _("Restart the shop, which makes the index anew, or run: %(command)s"),
        command="rebuild_search",
    ),
    "little_for_sale": Kind(
        "warn",
        _("%(name)s has little for sale: %(products)d of %(carried)d products"),
        _("The others are sold out or without a price. Look at the product file."),
        "dashboard-products",
    ),
    "import_late": Kind(
        "warn",
        _("The import into %(name)s is late: it comes every %(every)d h, and the last one was %(ago)d h ago"),
        _("Look at the timer or the program that imports the products."),
        "dashboard-products",
    ),
    "import_withdrew_much": Kind(
        "warn",
        _("The last import into %(name)s withdrew %(withdrawn)d products"),
        _("If the file was not whole, undo the import, or import a whole one."),
        "dashboard-products",
    ),
    "prices_missing": Kind(
        "warn",
        _("%(unpriced)d of %(carried)d products of %(name)s have no price"),
        _("They are found but cannot be bought. Look at the column of prices in the product file."),
        "dashboard-products",
    ),
    "carts_can_be_lost": Kind(
        "warn",
        _("Chats can lose their carts: %(sign)s (%(clients)s)"),
        _("The page of warnings says what it means and how to mend it."),
        "dashboard-warnings",
    ),
    "silence": Kind(
        "warn",
        _("No chat has called for %(ago)d h, where there were some each day"),
        _("Check that the shop can be reached at its address, and start a chat with it."),
        "landing",
    ),
    "mail_waits": Kind(
        "warn",
        _("Mails that wait because the shop cannot send mail: %(mails)d"),
        _("Set EMAIL_URL and restart the shop; then they leave."),
    ),
    "messages_undelivered": Kind(
        "warn",
        _("Messages that could not be delivered: %(messages)d"),
        _("The list of messages tells why, and can have them tried again."),
        "dashboard-messages-failed",
    ),
    "cleanup_late": Kind(
        "warn",
        _("The cleanup has not run for days"),
        _("Let a timer run it each day: %(command)s"),
        command="cleanup_sessions",
    ),
}  # fmt: skip
_PLACES = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong now.

    Attributes:
        kind: A name of `KINDS`.
        subject: The slug of the store, or what else tells two troubles of a kind apart.
        facts: For the sentences, and for programs that are told: JSON data.
    """

    kind: str
    subject: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def level(self) -> Level:
        return KINDS[self.kind].level

    @property
    def title(self) -> str:
        return str(KINDS[self.kind].title) % self.facts

    @property
    def fix(self) -> str:
        kind = KINDS[self.kind]
        return str(kind.fix) % {**self.facts, "command": runnable(kind.command)}

    @property
    def page(self) -> str:
        return KINDS[self.kind].page

    @property
    def place(self) -> tuple[int, str]:
        """Sorts the worst first."""
        return _PLACES[self.kind], self.subject
