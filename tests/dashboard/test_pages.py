from urllib.parse import urlencode

import pytest
from django.urls import reverse

from dashboard.forms import PeriodForm, SessionFilterForm

PAGES = [
    "dashboard",
    "dashboard-sessions",
    "dashboard-analytics",
    "dashboard-health",
    "dashboard-searches",
    "dashboard-stuck",
    "dashboard-messages",
    "dashboard-messages-failed",
    "dashboard-synonyms",
    "dashboard-warnings",
    "dashboard-products",
    "dashboard-preview",
]


@pytest.mark.parametrize("page", [*PAGES, "dashboard-export"])
def test_a_stranger_is_sent_to_sign_in_and_back(client, db, page):
    response = client.get(reverse(page))

    assert response.status_code == 302
    assert response["Location"] == f"/admin/login/?next={reverse(page)}"


@pytest.mark.parametrize("page", PAGES)
def test_a_customer_with_a_login_sees_nothing(client, django_user_model, page):
    client.force_login(django_user_model.objects.create_user("customer"))

    assert client.get(reverse(page)).status_code == 302


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("he", "rtl")])
def test_an_empty_shop_has_every_page_in_both_languages(owner, page, language, direction):
    response = owner.get(reverse(page), headers={"Accept-Language": language})

    assert response.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in response.text
    assert "style=" not in response.text
    assert "<script>" not in response.text


@pytest.mark.parametrize(
    "value",
    ["a\0b", "9" * 19, "9" * 5000, "²", "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
def test_no_address_breaks_a_page(owner, make_session, value):
    session = reverse("dashboard-session", args=[make_session().public_id])
    filters = SessionFilterForm.base_fields
    for address, names in {
        reverse("dashboard"): filters,
        reverse("dashboard-sessions"): (*filters, "cursor"),
        reverse("dashboard-export"): filters,
        reverse("dashboard-analytics"): PeriodForm.base_fields,
        reverse("dashboard-products"): ("state", "q", "cursor"),
        reverse("dashboard-customers"): ("search", "cursor"),
        reverse("dashboard-synonyms"): ("words",),
        session: ("at", "cursor"),
        "/dashboard/warnings/unkeyed/?since=2026-01-01T00:00:00Z": ("check",),
        "/dashboard/warnings/unkeyed/?check=mcp": ("since",),
    }.items():
        joint = "&" if "?" in address else "?"
        for name in names:
            answer = owner.get(f"{address}{joint}{urlencode({name: value})}")
            assert answer.status_code in (200, 404), (address, name)


@pytest.mark.parametrize("path", ["sessions/a%00b/", "warnings/a%00b/", f"warnings/settle/{'9' * 30}/"])
def test_a_path_that_names_nothing_is_not_found(owner, path):
    ask = owner.post if "settle" in path else owner.get

    assert ask(f"/dashboard/{path}", {"action": "mute"}).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_an_update_is_the_part_that_changes_alone(owner, page):
    response = owner.get(reverse(page), headers={"HX-Request": "true"})

    assert response.text.lstrip().startswith('<div id="live"')
    assert "<html" not in response.text


def test_an_update_for_somebody_signed_out_loads_the_page_anew(client, db):
    response = client.get(reverse("dashboard"), headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize("zone", ["Asia/Jerusalem", "nonsense", "../../etc/passwd", ""])
def test_times_are_those_of_the_browser_as_far_as_its_zone_is_known(owner, make_session, zone):
    make_session()
    owner.cookies["timezone"] = zone
    response = owner.get(reverse("dashboard"))

    assert ("+02:00" in response.text or "+03:00" in response.text) == (zone == "Asia/Jerusalem")


def test_a_refusal_keeps_its_words_on_the_page_that_is_not_found(owner):
    answer = owner.post("/dashboard/warnings/settle/99/", {"action": "fixed"})

    assert answer.status_code == 404
    assert "There is no such warning." in answer.text
    assert "List the warnings" in answer.text
