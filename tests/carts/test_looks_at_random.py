"""Looks of several callers at carts that chats, pages and the owner change: the same with and without the memory.

`test_memory` compares one chat's answers. Here callers share conversations, as those of two people do.
"""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.test import TestCase, override_settings
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from carts.models import Session
from carts.news import with_news
from carts.services.carts import clear_cart
from carts.services.cleanup import delete_sessions
from carts.services.saving import locked_elsewhere
from catalog.models import Store
from catalog.services.products import create_product, hide_product, save_product, show_product
from catalog.services.stores import save_store
from offers.models import DeliveryOption
from offers.services.delivery import delete_option, save_option
from shopmcp.composition import toolbox
from shopmcp.throttle import Rate

CALLERS = [
    {"openai/session": session} | subject | locale
    for session, subject, locale in product(
        ("chat-1", "chat-2"), ({}, {"openai/subject": "dana"}), ({}, {"openai/locale": "he"})
    )
]
callers = st.sampled_from(CALLERS)
ids = st.sampled_from(["shop:a", "shop:b"])
owners = ["price", "name", "hide", "show", "pause", "resume", "hebrew", "english", "offer", "no offer"]
others = ["page", "news", "no news", "forget", "other key"]
steps: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("add_to_cart"), callers, st.fixed_dictionaries({"product_id": ids})),
    st.tuples(st.sampled_from(["clear_cart", "undo_cart_change"]), callers, st.just({})),
    st.tuples(st.just("search_products"), callers, st.just({"query": "שלום"})),
    st.tuples(st.sampled_from([*owners, *others]), st.none(), st.none()),
)


@async_to_sync
async def answer(tool, given_, meta):
    return await toolbox.answer(tool, given_, meta, "client")


def committed(tool, given_, meta):
    with TestCase.captureOnCommitCallbacks(execute=True):
        return answer(tool, given_, meta)


@pytest.mark.django_db
@examples(max_examples=6, deadline=None)
@given(played=st.lists(steps, min_size=3, max_size=10))
def test_a_look_is_what_it_is_without_the_memory(played):
    without_limits = {"SHOPMCP_SESSION_CALLS": Rate(1e6, 10**6), "SHOPMCP_NEW_SESSIONS": Rate(1e6, 10**6)}
    with transaction.atomic(), override_settings(**without_limits):
        store = Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")
        tea = create_product(store, sku="a", name="Tea", price="2")
        create_product(store, sku="b", name="Bread", price="3")
        for meta in CALLERS[:1] + CALLERS[-1:]:
            committed("add_to_cart", {"product_id": "shop:b"}, meta)
        for name, meta, given_ in played:
            if meta is not None:
                committed(name, given_, meta)
            else:
                with TestCase.captureOnCommitCallbacks(execute=True):
                    change_shop(name, store, tea) if name in owners else change_sessions(name)
            for caller in CALLERS:
                looks = []
                for settings.SHOPMCP_CACHE in (False, True, True, True, False):
                    looks.append(committed("view_cart", {}, caller))
                # The first may tell what is told once.
                assert all(look == looks[-1] for look in looks[1:]), (name, caller)
        transaction.set_rollback(True)


def change_shop(what, store, tea):
    match what:
        case "price":
            tea.price += Decimal(1)
            save_product(tea, ["price"])
        case "name":
            tea.name += "!"
            save_product(tea, ["name"])
        case "hide":
            hide_product(tea)
        case "show":
            show_product(tea)
        case "pause" | "resume":
            store.paused = "We are away." if what == "pause" else ""
            save_store(store, ["paused"])
        case "hebrew" | "english":
            store.language = "he" if what == "hebrew" else "en"
            save_store(store, ["language"])
        case "offer":
            save_option(DeliveryOption(store=store, name="Post", price=Decimal(5), free_above=Decimal(9)))
        case "no offer":
            for option in DeliveryOption.objects.all():
                delete_option(option)


def change_sessions(what):
    session = Session.objects.order_by("id").first()
    match what:
        case "page" if session is not None:
            with locked_elsewhere(session.public_id) as cart:
                clear_cart(cart)
        case "news" | "no news":
            Session.objects.update(news=with_news("", "page", "Something.") if what == "news" else "")
        case "forget" if session is not None:
            delete_sessions(Session.objects.filter(pk=session.pk))
        case "other key":
            settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
            settings.SECRET_KEY = f"{settings.SECRET_KEY[:60]}{len(settings.SECRET_KEY)}"
