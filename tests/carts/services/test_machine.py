"""A cart against a plain dictionary, through whatever a chat and the shop can do in any order."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from carts import tools
from carts.models import Cart, Change, Line
from catalog.models import Product, Store
from catalog.search.index import reindex
from catalog.services.products import create_product
from shopmcp.errors import ShopError
from shopmcp.mcp.call import Call

SKUS = ["a", "b", "c", "d"]
skus = st.sampled_from(SKUS)
quantities = st.integers(1, 400)
stocks = st.none() | st.integers(0, 30)
prices = st.none() | st.integers(0, 5000).map(lambda cents: Decimal(cents) / 100)


class Shopping(RuleBasedStateMachine):
    """`lines` is the cart, `history` its states by version, `undo_to` where each leads back to."""

    def __init__(self):
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        self.store = Store.objects.create(slug="shop", name="The Shop", currency="ILS")
        for sku in SKUS:
            create_product(self.store, sku=sku, name=sku.upper(), price="5")
        self.lines: dict[str, int] = {}
        self.history: list[dict[str, int]] = [{}]
        self.undo_to: list[int | None] = [None]
        self.answers: dict[str, tuple[Any, Any]] = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.rollback.__exit__(None, None, None)

    # What the shop does

    @rule(sku=skus, price=prices, stock=stocks, withdrawn=st.sampled_from([False, False, False, True]))
    def import_product(self, sku, price, stock, withdrawn):
        gone = timezone.now() if withdrawn else None
        Product.objects.filter(sku=sku).update(price=price, counted=stock, withdrawn_at=gone)
        reindex(Product.objects.filter(sku=sku).values_list("identity_id", flat=True))

    # What the chat does

    @rule(wanted=st.lists(st.tuples(skus, quantities), min_size=1, max_size=4), as_list=st.booleans())
    def add(self, wanted, as_list):
        if len(wanted) == 1 and not as_list:
            ((sku, quantity),) = wanted
            arguments = {"product_id": f"shop:{sku}", "quantity": quantity}
        else:
            arguments = {"items": [tools.Item(product_id=sku, quantity=quantity) for sku, quantity in wanted]}
        expected = self.added(wanted)
        answer = self.call(tools.add_to_cart, **arguments)
        self.expect(answer, expected)

    @rule(request_id=st.sampled_from(["r1", "r2", "r3"]), sku=skus, quantity=st.integers(1, 2))
    def add_once(self, request_id, sku, quantity):
        arguments = {"product_id": f"shop:{sku}", "quantity": quantity, "request_id": request_id}
        if request_id in self.answers:
            sent, answered = self.answers[request_id]
            answer = self.call(tools.add_to_cart, **arguments)
            if sent != arguments:
                assert answer is None
            else:
                assert {key: answer.data.get(key) for key in answered} == answered
                assert {line["product_id"][5:]: line["quantity"] for line in answer.data["lines"]} == self.lines
            return
        expected = self.added([(sku, quantity)])
        answer = self.call(tools.add_to_cart, **arguments)
        if answer is not None:
            told = {key: answer.data.get(key) for key in ("version", "changes", "notices")}
            self.answers[request_id] = (arguments, told)
        self.expect(answer, expected)

    @rule(sku=skus, quantity=st.integers(0, 999))
    def update(self, sku, quantity):
        product, held = Product.objects.get(sku=sku), self.lines.get(sku, 0)
        expected: dict[str, int] | None = {key: value for key, value in self.lines.items() if key != sku}
        if held and quantity > held:
            reachable = quantity if product.stock is None else max(held, min(quantity, product.stock))
            expected = {**self.lines, sku: reachable} if product.for_sale else None
        elif held:
            expected = {**self.lines, sku: quantity}
        elif quantity:
            expected = self.added([(sku, quantity)])
        self.expect(self.call(tools.update_cart_item, product_id=f"shop:{sku}", quantity=quantity), expected)

    @rule(old=skus, new=skus, quantity=st.none() | st.integers(1, 400))
    def swap(self, old, new, quantity):
        held = self.lines.get(old)
        expected = None
        if held and old != new:
            rest = {sku: n for sku, n in self.lines.items() if sku != old}
            expected = self.added([(new, quantity or held)], rest)
        answer = self.call(tools.add_to_cart, product_id=f"shop:{new}", replaces=f"shop:{old}", quantity=quantity)
        self.expect(answer, expected)

    @rule(sku=skus)
    def remove(self, sku):
        answer = self.call(tools.remove_from_cart, product_id=sku if sku in self.lines else f"shop:{sku}")
        self.expect(answer, {key: value for key, value in self.lines.items() if key != sku})

    @rule()
    def clear(self):
        self.expect(self.call(tools.clear_cart), {})

    @rule()
    def undo(self):
        target = self.undo_to[-1]
        answer = self.call(tools.undo_cart_change)
        self.expect(answer, None if target is None else self.history[target], target)

    @precondition(lambda self: len(self.history) > 1)
    @rule(data=st.data())
    def undo_to_a_version(self, data):
        target = data.draw(st.integers(1, len(self.history)))
        answer = self.call(tools.undo_cart_change, version=target)
        self.expect(answer, self.history[target] if target < len(self.history) else None, target)

    # What must be true

    @invariant()
    def the_lines_are_the_model_s(self):
        assert dict(Line.objects.values_list("product__sku", "quantity")) == self.lines

    @invariant()
    def the_answer_is_the_model_s(self):
        seen = self.call(tools.view_cart).data
        assert {line["product_id"].removeprefix("shop:"): line["quantity"] for line in seen["lines"]} == self.lines
        expected = Decimal(0)
        for line in seen["lines"]:
            product = Product.objects.get(sku=line["product_id"].removeprefix("shop:"))
            left = line["quantity"] if product.stock is None else min(line["quantity"], product.stock)
            available = left if product.for_sale else 0
            assert line.get("available", line["quantity"]) == available
            expected += (product.price or 0) * available
        assert Decimal(seen["total"]["amount"]) == expected
        assert seen["item_count"] == sum(self.lines.values())
        assert seen["version"] == len(self.history) - 1
        assert Cart.objects.values_list("item_count", flat=True).first() in (None, seen["item_count"])

    @invariant()
    def walking_the_changes_forward_gives_the_lines(self):
        walked: dict[str, int] = {}
        changes = Change.objects.order_by("version")
        assert [change.version for change in changes] == list(range(1, len(self.history)))
        for change in changes:
            for entry in change.delta:
                assert walked.get(entry["name"].lower(), 0) == entry["before"]
                walked[entry["name"].lower()] = entry["after"]
            assert {sku: quantity for sku, quantity in walked.items() if quantity} == self.history[change.version]

    def added(self, wanted, lines=None):
        """The lines after adding, or None where it is refused."""
        lines = dict(self.lines if lines is None else lines)
        for sku, quantity in wanted:
            product, held = Product.objects.get(sku=sku), lines.get(sku, 0)
            if not product.for_sale or held + quantity > 999 or (not held and product.stock == 0):
                return None
            lines[sku] = held + quantity if product.stock is None else max(held, min(held + quantity, product.stock))
        return lines

    def call(self, tool, **arguments):
        """The tool's answer, or None for a refusal."""
        try:
            return tool.function(Call(tool.name, {"openai/session": "machine"}), **arguments)
        except ShopError:
            return None

    def expect(self, answer, lines, undo_target=None):
        if lines is None:
            assert answer is None
            return
        assert answer is not None
        lines = {sku: quantity for sku, quantity in lines.items() if quantity}
        if lines != self.lines:
            before = len(self.history) - 1
            self.history.append(lines)
            self.undo_to.append(before if undo_target is None else self.undo_to[undo_target])
            self.lines = dict(lines)


@pytest.mark.django_db
def test_a_cart_does_what_a_dictionary_would():
    run_state_machine_as_test(
        Shopping,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
