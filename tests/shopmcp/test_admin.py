from datetime import UTC, datetime

import pytest
from django.urls import reverse

from catalog.models import ImportRun

FILTERS = {
    "accounts_apikey": ("name", "created_at__gte"),
    "auth_user": ("q", "date_joined__year", "last_login__year", "date_joined__gte"),
    "carts_callrecord": ("client", "at__gte", "session"),
    "carts_cart": ("public_id", "version__gte", "created_at__gte"),
    "carts_session": ("q", "p", "client", "is_check__exact", "last_seen_at__lt"),
    "carts_sessionwarning": ("client", "last_at__gte"),
    "catalog_importrun": ("state__exact", "started_at__gte"),
    "catalog_product": ("q", "name", "price__gte", "store__id__exact"),
    "catalog_store": ("slug",),
}


@pytest.mark.parametrize(
    "value", ["a\0b", "0", "99999", "9" * 19, "9" * 5000, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_a_filter_that_no_database_understands_leads_back_to_the_list(admin_client, value):
    for page, names in FILTERS.items():
        for name in names:
            answer = admin_client.get(reverse(f"admin:{page}_changelist"), {name: value})
            assert answer.status_code == 200 or answer["Location"].endswith("?e=1"), (page, name)


def test_the_admin_has_a_way_back_and_the_name_of_the_project(admin_client):
    page = admin_client.get("/admin/").text

    assert f'href="{reverse("dashboard")}"' in page
    assert "Django administration" not in page and "shopmcp" in page


def test_the_admin_shows_moments_as_the_dashboard_does(admin_client, db):
    run = ImportRun.objects.create(slug="shop", started_at=datetime(2026, 1, 1, 12, tzinfo=UTC))
    admin_client.cookies["timezone"] = "Asia/Tokyo"

    for address in ("/admin/catalog/importrun/", reverse("admin:catalog_importrun_change", args=[run.pk])):
        assert "21:00" in admin_client.get(address).text
