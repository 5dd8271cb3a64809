"""Carts that were handed over, and reading their pages."""

import re
from html import unescape
from urllib.parse import urlsplit

import pytest

from carts.models import Session
from orders.models import CheckoutLink
from tests.carts.answers import cart

TYPED = {"name": "Dana Levi", "phone": "050-2345678", "email": "dana@example.com", "note": "Ring twice <b>"}


@pytest.fixture
def tea(make_product):
    return make_product("Tea", "9.90", stock=5)


@pytest.fixture
def full(call_tool, honey, tea):
    """A chat with two honeys and one tea."""
    call_tool("add_to_cart", items=[{"product_id": "shop:honey", "quantity": 2}, {"product_id": "shop:tea"}])
    return Session.objects.get()


@pytest.fixture
def path(call_tool, full):
    """The path of a page that the chat handed over, to buy."""
    return path_of(call_tool("get_checkout_link"))


@pytest.fixture
def view_path(call_tool, full):
    return path_of(call_tool("get_checkout_link", scope="view"))


@pytest.fixture
def send(client):
    """Send the form of a page with its quantities, and `fields` in place of some; `do` is the button."""

    def send(path, do="save", **fields):
        page = client.get(path).text
        found = re.search(r'name="version" value="(\d+)"', page)
        form = {"version": found[1] if found else "", "do": do} | quantities_of(page)
        return client.post(path, form | {f"quantity:shop:{name}": value for name, value in fields.items()})

    return send


def quantities_of(page):
    return dict(re.findall(r'name="(quantity:[^"]+)" value="(\d+)"', page))


def path_of(result):
    return urlsplit(cart(result)["url"]).path


def links():
    return CheckoutLink.objects.order_by("id")


def form_of(text):
    """The fields of a page with their values, as a browser sends them."""
    form = {
        name: unescape(value) for name, value in re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', text)
    }
    for name in ("delivery", "payment"):
        chosen = re.search(rf'name="{name}" value="([^"]+)" checked', text)
        form[name] = chosen[1] if chosen else ""
    return form


def button(text):
    return re.search(r'<button class="pay"[^>]*>([^<]+)<', text)[1]
