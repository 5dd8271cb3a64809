"""The page for signing in on a phone and by mail."""

import re
from urllib.parse import unquote

import pytest
import segno
from django.contrib.auth.models import User
from django.urls import reverse

from shopmcp.sign_in import link_for

PAGE = reverse("dashboard-own-sign-in")
ADDRESS = reverse("dashboard-own-address")


def test_a_code_is_shown_when_it_is_asked_for(owner, settings):
    assert "data:image/svg+xml" not in owner.get(PAGE).text

    (shown,) = re.findall(r'src="(data:image/svg\+xml[^"]+)"', owner.post(PAGE).text)

    user = User.objects.get()
    drawn = segno.make(link_for(user, settings.PUBLIC_URL), error="m")
    assert unquote(shown).count("h") > 100 and "svg" in unquote(shown)
    assert drawn.error == "M"


def test_an_address_that_no_phone_reaches_is_said_so(owner, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert "where no phone gets" in owner.get(PAGE).text

    settings.PUBLIC_URL = "https://shop.example.com"
    assert "where no phone gets" not in owner.get(PAGE).text


def test_the_owner_keeps_an_address_for_links(owner):
    owner.post(ADDRESS, {"email": "keeper@example.com"})

    assert User.objects.get().email == "keeper@example.com"
    assert 'value="keeper@example.com"' in owner.get(PAGE).text


@pytest.mark.parametrize("wrong", ["nobody", "a@b", "a b@example.com"])
def test_what_is_no_address_is_told_and_changes_nothing(owner, wrong):
    before = User.objects.get().email

    answer = owner.post(ADDRESS, {"email": wrong}, follow=True)

    assert 'class="error"' in answer.text
    assert User.objects.get().email == before


def test_a_stranger_gets_no_code(client, db):
    assert client.post(PAGE).status_code == 302
    assert client.post(ADDRESS, {"email": "me@example.com"}).status_code == 302
