"""What sells, and where shoppers stop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from analytics.definitions import DEFINITIONS
from analytics.reports import Summary, summary
from catalog.models import Product
from dashboard.forms import PERIODS, PeriodForm, midnight
from dashboard.pages import owner_page, show

# What brings a session to each stage; whoever came further passed the stages before.
_TOOLS = {"searched": "search_products", "viewed": "get_product", "added": "add_to_cart"}
_Link = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Stage:
    """How many sessions came so far, and their share of all; `link` lists them."""

    key: str
    sessions: int
    share: float | None
    link: str

    @property
    def width(self) -> int:
        """Of a hundred."""
        return round(100 * (self.share or 0))


@dataclass(frozen=True, slots=True)
class Popular:
    """A product, and in how many of a hundred sessions it was seen and added; the links list these."""

    product_id: str
    name: str
    seen: float
    added: float
    link_seen: str
    link_added: str


@dataclass(frozen=True, slots=True)
class Fruitless:
    words: str
    searches: int
    link: str


@dataclass(frozen=True, slots=True)
class Speed:
    """A tool's calls: how many, and milliseconds at the median and where 95 of 100 stay below."""

    tool: str
    calls: int
    p50: float
    p95: float
    link: str


@dataclass(frozen=True, slots=True)
class Refusal:
    tool: str
    code: str
    calls: int
    link: str


@dataclass(frozen=True, slots=True)
class Report:
    """The numbers, with what a page shows beside them; `links` lead to the sessions behind single numbers."""

    numbers: Summary
    links: Mapping[str, str]
    funnel: Sequence[Stage]
    popular: Sequence[Popular]
    fruitless: Sequence[Fruitless]
    refusals: Sequence[Refusal]
    speeds: Sequence[Speed]


def report(since: datetime, until: datetime, *, client: str = "", address: Mapping[str, str]) -> Report:
    """Return the numbers of [since, until) in whole hours; ten queries at most.

    Args:
        client: This client's sessions and calls alone.
        address: What a link to the list of sessions says of the range and the client.
    """
    found = summary(since, until, client=client)
    products = [product for product, *_ in found.popular]
    names = dict(Product.objects.filter(public_id__in=products).values_list("public_id", "name")) if products else {}

    def link(**more: str) -> str:
        return f"{reverse('dashboard-sessions')}?{urlencode({'keyed': 'on', **address, **more})}"

    return Report(
        numbers=found,
        links={state: link(state=state) for state in ("cart", "abandoned", "lost")}
        | {"sessions": link(), "unkeyed": link(state="unkeyed", keyed="")},
        funnel=_funnel(found, link),
        popular=[
            Popular(
                product,
                names.get(product, product),
                found.in_hundred(seen),
                found.in_hundred(added),
                link(saw=product, outcome="ok"),
                link(did=_TOOLS["added"], saw=product, outcome="ok"),
            )
            for product, seen, added in found.popular
        ],
        fruitless=[Fruitless(words, n, link(missed=words)) for words, n in found.fruitless],
        refusals=[Refusal(tool, code, n, link(did=tool, outcome=code)) for tool, code, n in found.refusals],
        speeds=[Speed(speed.tool, speed.calls, speed.p50, speed.p95, link(did=speed.tool)) for speed in found.speeds],
    )


def _funnel(found: Summary, link: _Link) -> list[Stage]:
    tools = list(_TOOLS.values())
    return [
        Stage(stage, found.stages[stage], found.reached(stage), link(did=",".join(tools[n:]), outcome="ok"))
        for n, stage in enumerate(_TOOLS)
    ]


@owner_page
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    """The numbers of a day, a week, a month or chosen days, each with its definition and the sessions behind it."""
    form = PeriodForm(request.GET)
    form.is_valid()
    first, last = form.days
    client = form.cleaned_data.get("client", "")
    address = {"since": first.isoformat(), "until": last.isoformat()}
    since, until = midnight(first), midnight(last + timedelta(days=1))
    assert since is not None
    found = report(
        since, until or timezone.now(), client=client, address=address | ({"client": client} if client else {})
    )
    context = {
        "form": form,
        "periods": PERIODS,
        "first": first,
        "last": last,
        "client": client,
        "report": found,
        "definitions": {name: gettext(text) for name, text in DEFINITIONS.items()},
    }
    return show(request, "dashboard/analytics.html", context)
