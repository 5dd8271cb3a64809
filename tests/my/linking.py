"""Chats that are kept with accounts, and codes that prove them."""

import re

import pytest

from carts.models import Session


@pytest.fixture
def keep_path(path):
    return path.replace("/c/", "/my/keep/") + "/"


@pytest.fixture
def code(client, dana):
    """A code of Dana's account, as her page shows it."""
    return code_on(client.post("/my/", {"do": "code"}))


def code_on(page):
    return re.search(r'class="letters" dir="ltr">([A-Z0-9-]+)<', page.text)[1]


def of_chat(name="chat-1"):
    return Session.objects.order_by("id")[0 if name == "chat-1" else 1]


def links():
    return list(Session.objects.order_by("id").values_list("person", "sees_person"))


@pytest.fixture
def ask_as(call_tool):
    def ask_as(name, session, subject, **arguments):
        return call_tool(name, session=session, meta={"openai/subject": subject}, **arguments)

    return ask_as
