"""Warnings that chats may not be told apart, in the JSON API."""

import pytest

from carts.models import SessionWarning


def test_warnings_of_one_moment_are_paged_without_loss(api, make_warnings):
    made = make_warnings(7)

    assert sorted(row["id"] for row in api.walk("warnings", "warnings", limit=2)) == [row.pk for row in made]


def test_a_warning_is_marked_as_fixed_until_it_happens_again(api, call_tool, honey):
    call_tool("view_cart", session=None)
    (warning,) = api.get("warnings")["warnings"]
    assert (warning["kind"], warning["state"], warning["returned"]) == ("unkeyed", "open", False)

    assert api.patch(f"warnings/{warning['id']}", {"state": "fixed"})["state"] == "fixed"
    assert api.get("warnings")["warnings"] == []

    call_tool("view_cart", session=None)
    (again,) = api.get("warnings")["warnings"]
    assert (again["state"], again["returned"], again["calls"]) == ("open", True, 2)


def test_a_muted_warning_stays_quiet_until_it_is_opened(api, call_tool, honey):
    call_tool("view_cart", session=None)
    address = f"warnings/{SessionWarning.objects.get().pk}"

    api.patch(address, {"state": "muted"})
    call_tool("view_cart", session=None)
    assert api.get("warnings")["warnings"] == []
    assert [row["state"] for row in api.get("warnings", state="settled")["warnings"]] == ["muted"]
    assert len(api.get("warnings", state="all")["warnings"]) == 1

    assert api.patch(address, {"state": "open"})["state"] == "open"


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 400), ("", 422), ("[]", 422), ({}, 422), ({"state": "gone"}, 422), ({"state": "fixed", "calls": 0}, 422)],
)
def test_a_change_that_cannot_be_read_changes_nothing(api, make_warnings, body, status):
    (warning,) = make_warnings(1)

    api.patch(f"warnings/{warning.pk}", body, status)

    assert SessionWarning.objects.open().get() == warning


@pytest.mark.parametrize("pk", [999, 2**63 - 1])
def test_settling_a_warning_that_there_is_not_is_refused(api, make_warnings, pk):
    make_warnings(1)

    assert api.patch(f"warnings/{pk}", {"state": "fixed"}, 404)["code"] == "not_found"
    assert SessionWarning.objects.open().count() == 1
