import pytest
from django.db import connection

from catalog.models import Store
from offers.demo import load_demo
from offers.models import DeliveryOption
from offers.models.delivery import MOST_OPTIONS
from offers.services.delivery import delete_option, save_option
from shopmcp.errors import InvalidArguments


def test_an_option_is_saved_with_clean_texts(make_option):
    option = make_option("Cou\u202erier \x00", note="By noon.\r\n\r\n\r\n\r\nBy bike.")

    kept = DeliveryOption.objects.get()
    assert kept == option
    assert kept.name == "Courier"
    assert kept.note == "By noon.\n\nBy bike."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " \u200f"}, "name"),
        ({"price": "-1"}, "price"),
        ({"price": "NaN"}, "price"),
        ({"price": "1e20"}, "price"),
        ({"free_above": "0"}, "free from"),
        ({"minimum": "-5"}, "minimum order"),
        ({"postal_codes": "61, Haifa"}, "postal codes"),
        ({"kind": "pickup"}, "place of pick-up"),
        ({"kind": "drone"}, "kind"),
    ],
)
def test_wrong_values_are_refused_by_field_and_change_nothing(make_option, wrong, said):
    option = make_option()

    with pytest.raises(InvalidArguments, match=said):
        make_option(**wrong)
    for name, value in wrong.items():
        setattr(option, name, value)
    with pytest.raises(InvalidArguments, match=said):
        save_option(option)

    assert DeliveryOption.objects.filter(name="Courier", price=20, kind="delivery").count() == 1
    assert DeliveryOption.objects.count() == 1


def test_a_store_has_a_bounded_number_of_options(store, make_option):
    DeliveryOption.objects.bulk_create(DeliveryOption(store=store, name=f"{n}") for n in range(MOST_OPTIONS))

    with pytest.raises(InvalidArguments, match="at most 50"):
        make_option("One more")

    assert DeliveryOption.objects.count() == MOST_OPTIONS
    save_option(DeliveryOption.objects.earliest("id"))


def test_options_come_in_the_owners_order(make_option):
    make_option("Second", position=2)
    make_option("First", position=1)
    make_option("Off", position=0, active=False)

    assert [option.name for option in DeliveryOption.objects.offered()] == ["First", "Second"]


def test_an_option_is_deleted(make_option):
    delete_option(make_option())

    assert not DeliveryOption.objects.exists()


def test_the_demo_store_delivers(db):
    store = Store.objects.create(slug="demo", name="Demo", currency="ILS", language="en")
    load_demo()
    load_demo()

    options = DeliveryOption.objects.offered().of_store(store)
    assert [option.kind for option in options] == ["delivery", "delivery", "pickup"]
    assert options[1].serves("6100000")
    assert not options[1].serves("9021000", "Haifa")
    assert connection.needs_rollback is False


def test_a_shop_without_the_demo_store_stays_as_it_is(store):
    load_demo()

    assert not DeliveryOption.objects.exists()
