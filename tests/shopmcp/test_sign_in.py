import time
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from shopmcp.errors import InvalidArguments, NotFound
from shopmcp.sign_in import LinkExpired, link_for, redeem, same_host, staff_user, user_of

PUBLIC_URL = "http://127.0.0.1:8000"
HOST = {"host": "127.0.0.1:8000"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def public_url(settings):
    settings.PUBLIC_URL = PUBLIC_URL


@pytest.fixture
def path():
    """Where a fresh link for the owner leads."""
    return urlsplit(link_for(staff_user(), PUBLIC_URL)).path


@pytest.fixture
def later(monkeypatch):
    """Let time pass for links that are read from now on."""

    def pass_time(**by):
        made_at = time.time()
        monkeypatch.setattr(time, "time", lambda: made_at + timedelta(**by).total_seconds())

    return pass_time


def signed_in(client):
    return "_auth_user_id" in client.session


def test_the_command_makes_an_owner_without_a_password_and_prints_a_link_on_the_public_url(capsys):
    call_command("sign_in_link")

    owner = User.objects.get()
    assert (owner.username, owner.is_staff, owner.is_superuser, owner.has_usable_password()) == (
        "owner",
        True,
        True,
        False,
    )
    link = capsys.readouterr().out.strip()
    assert link.startswith(f"{PUBLIC_URL}/sign-in/")
    assert "\n" not in link


def members(*names):
    return [User.objects.create_user(name, is_staff=True) for name in names]


def test_the_command_makes_the_owner_once():
    call_command("sign_in_link")
    call_command("sign_in_link")

    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("names", "chosen"), [(["alice"], "alice"), (["alice", "owner"], "owner"), (["alice", "bob", "owner"], "owner")]
)
def test_without_a_name_it_is_the_owner_or_the_only_member_of_staff(names, chosen):
    members(*names)
    User.objects.create_user("customer")

    assert staff_user().username == chosen
    assert User.objects.count() == len(names) + 1


def test_a_name_chooses_among_several():
    members("alice", "bob")

    assert staff_user("bob").username == "bob"


@pytest.mark.parametrize("name", [(), ("alcie",), ("ALICE",), ("",)])
def test_a_name_that_no_member_of_staff_has_is_refused_with_those_there_are(name):
    members("bob", "alice")

    with pytest.raises(CommandError, match=r"not an active member of staff\. Use one of these: alice, bob\."):
        call_command("sign_in_link", *name)

    assert User.objects.count() == 2


def test_in_a_shop_without_staff_an_unknown_name_makes_nobody():
    with pytest.raises(CommandError, match=r"There is none: make one with .*manage\.py createsuperuser"):
        call_command("sign_in_link", "alcie")

    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("name", "facts"), [("owner", {"is_staff": False}), ("alice", {"is_staff": True, "is_active": False})]
)
def test_no_owner_is_made_where_staff_was_shut_out_or_the_name_is_a_customers(name, facts):
    User.objects.create_user(name, **facts)

    with pytest.raises(InvalidArguments):
        staff_user()

    assert User.objects.filter(is_superuser=True).count() == 0


@pytest.mark.parametrize("facts", [{"is_staff": False}, {"is_staff": True, "is_active": False}])
def test_the_command_opens_no_door_for_those_who_have_none(facts):
    User.objects.create_user("guest", **facts)

    with pytest.raises(CommandError, match="guest is not an active member of staff"):
        call_command("sign_in_link", "guest")

    assert User.objects.filter(is_superuser=True).count() == 0


def test_looking_at_a_link_spends_nothing_and_shows_a_button(client, path):
    for _ in range(3):
        response = client.get(path, headers=HOST)

    assert response.status_code == 200
    assert "owner" in response.text
    assert not signed_in(client)
    assert "no-store" in response["Cache-Control"]


def test_pressing_the_button_signs_in_and_leads_to_the_dashboard(client, path):
    response = client.post(path, headers=HOST)

    assert (response.status_code, response["Location"]) == (302, "/dashboard/")
    assert signed_in(client)
    assert client.get("/admin/", headers=HOST).status_code == 200


def test_a_link_works_once(client, path):
    client.post(path, headers=HOST)
    client.logout()

    for method in (client.get, client.post):
        response = method(path, headers=HOST)
        assert response.status_code == 410
        assert "used already" in response.text
        assert "manage.py sign_in_link" in response.text
    assert not signed_in(client)


def test_of_two_that_come_at_once_one_wins(path):
    token = path.split("/")[2]
    rivals = [token]

    def overtaken(execute, sql, *rest):
        if sql.startswith("UPDATE") and rivals:  # both have checked, neither has spent
            redeem(rivals.pop())
        return execute(sql, *rest)

    with connection.execute_wrapper(overtaken), pytest.raises(LinkExpired):
        redeem(token)
    assert rivals == []


def test_using_a_link_spends_those_made_before_it(client):
    owner = staff_user()
    first, second = (link_for(owner, PUBLIC_URL).split("/")[4] for _ in range(2))

    redeem(first)

    with pytest.raises(LinkExpired):
        user_of(second)


def test_a_link_is_good_for_ten_minutes(client, path, later):
    later(minutes=9, seconds=58)
    assert client.get(path, headers=HOST).status_code == 200

    later(seconds=4)
    response = client.post(path, headers=HOST)
    assert response.status_code == 410
    assert "more than ten minutes old" in response.text
    assert not signed_in(client)


def test_a_link_from_the_future_opens_nothing_and_says_so(client, path, later):
    later(seconds=-58)  # machines' clocks differ a little
    assert client.get(path, headers=HOST).status_code == 200

    later(days=-2)
    response = client.post(path, headers=HOST)
    assert response.status_code == 410
    assert "dated in the future" in response.text
    assert not signed_in(client)


@pytest.mark.parametrize(
    "spoil", [lambda path: path[:-3] + "x/", lambda path: "/sign-in/abc/", lambda path: path[:-8] + "/"]
)
def test_what_this_server_did_not_sign_opens_nothing(client, path, spoil):
    response = client.post(spoil(path), headers=HOST)

    assert response.status_code == 404
    assert "not a sign-in link of this shop" in response.text
    assert not signed_in(client)


def test_a_link_dies_with_its_users_rights(client, path):
    User.objects.update(is_staff=False)

    assert client.post(path, headers=HOST).status_code == 410
    assert not signed_in(client)


def test_a_link_works_on_the_public_host_alone_and_is_not_spent_elsewhere(client, path):
    response = client.post(path, headers={"host": "localhost:8000"})

    assert response.status_code == 403
    assert f"{PUBLIC_URL}{path}" in response.text
    assert not signed_in(client)
    assert client.post(path, headers=HOST).status_code == 302


def test_the_button_needs_the_form_it_stands_in(path):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, headers=HOST).status_code == 403
    assert not signed_in(strict)

    strict.get(path, headers=HOST)
    token = strict.cookies["csrftoken"].value
    assert strict.post(path, {"csrfmiddlewaretoken": token}, headers=HOST).status_code == 302


def test_a_former_secret_key_still_reads_its_links(path, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "a new key, as long as the old one was: 0123456789",
    )

    assert user_of(path.split("/")[2]).username == "owner"


def test_without_the_fallback_a_changed_secret_key_reads_none(path, settings):
    settings.SECRET_KEY = "a new key, as long as the old one was: 0123456789"

    with pytest.raises(NotFound):
        user_of(path.split("/")[2])


def test_signing_in_changes_the_time_of_the_last_sign_in(client, path):
    before = timezone.now()
    client.post(path, headers=HOST)

    assert User.objects.filter(last_login__gte=before).exists()


@pytest.mark.parametrize(
    ("host", "public", "same"),
    [
        ("shop.example.com", "https://shop.example.com", True),
        ("SHOP.example.com:443", "https://shop.example.com", True),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("shop.example.com:8443", "https://shop.example.com", False),
        ("localhost:8000", "http://127.0.0.1:8000", False),
        ("shop.example.com.evil.example", "https://shop.example.com", False),
        ("shop.example.com:port", "https://shop.example.com", False),
    ],
)
def test_hosts_are_the_same_when_name_and_port_are(host, public, same):
    assert same_host(host, public) is same
