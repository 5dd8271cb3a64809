"""`openai/subject`: a person, who is no conversation."""

import pytest

from carts.conversation import OUTER
from carts.models import Session
from tests.carts.answers import quantities
from tests.carts.chats import conversation, kinds, person


def test_a_person_is_no_conversation(ask, honey):
    ask("add_to_cart", person("one", "dana"), product_id="shop:honey")

    assert quantities(ask("view_cart", person("two", "dana"))) == {}
    assert not conversation({"openai/subject": "dana"}).keyed
    assert kinds() == set()


def test_a_second_person_under_the_same_id_gets_a_cart_of_their_own_and_a_warning(ask, honey, tea):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")
    result = ask("add_to_cart", person("same", "noam"), product_id="shop:tea")

    assert quantities(result) == {"shop:tea": 1}
    assert quantities(ask("view_cart", person("same", "dana"))) == {"shop:honey": 1}
    assert quantities(ask("view_cart", person("same", "noam"))) == {"shop:tea": 1}
    assert Session.objects.count() == 2
    assert kinds() == {"subject_changed"}


def test_a_second_person_who_only_looks_sees_an_empty_cart(ask, honey):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")

    assert quantities(ask("view_cart", person("same", "noam"))) == {}
    assert ask("debug_session", person("same", "noam")).structured_content["item_count"] == 0
    assert kinds() == {"subject_changed"}


def test_a_person_who_is_missing_later_changes_nothing(ask, honey):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")

    assert quantities(ask("add_to_cart", person("same"), product_id="shop:honey")) == {"shop:honey": 2}
    assert quantities(ask("view_cart", person("same", "dana"))) == {"shop:honey": 2}
    assert kinds() == set()


@pytest.mark.parametrize("first", ["view_cart", "clear_cart"])
def test_the_first_person_to_be_named_keeps_the_conversation(ask, honey, first):
    ask("add_to_cart", person("same"), product_id="shop:honey")
    ask(first, person("same", "dana"))

    assert quantities(ask("view_cart", person("same", "noam"))) == {}
    assert Session.objects.count() == 2


def test_a_malformed_person_is_noted_and_changes_nothing(ask, honey):
    ask("add_to_cart", person("same", "dana"), product_id="shop:honey")

    assert quantities(ask("view_cart", {"openai/session": "same", "openai/subject": 7})) == {"shop:honey": 1}
    assert kinds() == {"malformed_id"}


def test_a_person_counts_beside_params_too(ask, honey):
    ask("add_to_cart", {OUTER: person("same", "dana")}, product_id="shop:honey")

    assert quantities(ask("view_cart", {OUTER: person("same", "noam")})) == {}
    assert quantities(ask("view_cart", person("same", "dana"))) == {"shop:honey": 1}
    assert conversation({**person("same", "dana"), OUTER: person("same", "noam")}) == conversation(
        person("same", "dana")
    )
