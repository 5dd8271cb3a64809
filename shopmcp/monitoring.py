"""`/metrics`: what the workers counted, and numbers from the database, in Prometheus' text format."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.api import Bearer
from carts.models import Session
from catalog.models import ImportRun, Store
from outbox.models import COUNT_CAP, Message
from shopmcp import metrics
from shopmcp.api import refuse
from shopmcp.background import Renewed
from shopmcp.db.workers import lanes
from shopmcp.disk import Disk, folder
from shopmcp.errors import Forbidden, ShopError, Unauthorized

_MOST_STORES = 200
# What proxies and tunnels add to a request, such as `Via`, `Forwarded`, `X-Forwarded-For`, `Cf-Ray` and `X-Real-IP`.
_FORWARDED: Final = re.compile("^via$|forwarded|^cf-|-ip$", re.IGNORECASE)


@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer a scrape by those whom METRICS allows."""
    if settings.METRICS == "off":
        raise Http404
    try:
        _check_access(request)
    except ShopError as refusal:
        return refuse(request, refusal)
    registry = CollectorRegistry()
    registry.register(_Gauges(_numbers.get() if lanes.started else _count()))
    return HttpResponse(metrics.exposed() + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _check_access(request: HttpRequest) -> None:
    """Raise a refusal unless the request comes from this machine or has a key, as METRICS says."""
    if settings.METRICS == "loopback":
        if _is_direct(request):
            return
        raise Forbidden(
            _("Only programs on the shop's own machine may read this."),
            fix=_("Ask at a loopback address, or set METRICS=key and send an API key."),
        )
    kind, _space, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer":
        raise Unauthorized(
            _("This needs a key."),
            fix=_("Send the header Authorization: Bearer KEY, with a key from the page Keys of the dashboard."),
        )
    Bearer().authenticate(request, key)


def _is_direct(request: HttpRequest) -> bool:
    """Whether peer and Host are loopback, and no proxy has passed the request on."""
    if any(map(_FORWARDED.search, request.headers)):
        return False
    host, _port = split_domain_port(request.get_host())
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return host in settings.LOOPBACK_HOSTS and (getattr(peer, "ipv4_mapped", None) or peer).is_loopback


# The name, the help, and the values: each with its labels.
_Gauge = tuple[str, str, Sequence[tuple[dict[str, str], float]]]


class _Gauges(Collector):
    """The numbers of one scrape; only the state of the database, if it does not answer."""

    def __init__(self, numbers: Sequence[_Gauge] | None) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the gauges."""
        gauges = list(self._numbers or ())
        gauges.append(("shopmcp_database_up", "Whether the database answers.", [({}, float(bool(gauges)))]))
        if (free := Disk(folder()).free_bytes) is not None:
            gauges.append(
                ("shopmcp_disk_free_bytes", "Free space where SQLite's file or else the data folder is.", [({}, free)])
            )
        for name, words, values in gauges:
            labels = list(values[0][0]) if values else []
            family = GaugeMetricFamily(name, words, labels=labels)
            for labelled, value in values:
                family.add_metric(list(labelled.values()), value)
            yield family


def _count() -> Sequence[_Gauge]:
    """Read the numbers; each query reads a bounded range of an index."""
    with suppress(DatabaseError, InterfaceError):
        now = timezone.now()
        waiting = Message.objects.waiting().order_by("next_try_at", "id")[:COUNT_CAP]
        outbox = waiting.aggregate(count=Count("id"), oldest=Min("created_at"))
        done = [ImportRun.State.PUBLISHED, ImportRun.State.UNCHANGED]
        newest = ImportRun.objects.filter(slug=OuterRef("slug"), state__in=done).order_by("-id").values("ended_at")[:1]
        imports = Store.objects.order_by("id").values_list("slug", Subquery(newest))[:_MOST_STORES]
        ages = [({"store": slug}, (now - at).total_seconds()) for slug, at in imports if at]
        states = {"waiting": outbox["count"], "failed": Message.objects.failed().capped_count()}
        return [
            (
                "shopmcp_active_sessions",
                "Sessions within SHOPMCP_ACTIVE_WINDOW, counted up to 10,000.",
                [({}, Session.objects.real().active().capped_count())],
            ),
            (
                "shopmcp_outbox_messages",
                "Messages in the outbox, counted up to 10,000.",
                [({"state": state}, count) for state, count in states.items()],
            ),
            (
                "shopmcp_outbox_oldest_seconds",
                "Age of the oldest message that waits.",
                [({}, (now - outbox["oldest"]).total_seconds() if outbox["count"] else 0.0)],
            ),
            ("shopmcp_import_age_seconds", "Time since the last good import.", ages),
        ]
    return ()


_numbers: Final = Renewed(_count, every=lambda numbers: 5.0)
