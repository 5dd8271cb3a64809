"""Sign-in of staff by password is slow for those who guess."""

import pytest

from shopmcp import throttle

WRONG, RIGHT = "wrong", "long and of her own"


@pytest.fixture
def clock(monkeypatch):
    """Stand still; a test moves on by adding seconds."""
    now = [1000.0]
    monkeypatch.setattr(throttle, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def owner(django_user_model):
    return django_user_model.objects.create_superuser("owner", password=RIGHT)


@pytest.fixture
def sign_in(client, owner, clock):
    def sign_in(password, name="owner", address="192.0.2.1", **headers):
        form = {"username": name, "password": password}
        answer = client.post("/admin/login/", form, REMOTE_ADDR=address, headers=headers)
        return "in" if answer.status_code == 302 else answer.content.decode()

    return sign_in


def test_an_account_is_guarded_against_guesses_from_many_addresses(sign_in, clock, client):
    for n in range(10):
        assert "Too many" not in sign_in(WRONG, address=f"192.0.2.{n}")

    assert "Too many failed sign-ins. Wait 60 seconds" in sign_in(RIGHT, name="Owner", address="198.51.100.1")
    assert "Too many" in sign_in(RIGHT)
    assert "_auth_user_id" not in client.session
    clock[0] += 60
    assert sign_in(RIGHT) == "in"


def test_an_address_is_refused_whatever_names_it_tries(sign_in):
    for n in range(30):
        sign_in(WRONG, name=f"user {n}")

    assert "Too many" in sign_in(RIGHT)
    assert "Too many" in sign_in(RIGHT, **{"X-Forwarded-For": "198.51.100.1"})
    assert sign_in(RIGHT, address="198.51.100.1") == "in"


def test_one_customer_with_many_networks_of_ipv6_is_refused_too(sign_in):
    for n in range(5 * 30):
        sign_in(WRONG, name=f"user {n}", address=f"2001:db8:1:{n:x}::1")

    assert "Too many" in sign_in(RIGHT, address="2001:db8:1:ffff::1")
    assert sign_in(RIGHT, address="2001:db8:2::1") == "in"


def test_signing_in_rightly_counts_for_nothing(sign_in):
    assert {sign_in(RIGHT) for _ in range(50)} == {"in"}


def test_a_failure_is_logged_with_its_account_and_its_network_and_without_the_password(sign_in, caplog):
    sign_in(WRONG, address="2001:db8:1:2::3")

    assert caplog.messages == ["sign-in failed for 'owner' from 2001:0db8:0001:0002"]
