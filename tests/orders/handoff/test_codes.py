"""Continuing a cart in another chat, by a code from its page."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from carts.models import Cart, Change, Session
from catalog.models import Store
from offers.models import Coupon
from orders.handoff import codes
from orders.models import ResumeCode, ResumeTries
from shopmcp.throttle import Rate
from tests.carts.answers import cart, error, quantities, text
from tests.carts.answers import codes as notice_codes

WRONG = "22222222"


@pytest.fixture
def code(client, path):
    return shown(client.post(path, {"do": "code"}))


@pytest.fixture
def resume(call_tool):
    return lambda code, session="other", **arguments: call_tool("resume_cart", session=session, code=code, **arguments)


def shown(answer):
    return re.search(r'<p class="letters" dir="ltr">([^<]+)<', answer.text)[1]


def test_a_code_adds_the_products_to_the_other_chat_s_cart_and_both_hear_of_it(resume, code, call_tool):
    call_tool("add_to_cart", session="other", product_id="shop:tea")

    result = resume(code)

    assert quantities(result) == {"shop:honey": 2, "shop:tea": 2}
    assert "The products of the other cart were added to this one." in text(result)
    assert cart(result)["version"] == 2
    here = call_tool("view_cart")
    assert quantities(here) == {"shop:honey": 2, "shop:tea": 1}
    assert notice_codes(here) == ["continued_elsewhere"]
    assert "Another chat added the products of this cart to its own" in text(here)


def test_moving_empties_the_other_cart_which_can_undo_it(resume, code, call_tool):
    assert quantities(resume(code, given={"mode": "move"})) == {"shop:honey": 2, "shop:tea": 1}

    here = call_tool("view_cart")
    assert quantities(here) == {}
    assert notice_codes(here) == ["moved_elsewhere"]
    assert quantities(call_tool("undo_cart_change")) == {"shop:honey": 2, "shop:tea": 1}


def test_a_code_is_eight_characters_that_nobody_mistakes(code):
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", code)
    assert len(codes.ALPHABET) == 32


@pytest.mark.parametrize("written", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c.replace('-', ' ')} "])
def test_a_code_is_read_as_people_write_it(resume, code, written):
    assert quantities(resume(written(code)))


def test_only_a_digest_of_a_code_is_stored(code):
    row = str(ResumeCode.objects.values().get())

    assert code not in row
    assert code.replace("-", "") not in row


def expire():
    ResumeCode.objects.update(expires_at=timezone.now())


def order():
    Cart.objects.update(ordered_at=timezone.now())


def lose():
    Session.objects.all().delete()


@pytest.mark.parametrize("spoil", [expire, order, lose])
def test_a_code_that_is_over_opens_nothing(resume, code, spoil):
    spoil()

    refused = resume(code)

    assert error(refused)["code"] == "not_found"
    assert "older than ten minutes" in text(refused)
    assert not Cart.objects.filter(ordered_at=None, version=1, session__source="other").exists()


def test_a_code_works_once(resume, code):
    resume(code)

    refused = resume(code, session="third")

    assert error(refused)["code"] == "not_found"
    assert Cart.objects.count() == 2


def test_a_new_code_takes_the_place_of_the_one_before(resume, code, client, path):
    newer = shown(client.post(path, {"do": "code"}))

    assert error(resume(code))
    assert quantities(resume(newer))


def test_a_page_shows_a_code_once(client, path, code):
    assert code not in client.get(path).text


def test_five_wrong_codes_end_the_tries_of_a_session_for_an_hour(resume, code):
    for _ in range(5):
        assert error(resume(WRONG))["code"] == "not_found"

    refused = resume(code)

    assert error(refused)["code"] == "too_many_requests"
    assert "so it may try none for an hour" in text(refused)
    assert 3500 < error(refused)["retry_after"] <= 3601
    assert quantities(resume(code, session="third"))
    ResumeTries.objects.update(since=timezone.now() - timedelta(hours=1))
    assert error(resume(WRONG))["code"] == "not_found"
    assert ResumeTries.objects.get().wrong == 1


def test_a_wrong_code_makes_no_session_for_a_chat_without_an_id(call_tool, full):
    assert error(call_tool("resume_cart", session=None, code=WRONG))["code"] == "not_found"

    assert Session.objects.get() == full


def test_a_chat_without_an_id_gets_a_cart_of_its_own_by_a_code(call_tool, code):
    result = call_tool("resume_cart", session=None, code=code)

    assert quantities(result) == {"shop:honey": 2, "shop:tea": 1}
    assert cart(result)["cart_id"]


def test_wrong_codes_are_counted_by_network_too(call_tool, code, monkeypatch):
    monkeypatch.setattr(codes.wrong_codes, "_rate", lambda: Rate(1 / 3600, 2))
    for _ in range(2):
        call_tool("resume_cart", session=None, code=WRONG)

    assert error(call_tool("resume_cart", session=None, code=code))["code"] == "too_many_requests"


def test_a_chat_is_not_given_its_own_cart(resume, code):
    refused = resume(code, session="chat-1")

    assert "This code is of this chat's own cart." in text(refused)
    assert Change.objects.count() == 1
    assert ResumeCode.objects.get().used_at is None


def test_a_cart_of_another_store_is_refused_and_the_code_stays_good(resume, code, call_tool, make_product):
    other = Store.objects.create(slug="books", name="Books", currency="ILS", language="en")
    make_product("Novel", store=other)
    call_tool("add_to_cart", session="other", product_id="books:novel")

    assert error(resume(code))["code"] == "cart_limit"

    assert quantities(call_tool("view_cart", session="other")) == {"books:novel": 1}
    assert quantities(resume(code, session="third"))


def test_what_cannot_be_added_is_told_and_the_rest_is_added(resume, code, call_tool, tea, honey):
    call_tool("add_to_cart", session="other", product_id="shop:honey", quantity=998)
    tea.available = False
    tea.save()
    call_tool("add_to_cart", session="other", product_id="shop:honey", quantity=1)

    refused = resume(code)

    assert error(refused)["code"] == "cart_limit"
    result = resume(code, session="third")
    assert quantities(result) == {"shop:honey": 2}
    assert "Tea cannot be bought at the moment." in text(result)


def test_a_repeated_request_is_answered_again_and_adds_nothing(resume, code):
    first, again = (resume(code, request_id="r1") for _ in range(2))

    assert quantities(first) == quantities(again) == {"shop:honey": 2, "shop:tea": 1}
    assert cart(again)["version"] == 1


def test_the_shared_cart_takes_no_other_cart(call_tool, code, settings):
    settings.SHOPMCP_UNKEYED_CALLS = "shared"

    refused = call_tool("resume_cart", session=None, code=code)

    assert error(refused)["code"] == "invalid_arguments"
    assert ResumeCode.objects.get().used_at is None


def test_too_many_new_codes_are_refused_in_words(client, path):
    answers = [client.post(path, {"do": "code"}) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert "Too many codes for this cart were made lately." in answers[-1].text


def test_wrong_codes_of_all_networks_together_have_an_end_too(call_tool, code, monkeypatch):
    monkeypatch.setattr(codes.all_wrong_codes, "_rate", lambda: Rate(1 / 3600, 2))
    for _ in range(2):
        call_tool("resume_cart", session=None, code=WRONG)

    refused = call_tool("resume_cart", session=None, code=code)

    assert "Too many wrong codes were tried in this shop lately." in text(refused)
    assert ResumeCode.objects.get().used_at is None


def test_the_other_chat_hears_that_the_coupon_stayed(resume, code, call_tool):
    Coupon.objects.create(store=Store.objects.get(), code="SAVE10", code_key="save10", kind="percent", value=10)
    call_tool("apply_coupon", code="save10")

    result = resume(code)

    assert "The coupon SAVE10 stayed with the other cart" in text(result)
    assert "coupon" not in cart(result)
