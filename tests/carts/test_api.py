"""Sessions, carts and warnings in the JSON API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from carts.caller import Caller
from carts.digests import cart_id_of
from carts.models import CallRecord, Cart, Session
from carts.services import carts
from catalog.models import ImportRun, Product
from shopmcp.mcp.call import Call
from tests.carts.chats import change


@pytest.fixture
def chat(honey):
    """Make chats with honey in their carts and a call each; gives their sessions, the oldest first."""

    def chat(*names, quantity=1):
        made = []
        for name in names:
            call = Call("add_to_cart", {"openai/session": name})
            change(carts.add_items, Caller(call), [("shop:honey", quantity)])
            assert call.notes.session is not None
            session = Session.objects.get(pk=call.notes.session)
            CallRecord.objects.create(
                session=session,
                at=timezone.now(),
                tool="add_to_cart",
                outcome="ok",
                milliseconds=1.5,
                source="openai/session",
                meta_keys=["openai/session"],
                version=1,
            )
            made.append(session)
        return made

    return chat


@pytest.fixture
def before_lines():
    """Do something once just before lines are read, as another process might."""

    def begin(work):
        waiting = [work]

        def wrapper(execute, sql, *arguments):
            if waiting and sql.startswith("SELECT") and 'FROM "carts_line"' in sql:
                waiting.pop()()
            return execute(sql, *arguments)

        return connection.execute_wrapper(wrapper)

    return begin


def ids(page, name="sessions"):
    return [row["id"] for row in page[name]]


def quiet(session, age):
    Session.objects.filter(pk=session.pk).update(last_seen_at=timezone.now() - age)


def test_a_session_tells_who_and_when_and_what_is_in_its_cart(api, chat):
    (session,) = chat("one", quantity=2)

    (found,) = api.get("sessions")["sessions"]

    assert found["id"] == session.public_id
    assert (found["state"], found["source"], found["duration"]) == ("active", "openai/session", pytest.approx(0, abs=5))
    assert found["created_at"].endswith("Z")
    assert found["cart"]["total"] == {"amount": "40.00", "formatted": "₪40.00"}


def test_a_cart_has_the_shape_that_chats_see_but_for_the_handle(api, call_tool, honey):
    shown = call_tool("add_to_cart", product_id="shop:honey", quantity=2).structured_content
    stored = Cart.objects.get()

    found = api.get(f"carts/{stored.public_id}")

    assert found.pop("session") == stored.session.public_id
    assert found.pop("id") == stored.public_id
    assert cart_id_of(stored.session.public_id) not in api.answer.text
    (line,) = found["lines"]
    assert (line.pop("image"), line.pop("url")) == ("", "")
    assert found == {**shown, "changes": [], "notices": []}


def test_a_cart_shows_prices_of_today_and_what_its_shopper_was_not_told(api, chat, honey):
    chat("one")
    Product.objects.filter(pk=honey.pk).update(price=Decimal("25.00"))

    (found,) = api.get("carts")["carts"]

    assert found["total"]["amount"] == "25.00"
    assert [notice["code"] for notice in found["notices"]] == ["price_changed"]


def test_what_a_running_import_writes_does_not_count_yet(api, chat, honey):
    chat("one")
    run = ImportRun.objects.create(slug="shop")
    Product.objects.filter(sku="honey").update(leaving=run.pk)
    honey.pk, honey.price, honey.arriving = None, Decimal("99.00"), run.pk
    honey.save()

    assert api.get("carts")["carts"][0]["total"]["amount"] == "20.00"


def test_an_emptied_cart_counts_in_the_currency_of_the_first_store(api, chat):
    (session,) = chat("one")
    change(carts.clear_cart, Caller(Call("clear_cart", {"openai/session": "one"})))

    assert api.get(f"sessions/{session.public_id}")["cart"]["total"] == {"amount": "0.00", "formatted": "₪0.00"}


@pytest.mark.parametrize("what", [carts.clear_cart, lambda cart: carts.add_items(cart, [("shop:tea", 1)])])
@pytest.mark.parametrize("address", ["sessions", "sessions/{session}", "carts", "carts/{cart}"])
def test_a_cart_that_changes_while_it_is_read_has_the_lines_of_its_version(api, chat, tea, before_lines, address, what):
    (session,) = chat("one")
    address = address.format(session=session.public_id, cart=session.carts.get().public_id)
    with before_lines(lambda: change(what, Caller(Call("", {"openai/session": "one"})))):
        found = api.get(address)

    listed = next(iter(found.get("sessions") or found.get("carts") or [found]))
    cart = listed.get("cart", listed)
    assert (cart["version"], cart["item_count"]) == (2, Cart.objects.get().item_count)


def test_a_session_without_a_cart_has_none(api, call_tool, store):
    call_tool("view_cart")

    assert api.get("sessions")["sessions"][0]["cart"] is None


def test_sessions_are_filtered(api, chat, honey, make_product):
    old, new = chat("old", "new")
    quiet(old, timedelta(days=2))
    change(carts.clear_cart, Caller(Call("clear_cart", {"openai/session": "new"})))
    Session.objects.filter(pk=new.pk).update(client="inspector")
    day_ago = (timezone.now() - timedelta(days=1)).isoformat()

    def found(**query):
        return ids(api.get("sessions", **query))

    assert found() == [new.public_id, old.public_id]
    assert found(state="active") == found(state="empty") == [new.public_id]
    assert found(state="idle") == found(state="cart") == [old.public_id]
    assert found(state="unkeyed") == found(source="cart_id") == found(client="nobody") == []
    assert found(client="inspector") == [new.public_id]
    assert found(product=honey.public_id) == found(search="Honey") == [old.public_id]
    assert found(search=new.public_id) == [new.public_id]
    assert found(tool="add_to_cart", outcome="ok") == [new.public_id, old.public_id]
    assert found(tool="add_to_cart", outcome="not_found") == []
    assert found(state="abandoned") == [old.public_id]
    assert found(since=day_ago) == [new.public_id]
    assert found(until=day_ago) == [old.public_id]


def test_sessions_are_found_by_one_call_that_fits_all_that_is_asked(api, call_tool, honey, tea):
    call_tool("get_product", session="both", product_id=honey.public_id)
    call_tool("add_to_cart", session="both", product_id=tea.public_id)
    call_tool("search_products", session="gold", query="gold leaf")
    call_tool("add_to_cart", session=None, product_id=honey.public_id)
    minted, gold, both = Session.objects.order_by("-last_seen_at", "-id")

    def found(**query):
        return ids(api.get("sessions", **query))

    assert found(saw=honey.public_id) == [minted.public_id, both.public_id]
    assert found(saw=honey.public_id, keyed="true") == [both.public_id]
    assert found(saw=tea.public_id, tool="add_to_cart", outcome="ok") == [both.public_id]
    # Honey was viewed and tea was added, but not honey.
    assert found(saw=honey.public_id, tool="add_to_cart", keyed="true") == []
    assert found(tool="add_to_cart,get_product", keyed="true") == [both.public_id]
    assert found(missed="gold leaf") == [gold.public_id]
    assert found(missed="gold") == found(saw="shop") == found(saw='%"') == []


@pytest.mark.parametrize(("age", "lost"), [(timedelta(days=6), 0), (timedelta(days=8), 1)])
def test_a_cart_is_lost_after_seven_days(api, chat, age, lost):
    (session,) = chat("one")
    quiet(session, age)

    assert len(api.get("sessions", state="lost")["sessions"]) == lost
    assert len(api.get("sessions", state="abandoned")["sessions"]) == 1


@pytest.mark.parametrize("since", ["5", "0.5", "yesterday", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(api, since):
    assert api.get("sessions", 422, since=since)["message"].startswith("since: ")


def test_a_plus_that_was_sent_as_it_is_still_means_the_zone(api, client, chat):
    chat("one")

    assert client.get("/api/sessions?since=2020-01-01T00:00:00+02:00", headers=api._headers).status_code == 200


def test_a_session_s_calls_are_told_newest_first_and_page_by_page(api, call_tool, honey):
    for quantity in (1, 2, 3):
        call_tool("update_cart_item" if quantity > 1 else "add_to_cart", product_id="shop:honey", quantity=quantity)
    address = f"sessions/{Session.objects.get().public_id}"

    calls = api.walk(address, "calls", limit=2)

    assert [call["version"] for call in calls] == [3, 2, 1]
    assert calls[0]["changes"] == [{"product_id": "shop:honey", "name": "Honey", "before": 2, "after": 3}]
    assert (calls[0]["tool"], calls[0]["outcome"], calls[0]["meta_keys"]) == (
        "update_cart_item",
        "ok",
        ["openai/session"],
    )


def test_a_session_is_deleted_with_its_cart_and_the_statistics_stay(api, chat):
    one, other = chat("one", "other")

    api.delete(f"sessions/{one.public_id}")

    assert list(Session.objects.all()) == [other]
    assert Cart.objects.count() == 1
    assert CallRecord.objects.count() == 2


def test_a_session_in_which_something_was_ordered_stays(api, chat):
    (session,) = chat("one")
    Cart.objects.update(ordered_at=timezone.now())

    assert api.delete(f"sessions/{session.public_id}", 409)["code"] == "kept"

    assert Session.objects.exists()
    assert Cart.objects.exists()


@pytest.mark.parametrize("address", ["sessions/s_unknown", "carts/c_unknown"])
def test_what_there_is_not_is_not_found(api, address):
    assert api.get(address, 404)["code"] == "not_found"


def test_sessions_of_a_check_are_nowhere(api, chat):
    (session,) = chat("one")
    Session.objects.update(is_check=True)

    assert ids(api.get("sessions")) == ids(api.get("carts"), "carts") == []
    api.get(f"sessions/{session.public_id}", 404)
    api.get(f"carts/{Cart.objects.get().public_id}", 404)
    api.delete(f"sessions/{session.public_id}", 404)
    assert Session.objects.exists()


def test_pages_neither_repeat_nor_lose_what_was_there_while_more_arrives(api, chat):
    there = chat(*(f"chat-{n}" for n in range(5)))
    first = {name: api.get(name, limit=2) for name in ("sessions", "carts")}
    chat("late")

    for name, page in first.items():
        rest = api.get(name, limit=100, cursor=page["next_cursor"])
        assert len({*ids(page, name), *ids(rest, name)}) == len(there)
        assert len(rest[name]) == 3


@pytest.mark.parametrize("address", ["sessions", "carts", "warnings"])
def test_a_cursor_that_no_page_gave_is_refused(api, address):
    assert "cursor" in api.get(address, 422, cursor="made-up")["message"]


def test_a_cursor_of_another_list_is_refused(api, chat, make_warnings):
    chat("one", "two")
    cursor = api.get("carts", limit=1)["next_cursor"]

    assert api.get("warnings", 422, cursor=cursor)["code"] == "invalid_arguments"


@pytest.mark.parametrize("rows", [1, 25])
@pytest.mark.parametrize(("address", "queries"), [("sessions", 6), ("carts", 4), ("warnings", 4)])
def test_a_list_costs_the_same_queries_however_long_it_is(
    api, chat, make_warnings, django_assert_num_queries, address, queries, rows
):
    chat(*(f"chat-{n}" for n in range(rows)))
    make_warnings(rows)

    with django_assert_num_queries(queries):  # the key, what lies within reach, rows, carts, lines, the first store
        page = api.get(address)

    assert len(page[address]) == rows


@pytest.mark.parametrize("calls", [1, 25])
def test_a_session_costs_the_same_queries_however_much_happened(
    api, call_tool, honey, django_assert_num_queries, calls
):
    for _ in range(calls):
        call_tool("add_to_cart", product_id="shop:honey")
    address = f"sessions/{Session.objects.get().public_id}"

    # The key, session, cart, lines, the first store, calls, their changes, changes on pages.
    with django_assert_num_queries(8):
        assert len(api.get(address)["calls"]) == calls


def test_no_secret_is_in_any_answer(api, call_tool, honey):
    unkeyed = call_tool("add_to_cart", session=None, product_id="shop:honey").structured_content["cart_id"]
    call_tool(
        "add_to_cart", session="very-secret-id", meta={"openai/subject": "secret-person"}, product_id="shop:honey"
    )
    pages = ["sessions", "carts", "warnings", "warnings?state=all", "products", "stores", "health", "openapi.json"]
    pages += [f"sessions/{session.public_id}" for session in Session.objects.all()]
    pages += [f"carts/{cart.public_id}" for cart in Cart.objects.all()]

    texts = []
    for page in pages:
        api.get(page)
        texts.append(api.answer.text)

    secrets = [unkeyed, "very-secret-id", "secret-person", api.key]
    for session in Session.objects.all():
        secrets += filter(None, [session.digest, session.subject, cart_id_of(session.public_id)])
    assert not [(secret, page) for page, text in zip(pages, texts, strict=True) for secret in secrets if secret in text]
    assert len(secrets) >= 7
