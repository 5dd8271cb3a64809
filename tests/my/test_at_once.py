"""What two do with one code or one chat at the same time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.auth.models import User
from django.db import connections

from accounts.models import Person
from accounts.services.people import user_for
from carts.caller import Caller
from carts.models import Session
from carts.services import carts, linking
from carts.services.saving import locked_cart
from catalog.models import Store
from catalog.services.products import create_product
from orders.handoff import account_codes, codes
from orders.models import AccountCode
from orders.tools import resume_cart
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call

pytestmark = pytest.mark.usefixtures("shared_database")
TIMES = 6


def at_once(work):
    """Do it with each of these numbers in a thread of its own, all together; refusals are None."""
    barrier = Barrier(TIMES)

    def begin(number):
        try:
            barrier.wait(60)
            return work(number)
        except ShopError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TIMES) as pool:
        return list(pool.map(begin, range(TIMES)))


def person(name):
    return Person.objects.create(user=User.objects.create_user(name, f"{name}@example.com"))


def test_a_code_opens_the_account_to_one_chat():
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(store, sku="honey", name="Honey", price="20")
    dana = person("dana")
    code = account_codes.new_code(dana)

    def say(number):
        return resume_cart.function(Call("resume_cart", {"openai/session": f"chat-{number}"}), code=codes.written(code))

    assert sum(answer is not None for answer in at_once(say)) == 1
    assert Session.objects.filter(person=dana, sees_person=True).count() == 1
    assert AccountCode.objects.get().used_at is not None


def test_a_chat_is_kept_with_one_of_many_accounts():
    store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
    create_product(store, sku="honey", name="Honey", price="20")
    with locked_cart(Caller(Call("add_to_cart", {"openai/session": "chat-1"}))) as cart:
        carts.add_items(cart, [("shop:honey", 1)])
    public_id = Session.objects.get().public_id
    people = [person(f"p{n}") for n in range(TIMES)]

    def keep(number):
        linking.keep(public_id, people[number])
        return number

    kept = [number for number in at_once(keep) if number is not None]

    assert len(kept) == 1
    assert Session.objects.get().person == people[kept[0]]


def test_one_address_makes_one_user():
    found = at_once(lambda number: user_for("dana@example.com").pk)

    assert len(set(found)) == 1
    assert User.objects.count() == 1
