from decimal import Decimal

import pytest

from offers.models import DeliveryOption, nearest_free_delivery
from offers.texts import cannot_deliver, delivery_line, free_delivery_text


def option(**fields):
    values = {"name": "Courier", "price": "20", **fields}
    for name in ("price", "free_above", "minimum"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    return DeliveryOption(**values)


@pytest.mark.parametrize(
    ("total", "price", "missing"), [("0", "20", "200"), ("187.60", "20", "12.40"), ("200", "0", "0"), ("300", "0", "0")]
)
def test_delivery_is_free_from_a_sum_on(total, price, missing):
    courier = option(free_above="200")

    assert courier.price_for(Decimal(total)) == Decimal(price)
    assert courier.missing_for_free(Decimal(total)) == Decimal(missing)


def test_without_such_a_sum_it_is_never_free():
    assert option().price_for(Decimal(10_000)) == 20
    assert option().missing_for_free(Decimal(10_000)) is None


def test_what_costs_nothing_lacks_nothing():
    assert option(price="0").missing_for_free(Decimal(1)) == 0


@pytest.mark.parametrize(("total", "missing"), [("10", "20"), ("30", "0"), ("31", "0")])
def test_a_minimum_order_may_be_missed(total, missing):
    assert option(minimum="30").missing_for_minimum(Decimal(total)) == Decimal(missing)
    assert option().missing_for_minimum(Decimal(total)) == 0


def test_a_pick_up_serves_everybody():
    assert option(kind="pickup", postal_codes="61").serves("9021000", "Haifa")


def test_the_nearest_free_delivery_is_told():
    far, near = option(name="Far", free_above="300"), option(name="Near", free_above="200")
    pickup = option(name="Shop", kind="pickup", price="0")

    found = nearest_free_delivery([far, pickup, near, option(name="Never")], Decimal("187.60"))

    assert found == (Decimal("12.40"), near)


def test_nothing_is_missing_once_a_delivery_is_free():
    found = nearest_free_delivery([option(free_above="300"), option(free_above="200")], Decimal(250))

    assert found is not None
    assert found.missing == 0


def test_where_no_sum_makes_delivery_free_nothing_is_told():
    assert nearest_free_delivery([option(), option(kind="pickup", price="0")], Decimal(10)) is None


def test_an_option_is_told_in_one_line(make_option):
    courier = make_option(free_above="200", minimum="30", postal_codes="61-64", cities="Haifa", note="By noon.")
    place = make_option("At the shop", "0", kind="pickup", pickup_place="1 Market Street", pickup_hours="9–19")

    assert delivery_line(courier) == (
        "Courier: ₪20.00, free from ₪200.00, orders of at least ₪30.00, only to Haifa, 61-64. By noon."
    )
    assert delivery_line(place) == "At the shop: free, 1 Market Street, 9–19."


def test_what_is_missing_for_free_delivery_is_a_sentence(make_option):
    courier = make_option(free_above="200")

    def told(total):
        free = nearest_free_delivery([courier], Decimal(total))
        assert free is not None
        return free_delivery_text(free)

    assert told("187.60") == "₪12.40 more for free delivery (Courier)."
    assert told("200") == ""


def test_a_place_that_is_not_served_hears_why(make_option):
    courier = make_option(postal_codes="61-64", cities="Haifa")

    assert cannot_deliver(courier, "6100000", "") == ""
    assert cannot_deliver(courier, "", "Eilat") == "Courier goes to some places only: give the postal code."
    assert cannot_deliver(courier, "9021000", "Eilat") == (
        "Courier goes only to Haifa, 61-64: choose another way of delivery."
    )
