"""Proving in a chat that it is the account's, and what opens nothing."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import Cart, Session
from carts.services.linking import MOST_LINKS, TooManyLinks, keep
from orders.models import AccountCode
from tests.carts.answers import quantities, text
from tests.my.linking import code_on, links, of_chat
from tests.my.signing_in import ask, code_to, someone_is_signed_in


def test_a_code_proves_that_the_chat_is_the_accounts(call_tool, dana, code, full):
    answer = call_tool("resume_cart", code=code)

    assert "belongs to the shopper's account now" in text(answer)
    assert links() == [(dana.pk, True)]
    assert quantities(answer) == {"shop:honey": 2, "shop:tea": 1}
    assert Cart.objects.get().version == 1


def test_a_code_in_a_new_chat_begins_it(call_tool, dana, code, honey):
    assert not call_tool("resume_cart", code=code.lower().replace("-", " ")).is_error

    assert links() == [(dana.pk, True)]


def test_a_proved_chat_sees_orders_of_all_chats(call_tool, dana, code, order, fill, honey):
    first = order(fill("chat-1"))
    Session.objects.update(person=dana, sees_person=True)

    call_tool("resume_cart", session="chat-2", code=code)

    assert first.shown_number in text(call_tool("list_orders", session="chat-2"))
    assert not call_tool("list_orders", session="chat-2", order=first.shown_number).is_error
    again = call_tool("resume_cart", session="chat-2", code=first.shown_number)
    assert quantities(again) == {"shop:honey": 1}


def test_a_code_works_in_one_chat_once(call_tool, dana, code, honey):
    call_tool("resume_cart", code=code)

    answer = call_tool("resume_cart", session="chat-2", code=code)

    assert answer.is_error
    assert "opens no cart" in text(answer)
    assert (dana.pk, True) not in links()[1:]


def test_a_code_is_good_for_ten_minutes(call_tool, dana, code, honey):
    AccountCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert call_tool("resume_cart", code=code).is_error
    assert (dana.pk, True) not in links()


def test_a_newer_code_ends_the_one_before(client, call_tool, dana, code, honey):
    newer = code_on(client.post("/my/", {"do": "code"}))

    assert call_tool("resume_cart", code=code).is_error
    assert not call_tool("resume_cart", code=newer).is_error


def test_codes_cannot_be_guessed(call_tool, dana, code, honey):
    """Five wrong ones end the tries of a chat, whatever codes there are."""
    for _ in range(5):
        assert call_tool("resume_cart", code="AAAA-AAAA").is_error

    answer = call_tool("resume_cart", code=code)

    assert "too many wrong codes" in text(answer)
    assert (dana.pk, True) not in links()


@pytest.mark.parametrize("end", ["delete", "staff", "inactive", "everywhere"])
def test_a_code_of_an_ended_account_opens_nothing(client, call_tool, dana, code, honey, end):
    if end == "delete":
        dana.user.delete()
    elif end == "everywhere":
        client.post("/my/sign-out/everywhere/")
    else:
        setattr(dana.user, {"staff": "is_staff", "inactive": "is_active"}[end], end == "staff")
        dana.user.save()

    answer = call_tool("resume_cart", code=code)

    assert answer.is_error
    assert not Session.objects.filter(person__isnull=False).exists()


def test_a_code_brings_the_cart_that_it_was_shown_for(client, call_tool, dana, keep_path):
    client.post(keep_path)
    code = code_on(client.post("/my/", {"do": "code", "which": Cart.objects.get().public_id}))

    answer = call_tool("resume_cart", session="chat-2", code=code, given={"mode": "move"})

    assert quantities(answer) == {"shop:honey": 2, "shop:tea": 1}
    assert links() == [(dana.pk, False), (dana.pk, True)]
    told = call_tool("view_cart")
    assert quantities(told) == {}
    assert "Another chat moved" in text(told)
    assert not call_tool("undo_cart_change", session="chat-2").is_error
    assert quantities(call_tool("view_cart", session="chat-2")) == {}


def test_a_code_is_made_for_no_cart_of_others(client, dana, call_tool, honey, ruth):
    call_tool("add_to_cart", product_id="shop:honey")
    Session.objects.update(person=ruth, sees_person=True)

    page = client.post("/my/", {"do": "code", "which": Cart.objects.get().public_id})

    assert page.status_code == 409
    assert not AccountCode.objects.exists()
    assert client.post("/my/", {"do": "open", "which": Cart.objects.get().public_id}).status_code == 409


def test_linking_without_a_cart_offers_the_newest_other_one_once(client, call_tool, dana, keep_path):
    client.post(keep_path)
    code = code_on(client.post("/my/", {"do": "code"}))

    answer = text(call_tool("resume_cart", session="chat-2", code=code))

    assert "a cart with 3 items from today in another chat" in answer
    offered = re.search(r"with the code (c_[a-z2-7]+)", answer)[1]
    assert "in another chat" not in text(call_tool("view_cart", session="chat-2"))
    assert quantities(call_tool("resume_cart", session="chat-2", code=offered)) == {"shop:honey": 2, "shop:tea": 1}
    assert quantities(call_tool("view_cart")) == {"shop:honey": 2, "shop:tea": 1}


def test_the_code_of_an_offer_opens_nothing_to_others(call_tool, dana, ruth, full, honey):
    """Neither to a chat of nobody, nor to one that is only kept, nor to one of another account."""
    Session.objects.update(person=dana, sees_person=True)
    offered = Cart.objects.get().public_id
    call_tool("add_to_cart", session="chat-2", product_id="shop:honey")
    for person, sees in ((None, False), (dana, False), (ruth, True)):
        Session.objects.filter(pk=of_chat("chat-2").pk).update(person=person, sees_person=sees)

        assert call_tool("resume_cart", session="chat-2", code=offered).is_error

    assert quantities(call_tool("view_cart", session="chat-2")) == {"shop:honey": 1}


def test_who_proves_a_chat_takes_it_from_who_only_keeps_it(call_tool, dana, ruth, keep_path, code):
    ruth.browser.post(keep_path)

    assert not call_tool("resume_cart", code=code).is_error

    assert links() == [(dana.pk, True)]
    assert "Open the cart" not in ruth.browser.get("/my/").text


def test_a_proved_chat_does_not_go_to_another_account(call_tool, dana, ruth, code, full):
    Session.objects.update(person=ruth, sees_person=True)

    answer = call_tool("resume_cart", code=code)

    assert answer.is_error
    assert "linked to another account" in text(answer)
    assert links() == [(ruth.pk, True)]
    assert AccountCode.objects.get().used_at is None


def test_unlinking_ends_both_sides_at_once(client, call_tool, dana, code, order, fill, honey):
    other = order(fill("chat-2"))
    Session.objects.update(person=dana, sees_person=True)
    call_tool("resume_cart", code=code)
    assert other.shown_number in text(call_tool("list_orders"))

    chat = Session.objects.latest("id")
    client.post("/my/", {"do": "unlink", "which": chat.public_id})

    assert other.shown_number not in text(call_tool("list_orders"))
    assert chat not in Session.objects.of_person(dana)


def test_nobody_unlinks_a_chat_of_another(client, dana, ruth, full):
    Session.objects.update(person=ruth, sees_person=True)

    assert client.post("/my/", {"do": "unlink", "which": full.public_id}).status_code == 409
    assert links() == [(ruth.pk, True)]


def test_signing_out_everywhere_closes_the_account_to_chats(client, call_tool, dana, code, order, fill, honey):
    mine = order(fill("chat-1"))
    call_tool("add_to_cart", session="chat-2", product_id="shop:honey")
    Session.objects.update(person=dana, sees_person=True)

    client.post("/my/sign-out/everywhere/")

    assert links() == [(dana.pk, False), (dana.pk, False)]
    assert mine.shown_number not in text(call_tool("list_orders", session="chat-2"))
    assert not someone_is_signed_in(client)


def test_a_subject_opens_nothing(call_tool, ask_as, dana, order, honey):
    """A direct caller may send anybody's `openai/subject` with an id of its own."""
    ask_as("add_to_cart", "chat-1", "dana", product_id="shop:honey")
    Session.objects.update(person=dana, sees_person=True)
    mine = order(Cart.objects.get())
    ask_as("add_to_cart", "chat-1", "dana", product_id="shop:honey")

    for name, arguments in (
        ("view_cart", {}),
        ("list_orders", {}),
        ("list_orders", {"order": mine.shown_number}),
        ("resume_cart", {"code": mine.shown_number}),
        ("resume_cart", {"code": Cart.objects.latest("id").public_id}),
    ):
        answer = ask_as(name, "chat-2", "dana", **arguments)
        assert mine.shown_number not in text(answer).replace(arguments.get("order", "-"), "")
        assert "Honey" not in text(answer)
        assert "another chat" not in text(answer)
    assert Session.objects.filter(person=dana).count() == 1


def test_the_default_session_is_linked_to_nobody(settings, call_tool, dana, code, honey):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    assert call_tool("resume_cart", session=None, code=code).is_error
    assert not Session.objects.filter(person__isnull=False).exists()


def test_an_account_keeps_so_many_chats(dana, db, monkeypatch):
    monkeypatch.setattr("carts.services.linking.MOST_LINKS", 1)
    for n in range(2):
        Session.objects.create(public_id=f"s_{n}", source="threadId")
    keep("s_0", dana)

    with pytest.raises(TooManyLinks):
        keep("s_1", dana)

    assert MOST_LINKS > 1
    assert links() == [(dana.pk, False), (None, False)]


def test_a_code_by_mail_is_no_code_for_a_chat(call_tool, client, mail, honey):
    ask(client, "dana@example.com")

    assert call_tool("resume_cart", code=code_to("dana@example.com")).is_error
