"""One look before a search."""

import pytest

from catalog.models import Synonyms
from catalog.search.rows import glance
from catalog.services.products import create_product, save_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def rice(grocer):
    return create_product(
        grocer, sku="R-1", name="Long red rice", price="1", barcode="7290000000015", url="https://x.example/rice"
    )


@pytest.mark.parametrize(
    ("query", "only"),
    [
        ("grocer:R-1", True),
        ("https://www.x.example/rice/?utm_source=chat", True),
        ("R-1", False),
        (" r-1 ", False),
        ("7290000000015", False),
        ("long RED rice", False),
    ],
)
def test_it_tells_what_a_query_names_and_whether_nothing_else_can_be_meant(rice, query, only):
    seen = glance(query)

    assert (seen.exact, seen.only) == ([rice.identity_id], only)


@pytest.mark.parametrize("query", ["rice", "", "  ", "red rice", "R-1\u202e", "https://elsewhere.example/rice", "0"])
def test_it_names_nothing_by_a_part_or_by_what_hides_something(rice, query):
    assert glance(query).exact == []


def test_one_query_tells_everything(rice, django_assert_num_queries):
    with django_assert_num_queries(1):
        glance("7290000000015")


def test_the_state_is_another_one_after_each_change_of_what_counts(rice):
    states = [glance("rice").state]
    rice.price = 2
    save_product(rice, ["price"])
    states.append(glance("rice").state)
    Synonyms.objects.create(words="rice, arborio")
    states.append(glance("rice").state)

    assert len(set(states)) == 3
    assert glance("something else").state == states[-1]
