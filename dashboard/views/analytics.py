"""What sells, and where shoppers stop."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.pages import owner_page, show


@owner_page
@require_safe
def analytics(request: HttpRequest) -> HttpResponse:
    return show(request, "dashboard/analytics.html", {})
