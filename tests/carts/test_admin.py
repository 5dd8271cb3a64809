"""Sessions, carts, calls and warnings in Django's admin."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from carts.caller import Caller
from carts.models import CallRecord, Cart, Change, Session, SessionWarning
from carts.services import carts
from catalog.models import Product
from shopmcp.mcp.call import Call
from tests.carts.chats import change

PAGES = ["session", "cart", "callrecord", "sessionwarning"]


@pytest.fixture
def busy(honey):
    """Make chats with something in their carts, a call and a warning each."""

    def busy(chats):
        now = timezone.now()
        for n in range(chats):
            meta = {"openai/session": f"chat-{n}", "openai/subject": f"person-{n}"}
            call = Call("add_to_cart", meta)
            change(carts.add_items, Caller(call), [("shop:honey", 1)])
            CallRecord.objects.create(
                session_id=call.notes.session, at=now, tool="add_to_cart", outcome="ok", milliseconds=1, source="x"
            )
            SessionWarning.objects.create(kind="unkeyed", client=f"client-{n}", first_at=now, last_at=now)

    return busy


def page(name, *keys):
    return reverse(f"admin:carts_{name}_{'change' if keys else 'changelist'}", args=keys)


@pytest.mark.parametrize("chats", [1, 25])
@pytest.mark.parametrize("name", PAGES)
def test_a_list_costs_the_same_queries_however_long_it_is(admin_client, busy, django_assert_num_queries, name, chats):
    busy(chats)

    with django_assert_num_queries(4):  # session, user, capped count, rows
        answer = admin_client.get(page(name))

    assert len(answer.context["cl"].result_list) == chats


@pytest.mark.parametrize("chats", [1, 25])
def test_a_cart_shows_its_lines_and_changes_in_a_few_queries(
    admin_client, busy, make_product, django_assert_num_queries, chats
):
    busy(1)
    caller = Caller(Call("add_to_cart", {"openai/session": "chat-0"}))
    for n in range(chats):
        make_product(f"Thing {n}")
        change(carts.add_items, caller, [(f"shop:thing-{n}", 1)])

    address = page("cart", Cart.objects.get().pk)
    admin_client.get(address)  # Django remembers its content types

    with django_assert_num_queries(7):  # who asks (2), the cart, its lines with products, changes, session, store
        answer = admin_client.get(address)

    assert f"Thing {chats - 1}: 0 → 1" in answer.content.decode()


def test_a_cart_shows_the_price_of_the_moment_beside_that_of_then(admin_client, busy, make_product):
    busy(1)
    make_product("Tea", "31.00")
    change(carts.add_items, Caller(Call("add_to_cart", {"openai/session": "chat-0"})), [("shop:tea", 1)])
    Product.objects.filter(sku="tea").update(sale_price="17.00", sale_begins=timezone.now() - timedelta(hours=1))

    content = admin_client.get(page("cart", Cart.objects.get().pk)).content.decode()

    assert "31.00" in content
    assert "₪17.00" in content


def test_of_a_long_history_the_newest_changes_are_shown(admin_client, busy):
    busy(1)
    cart = Cart.objects.get()
    Change.objects.bulk_create(
        Change(cart=cart, version=n, tool="x", delta=[{"name": f"Jar {n}", "before": 0, "after": 1}])
        for n in range(2, 100)
    )

    content = admin_client.get(page("cart", cart.pk)).content.decode()

    assert content.index("Jar 99:") < content.index("Jar 50:")
    assert "Jar 49:" not in content


def test_no_page_shows_a_digest(admin_client, busy):
    busy(1)
    session = Session.objects.get()
    pages = [page(name) for name in PAGES]
    pages += [page("session", session.pk), page("cart", session.carts.get().pk)]
    pages += [page("callrecord", CallRecord.objects.get().pk), page("sessionwarning", SessionWarning.objects.get().pk)]

    for address in pages:
        answer = admin_client.get(address)
        assert answer.status_code == 200
        content = answer.content.decode()
        assert session.digest not in content
        assert session.subject not in content


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_added_or_changed_by_hand(admin_client, busy, name):
    busy(1)
    model = apps.get_model("carts", name)
    before = list(model._default_manager.values())

    assert admin_client.get(reverse(f"admin:carts_{name}_add")).status_code == 403
    assert admin_client.post(page(name, before[0]["id"]), {"client": "other"}).status_code == 403
    assert list(model._default_manager.values()) == before


@pytest.mark.parametrize("name", ["session", "cart", "callrecord"])
def test_a_session_and_what_belongs_to_it_is_found_by_its_public_id(admin_client, busy, name):
    busy(3)
    session = Session.objects.order_by("id")[1]

    found = admin_client.get(page(name), {"q": session.public_id}).context["cl"].result_list

    assert [getattr(row, "session", row) for row in found] == [session]


def test_a_cart_is_found_by_its_own_id_and_nothing_by_a_part_of_it(admin_client, busy):
    busy(2)
    cart = Cart.objects.order_by("id")[0]

    assert list(admin_client.get(page("cart"), {"q": cart.public_id}).context["cl"].result_list) == [cart]
    assert not admin_client.get(page("cart"), {"q": cart.public_id[:9]}).context["cl"].result_list


def test_sessions_are_deleted_with_their_carts_after_a_confirmation(admin_client, busy):
    busy(3)
    gone, *kept = Session.objects.order_by("id")
    form = {"action": "delete_selected", "_selected_action": [gone.pk]}

    confirmation = admin_client.post(page("session"), form)

    assert gone.public_id in confirmation.content.decode()
    assert Session.objects.count() == 3
    admin_client.post(page("session"), form | {"post": "yes"})
    assert list(Session.objects.order_by("id")) == kept
    assert Cart.objects.count() == 2
    assert CallRecord.objects.filter(session=None).count() == 1


def test_one_session_is_deleted_from_its_own_page(admin_client, busy):
    busy(1)

    admin_client.post(reverse("admin:carts_session_delete", args=[Session.objects.get().pk]), {"post": "yes"})

    assert not Session.objects.exists()
    assert not Cart.objects.exists()


def test_a_session_that_ordered_cannot_be_deleted(admin_client, busy):
    busy(2)
    ordered = Session.objects.order_by("id")[0]
    ordered.carts.update(ordered_at=timezone.now())
    everything = [session.pk for session in Session.objects.all()]
    form = {"action": "delete_selected", "_selected_action": everything, "post": "yes"}

    answer = admin_client.post(page("session"), form)

    assert f"{ordered.public_id} ordered something" in answer.content.decode()
    admin_client.post(reverse("admin:carts_session_delete", args=[ordered.pk]), {"post": "yes"})
    assert Session.objects.count() == 2
    assert Cart.objects.count() == 2


def test_a_thousand_sessions_are_deleted_at_once_with_few_variables(admin_client, few_variables):
    Session.objects.bulk_create(Session(public_id=f"s_{n}", source="cart_id") for n in range(1001))
    chosen = {"action": "delete_selected", "select_across": "1", "_selected_action": Session.objects.latest("pk").pk}

    assert "1001" in admin_client.post(page("session"), chosen).text
    admin_client.post(page("session"), {**chosen, "post": "yes"})

    assert not Session.objects.exists()
