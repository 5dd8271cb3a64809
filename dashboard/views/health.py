"""How the shop is, who is told when that changes, and a test of telling them."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.pages import demand, owner_page, show
from health.alarms import send_test
from health.models import Alarm
from health.report import recent_health
from outbox.models import shown

_MAY_TEST = "outbox.change_message"


@owner_page
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """What is wrong, the worst first, and who is told of it."""
    context = {
        "health": recent_health(),
        "destinations": [shown(destination) for destination in settings.SHOPMCP_NOTIFY],
        "open": list(Alarm.objects.order_by("-begun_at")),
        "may_test": request.user.has_perm(_MAY_TEST),
    }
    return show(request, "dashboard/health.html", context)


@owner_page
@require_POST
def test_alarm(request: HttpRequest) -> HttpResponse:
    """Send a test to everybody who is told."""
    demand(request, _MAY_TEST)
    send_test()
    messages.success(request, _("A test is on its way to each. If one is stuck, this page says so within an hour."))
    return redirect("dashboard-health")
