"""Browsers of shoppers, and the codes that are mailed to them."""

import re

import pytest
from django.test import Client

from accounts.models import Person
from outbox.models import Message

EMAIL = "dana@example.com"


@pytest.fixture
def mail(settings, db):
    settings.MAIL_IS_SET = True


@pytest.fixture
def dana(client, mail):
    """A shopper who is signed in; `client` is their browser."""
    return signed_in(client, EMAIL)


@pytest.fixture
def ruth(mail):
    """Another shopper, with a browser of their own as `browser`."""
    browser = Client()
    person = signed_in(browser, "ruth@example.com")
    person.browser = browser
    return person


def signed_in(browser, email):
    ask(browser, email)
    answer = browser.post("/my/sign-in/code/", {"action": "verify", "code": code_to(email)})
    assert answer.status_code == 302, answer.text
    return Person.objects.get(user__email=email)


def ask(browser, email, **more):
    return browser.post("/my/sign-in/", {"email": email}, **more)


def mails_to(email):
    return list(Message.objects.filter(destination=email).order_by("id"))


def code_to(email):
    text = mails_to(email)[-1].payload["text"]
    return re.search(r"is ([A-Z0-9-]+)\.", text)[1]


def someone_is_signed_in(browser):
    return browser.get("/my/").status_code == 200
