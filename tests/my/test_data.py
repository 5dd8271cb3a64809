import json

import pytest

from accounts.models import Address, Person, ShopperSession
from accounts.services.people import remember_address
from carts.models import Session
from orders.models import AccountCode, ForgottenContact, Order
from orders.services.forgetting import forget_again
from orders.services.states import SHOPPER, cancel
from tests.my.signing_in import signed_in, someone_is_signed_in


@pytest.fixture
def mine(dana, fill, order, honey):
    """An order of Dana's that is over, in a chat that is hers."""
    found = order(fill(), email="elsewhere@example.com", phone="")
    Order.objects.update(person=dana)
    Session.objects.update(person=dana, sees_person=True, client="openai-mcp")
    cancel(found.number, SHOPPER, "")
    remember_address(dana, street="12 Herzl St", street_more="", city="Haifa", postal_code="")
    return found


def test_the_file_holds_account_chats_and_orders(client, dana, mine):
    answer = client.post("/my/data/download/")

    assert "attachment" in answer["Content-Disposition"]
    told = json.loads(answer.content)
    (account,) = told["accounts"]
    assert account["email"] == "dana@example.com"
    assert account["addresses"][0]["street"] == "12 Herzl St"
    assert [chat["client"] for chat in account["chats"]] == ["openai-mcp"]
    assert [order["number"] for order in told["orders"]] == [mine.number]


def test_the_file_holds_nothing_of_others(client, dana, mine, ruth, order, fill):
    order(fill("chat-2"), key="key-2", email="ruth@example.com", name="Ruth", phone="")
    order(fill("chat-3"), key="key-3", email="dana+x@example.com", name="Neighbour", phone="")
    Order.objects.filter(name="Ruth").update(person=ruth)

    told = client.post("/my/data/download/").text

    assert "ruth" not in told.lower()
    assert "Neighbour" not in told


def test_an_account_is_deleted_when_its_address_was_typed(client, call_tool, dana, mine):
    client.post("/my/", {"do": "code"})
    page = client.post("/my/data/", {"email": " Dana@example.com "})

    assert "Your account was deleted" in page.text
    assert not someone_is_signed_in(client)
    assert not (Person.objects.exists() or Address.objects.exists() or AccountCode.objects.exists())
    mine.refresh_from_db()
    assert (mine.person, mine.name, mine.email) == (None, "", "")
    assert mine.total > 0
    session = Session.objects.get()
    assert session.person is None
    assert mine.shown_number in call_tool("list_orders").content[0].text


def test_another_address_deletes_nothing(client, dana, mine):
    page = client.post("/my/data/", {"email": "ruth@example.com"})

    assert page.status_code == 422
    assert Person.objects.get() == dana
    assert someone_is_signed_in(client)


def test_a_neighbour_with_a_similar_address_is_left(client, dana, mail):
    """Not every mail server takes what follows a plus for nothing."""
    client.post("/my/sign-out/")
    signed_in(client, "dana+x@example.com")

    client.post("/my/data/", {"email": "dana+x@example.com"})

    assert [person.email for person in Person.objects.all()] == ["dana@example.com"]


def test_who_was_deleted_can_sign_in_anew_and_sees_nothing_of_before(client, dana, mine):
    client.post("/my/data/", {"email": "dana@example.com"})

    assert signed_in(client, "dana@example.com") != dana
    page = client.get("/my/").text
    assert mine.shown_number not in page
    assert "No chat is linked." in page


def test_a_restored_account_is_deleted_again(client, dana, mine):
    kept = [Person.objects.get().created_at]
    client.post("/my/data/", {"email": "dana@example.com"})
    again = signed_in(client, "dana@example.com")
    Person.objects.filter(pk=again.pk).update(created_at=kept[0])

    forget_again()

    assert ForgottenContact.objects.exists()
    assert not Person.objects.exists()


def test_an_account_that_came_back_stays(client, dana, mine):
    client.post("/my/data/", {"email": "dana@example.com"})
    signed_in(client, "dana@example.com")

    forget_again()

    assert Person.objects.exists()
    assert ShopperSession.objects.exists()


@pytest.mark.parametrize("path", ["/my/data/", "/my/data/download/", "/my/details/"])
def test_pages_are_for_who_is_signed_in(client, mail, path):
    assert client.post(path).status_code == 303
    assert client.get(path).status_code == 303
