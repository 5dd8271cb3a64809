"""Two people, four chats, links between them and one cart for all in any order: nothing of one reaches the other."""

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import Person
from carts.models import Cart, Session
from carts.services import linking
from carts.services.other_carts import open_carts
from carts.tools import add_to_cart, undo_cart_change, view_cart
from catalog.models import Store
from catalog.services.products import create_product
from offers.models import DeliveryOption
from orders.handoff import account_codes, codes, switching
from orders.handoff.access import end_access
from orders.models import Order
from orders.services.details import Details
from orders.services.placing import place_order
from orders.tools import list_orders, resume_cart
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call
from shopmcp.throttle import all_buckets
from tests.orders.ordering import ready, seen

CHATS = ["A", "B", "C", "D"]
PEOPLE = ["dana", "ruth"]
chats, people = st.sampled_from(CHATS), st.sampled_from(PEOPLE)


class Links(RuleBasedStateMachine):
    """Each chat has a product of its own. `kept` says whose a chat is, and `proved` whether it sees the account."""

    def __init__(self):
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
        ready(store)
        self.option = DeliveryOption.objects.create(store=store, name="Courier", price=7)
        for chat in CHATS:
            create_product(store, sku=chat.lower(), name=f"Only {chat}", price="5")
        self.person = {
            name: Person.objects.create(user=User.objects.create_user(name, f"{name}@example.com")) for name in PEOPLE
        }
        self.kept: dict[str, str | None] = dict.fromkeys(CHATS)
        self.proved = dict.fromkeys(CHATS, False)
        # Whose chats use one cart, and what that may hold.
        self.one_cart: dict[str, set[str] | None] = dict.fromkeys(PEOPLE)
        self.before: dict[str, set[str]] = {who: set() for who in PEOPLE}
        # What a chat's cart may hold: products of its own, and what it brought from chats that it could see.
        self.holds: dict[str, set[str]] = {chat: {chat} for chat in CHATS}
        # The orders, each with its chat, or with whose one cart it was.
        self.orders: dict[str, str] = {}
        self.code: dict[str, str] = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    def ask(self, tool, chat, **arguments):
        """What a tool answers; nothing if it refuses."""
        for buckets in all_buckets.values():
            buckets.clear()
        call = Call(tool.name, {"openai/session": chat, "openai/subject": "the same of all"}, client=chat)
        try:
            with transaction.atomic():
                return tool.function(call, **arguments).text
        except ShopError as refusal:
            return refusal.message

    @initialize()
    def begin(self):
        for chat in CHATS:
            self.fill(chat)

    @rule(chat=chats)
    def fill(self, chat):
        self.ask(add_to_cart, chat, product_id=f"shop:{chat.lower()}")
        if (held := self.shared(chat)) is not None:
            held.add(chat)

    @rule(chat=chats)
    def undo(self, chat):
        self.ask(undo_cart_change, chat)

    @rule(who=people, brings=st.booleans())
    def switch_on(self, who, brings):
        if self.one_cart[who] is None:
            carts = [cart for cart in open_carts(self.person[who].pk) if cart.session.client]
            switching.switch_on(self.person[who], [cart.public_id for cart in carts] if brings else [])
            brought = [self.holds[cart.session.client] for cart in carts] if brings else []
            self.one_cart[who] = self.before[who].union(*brought)

    @rule(who=people)
    def switch_off(self, who):
        switching.switch_off(self.person[who])
        self.before[who], self.one_cart[who] = self.one_cart[who] or self.before[who], None

    def shared(self, chat):
        """What the one cart may hold that the chat uses; None if it uses its own."""
        return self.one_cart[self.kept[chat]] if self.proved[chat] else None

    @rule(chat=chats, who=people)
    def keep(self, chat, who):
        """Anybody may have the link of a chat's cart."""
        if (session := self.of(chat)) is None:
            return
        try:
            linking.keep(session.public_id, self.person[who])
        except ShopError:
            assert self.kept[chat] not in (None, who)
            return
        assert self.kept[chat] in (None, who)
        self.kept[chat] = who

    @rule(who=people)
    def show_code(self, who):
        self.code[who] = codes.written(account_codes.new_code(self.person[who]))

    @rule(chat=chats, who=people)
    def say_code(self, chat, who):
        if who not in self.code or self.of(chat) is None:
            return
        told = self.ask(resume_cart, chat, code=self.code[who])
        if self.proved[chat] and self.kept[chat] != who:
            assert "linked to another account" in told or "opens no cart" in told
        elif "belongs to the shopper" in told:
            self.kept[chat], self.proved[chat] = who, True
            del self.code[who]

    @rule(chat=chats, other=chats)
    def bring(self, chat, other):
        """By the code of an offer, which anybody may have read."""
        cart = Cart.objects.filter(session__client=other, ordered_at=None).first()
        if cart is None or self.of(chat) is None or chat == other:
            return
        told = self.ask(resume_cart, chat, code=cart.public_id)
        if "were added" in told:
            assert self.proved[chat]
            assert self.kept[chat] == self.kept[other]
            held = self.shared(chat)
            (self.holds[chat] if held is None else held).update(self.holds[other])

    @rule(chat=chats)
    def order(self, chat):
        if self.placed(Cart.objects.filled().filter(session__client=chat).first(), chat):
            self.holds[chat] = {chat}

    @rule(who=people)
    def order_the_one_cart(self, who):
        if self.placed(Cart.objects.filled().filter(session__one_cart_of=self.person[who]).first(), who):
            self.one_cart[who] = set()

    def placed(self, cart, chat):
        """Order a cart, of a chat or of an account."""
        if cart is None:
            return False
        typed = Details(
            name=chat, delivery=self.option.pk, phone="050-2345678", email=f"{chat}@example.com", street="1", city="X"
        )
        placed = place_order(cart.public_id, typed, key=f"k{len(self.orders)}", seen=seen(cart, self.option.pk))
        self.orders[placed.order.shown_number] = chat
        return True

    @rule(chat=chats)
    def unlink(self, chat):
        if (session := self.of(chat)) is not None and self.kept[chat]:
            linking.unlink(session.public_id, self.person[self.kept[chat]])
            self.kept[chat], self.proved[chat] = None, False

    @rule(who=people)
    def leave_everywhere(self, who):
        end_access(self.person[who])
        self.code.pop(who, None)
        for chat in CHATS:
            self.proved[chat] = self.proved[chat] and self.kept[chat] != who

    def of(self, chat):
        return Session.objects.filter(client=chat).first()

    def theirs(self, who):
        """The orders that an account may see."""
        return {number for number, chat in self.orders.items() if self.kept.get(chat, chat) == who}

    @invariant()
    def a_chat_sees_what_is_its_own_or_its_persons(self):
        for chat in CHATS:
            if self.of(chat) is None:
                continue
            shown = self.ask(list_orders, chat)
            own = {number for number, of in self.orders.items() if of == chat}
            may = own | (self.theirs(self.kept[chat]) if self.proved[chat] else set())
            assert {number for number in self.orders if number in shown} == may
            seen_in_cart = self.ask(view_cart, chat)
            held = self.shared(chat)
            # A chat that uses the one cart is told what its own held, in no words of products.
            may_hold = self.holds[chat] if held is None else held
            assert all(f"Only {other}" not in seen_in_cart for other in set(CHATS) - may_hold)

    @invariant()
    def an_account_sees_what_it_keeps(self):
        for who, person in self.person.items():
            orders = {order.shown_number for order in Order.objects.of_person(person)}
            assert orders == self.theirs(who)
            # The one cart is no client's.
            assert {cart.session.client for cart in open_carts(person.pk)} <= {
                "",
                *(chat for chat in CHATS if self.kept[chat] == who),
            }


@pytest.mark.django_db
def test_nothing_of_one_person_reaches_the_other():
    run_state_machine_as_test(
        Links,
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
