"""Where models get stuck: the words that tools answered, and what conversations did next."""

import pytest
from django.urls import reverse

from carts.models import CallRecord

PAGE = reverse("dashboard-stuck")


@pytest.fixture
def refuse(make_call):
    def make(session, said="No such product.", *, then=None, **fields):
        make_call(session, tool="add_to_cart", outcome="not_found", said=said, **fields)
        if then:
            make_call(session, tool="view_cart", outcome=then)

    return make


def test_each_kind_tells_its_words_its_conversations_and_their_next_calls(owner, make_session, refuse):
    first, second, third = (make_session(n) for n in range(3))
    refuse(first, then="ok")
    refuse(second, then="cart_expired")
    refuse(third, "Nothing like that.")
    refuse(None)
    kinds = {kind.refusal.code: kind for kind in owner.get(PAGE).context["kinds"]}
    seen = kinds["not_found"].seen

    assert (kinds["not_found"].refusal.calls, seen.looked_at, seen.sessions) == (4, 4, 3)
    assert (seen.worked, seen.refused_again, seen.ended) == (1, 1, 1)
    assert seen.words == [("No such product.", 3), ("Nothing like that.", 1)]
    assert set(seen.newest) == {first.public_id, second.public_id, third.public_id}
    page = owner.get(PAGE).text
    assert "Nothing like that." in page
    assert reverse("dashboard-session", args=[third.public_id]) in page


def test_the_answer_of_a_tool_is_kept_without_what_was_written(owner, call_tool, honey):
    call_tool("add_to_cart", product_id="Dana Cohen 0501234567", session="a")
    record = CallRecord.objects.get()

    assert record.outcome == "not_found"
    assert record.said and "Dana" not in record.said
    assert record.said in owner.get(PAGE, {"client": record.client}).text
    assert call_tool("view_cart", session="a")
    assert CallRecord.objects.get(tool="view_cart").said == ""


def test_the_file_has_a_row_for_each_answer(owner, make_session, refuse):
    refuse(make_session(1), "=1+1", then="ok")
    answer = owner.get(reverse("dashboard-stuck-export"))
    _header, row = answer.content.decode().strip().split("\r\n")

    assert row == "no such product or version,not_found,add_to_cart,1,1,1,1,0,0,'=1+1,1"


@pytest.mark.parametrize("n", [1, 25])
def test_the_page_costs_the_same_for_one_refusal_and_for_many(
    owner, django_assert_num_queries, make_session, refuse, n
):
    for number in range(n):
        refuse(make_session(number), then="ok")

    with django_assert_num_queries(16):
        owner.get(PAGE)
