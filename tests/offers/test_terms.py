import pytest

from offers.models import Merchant
from offers.services.delivery import delete_option
from offers.terms import terms_of


def names(store):
    revision = Merchant.objects.values_list("revision", flat=True).filter(store=store).first()
    return [option.name for option in terms_of(store.pk, revision).options]


def test_a_store_that_offers_nothing_costs_no_query(store, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert terms_of(store.pk, None).options == ()
        assert terms_of(None, "x").options == ()


def test_terms_are_remembered_until_they_change(store, make_option, django_assert_num_queries):
    courier = make_option()
    assert names(store) == ["Courier"]
    with django_assert_num_queries(1):  # the revision, which a cart reads with its store
        assert names(store) == ["Courier"]

    courier.name = "Rider"
    make_option("Post", active=False)
    assert names(store) == ["Courier"]

    courier.save()
    make_option("Drone")
    assert names(store) == ["Rider", "Drone"]

    delete_option(courier)
    assert names(store) == ["Drone"]


@pytest.mark.parametrize("amount", ["20"])
def test_options_know_their_store(store, make_option, amount, django_assert_num_queries):
    make_option(price=amount)
    revision = Merchant.objects.get().revision
    (option,) = terms_of(store.pk, revision).options

    with django_assert_num_queries(0):
        assert option.shown(option.price).formatted == "₪20.00"
