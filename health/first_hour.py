"""The first steps of an owner. The shop sees when one is done; when all are, there is no list."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from carts.isolation import isolation
from carts.models import CallRecord, Cart
from catalog.demo import STORE
from catalog.models import Product, Store
from health.models import Milestone

_DEMO: Final = STORE["slug"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the list; `page` is the name of the page where it is done, empty for none."""

    name: str
    text: Promise
    page: str
    is_done: bool


@dataclass(frozen=True, slots=True)
class FirstHour:
    """The list; at least one of its steps is left."""

    steps: Sequence[Step]

    @property
    def done(self) -> int:
        """How many steps are done."""
        return sum(step.is_done for step in self.steps)

    @property
    def next(self) -> Step:
        """The first that is left."""
        return next(step for step in self.steps if not step.is_done)


def _has_demo() -> bool:
    return Store.objects.filter(slug=_DEMO).exists()


# In the order of the list: what to do, where, and whether the shop shows that it is done.
_STEPS: Final[Mapping[str, tuple[Promise, str, Callable[[], bool]]]] = {
    "address": (
        _("Give the shop an address that begins with https, and name it in PUBLIC_URL"),
        "landing",
        lambda: settings.PUBLIC_URL.startswith("https://"),
    ),
    "products": (
        _("Import your own products"),
        "dashboard-products",
        lambda: Product.objects.listed().exclude(store__slug=_DEMO).exists(),
    ),
    "texts": (
        _("Write what your store says about delivery and returns"),
        "dashboard-stores",
        lambda: Store.objects.exclude(slug=_DEMO).exclude(shipping="").exclude(returns="").exists(),
    ),
    "chat": (_("Connect a chat and ask it for a product"), "landing", CallRecord.objects.exists),
    "apart": (
        _("See here that chats are told apart"),
        "dashboard-warnings",
        lambda: isolation().state == "apart",
    ),
    "handoff": (
        _("Ask the chat for the checkout, and open its link"),
        "dashboard-sessions",
        lambda: Cart.objects.filter(handed_over_at__isnull=False).exists(),
    ),
    "demo": (_("Remove the demo store"), "dashboard-stores", lambda: not _has_demo()),
}


def first_hour() -> FirstHour | None:
    """Return the list, or None if all is done; one query then."""
    noted = set(Milestone.objects.values_list("step", flat=True))
    if noted >= _STEPS.keys():
        return None
    steps = [Step(name, text, page, name in noted or is_done()) for name, (text, page, is_done) in _STEPS.items()]
    return None if all(step.is_done for step in steps) else FirstHour(steps)


def note_first_hour() -> None:
    """Keep which steps are done, so that none comes back; one query once all are."""
    noted = set(Milestone.objects.values_list("step", flat=True))
    new = [name for name, (_text, _page, is_done) in _STEPS.items() if name not in noted and is_done()]
    Milestone.objects.bulk_create([Milestone(step=name) for name in new], ignore_conflicts=True)
