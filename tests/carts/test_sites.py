"""Who owns a /48 of IPv6 has 65,536 networks, which count together."""

import pytest

from carts import limits
from carts.conversation import Conversation
from carts.models import Session
from shopmcp import throttle
from shopmcp.errors import TooMany
from shopmcp.network import caller_network, network_of, site_of
from shopmcp.throttle import Rate
from tests.carts.answers import error

OTHERS = ("2001:db8:2::1", "203.0.113.9")


@pytest.fixture
def clock(monkeypatch):
    """Time stands still."""
    monkeypatch.setattr(throttle, "monotonic", lambda: 1000.0)


def networks(number):
    return [network_of(f"2001:db8:1:{place:x}::1") for place in range(number)]


def test_networks_of_one_site_are_those_of_its_48():
    assert {site_of(network) for network in networks(300)} == {"2001:0db8:0001"}
    assert site_of(network_of("203.0.113.9")) == site_of("unknown") == ""


def test_new_carts_without_an_id_count_by_site_too(db, settings, clock):
    settings.SHOPMCP_NEW_UNKEYED = Rate(1, 2)
    # Each network begins one, which is less than it may.
    for network in networks(10):
        limits.admit_session(Conversation(""), network, keyed=False)
    with pytest.raises(TooMany):
        limits.admit_session(Conversation(""), networks(11)[-1], keyed=False)

    for other in OTHERS:
        limits.admit_session(Conversation(""), network_of(other), keyed=False)


def test_a_site_that_floods_leaves_new_sessions_to_the_others(db, settings, clock):
    settings.SHOPMCP_NEW_SESSIONS = Rate(10, 100)
    made = 0
    with pytest.raises(TooMany):
        for network in networks(200):
            limits.admit_session(Conversation(""), network, keyed=True)
            made += 1

    assert made <= 81
    for other in OTHERS:
        limits.admit_session(Conversation(""), network_of(other), keyed=True)


def test_calls_without_a_session_count_by_site_too(ask, db, clock):
    while not limits.strangers.sites.take("2001:0db8:0001"):
        pass
    before = caller_network.set(networks(1)[0])
    try:
        refused = ask("search_products", {}, query="tea")
        caller_network.set(network_of(OTHERS[0]))
        answered = ask("search_products", {}, query="tea")
    finally:
        caller_network.reset(before)

    assert error(refused)["code"] == "too_many_requests"
    assert not answered.is_error
    assert not Session.objects.exists()
