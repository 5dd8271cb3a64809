"""The sums of an order: rounded once, and shared out without a remainder."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orders.sums import Tax, shared, sum_up

D = Decimal
PRICES = st.decimals(min_value=0, max_value=9999, places=2)
LINES = st.lists(st.tuples(PRICES, st.integers(1, 50)), min_size=1, max_size=12)
RATES = st.sampled_from([D(0), D(17), D(18), D("8.1"), D("25.5")])


def test_prices_that_include_tax_are_what_is_paid():
    sums = sum_up([(D("100"), 1), (D("18"), 1)], "ILS", Tax(D(18)), delivery=D(0))

    assert (sums.goods, sums.tax, sums.total) == (D(118), D("18.00"), D(118))
    assert sums.taxes == (D("15.25"), D("2.75"))


def test_tax_is_added_to_prices_without_it():
    sums = sum_up([(D("10.00"), 3)], "ILS", Tax(D(18), included=False), delivery=D(20), discount=D(5))

    assert (sums.tax, sums.total) == (D("8.10"), D("53.10"))
    assert sums.delivery_tax == D("3.60")


def test_a_discount_never_exceeds_what_it_covers():
    sums = sum_up([(D(10), 1), (D(90), 1)], "ILS", Tax(), discount=D(50), discounted=[True, False], delivery=D(7))

    assert sums.discounts == (D(10), D(0))
    assert sums.total == D(97)


def test_a_currency_without_parts_is_rounded_to_whole_ones():
    sums = sum_up([(D("333"), 1), (D("333"), 1)], "JPY", Tax(D(10)), discount=D("99.5"))

    assert sums.discount == 100
    assert sums.discounts == (50, 50)
    assert sums.tax == D(51)


@given(LINES, RATES, st.booleans(), PRICES, PRICES)
def test_shares_always_add_up(lines, rate, included, delivery, discount):
    sums = sum_up(lines, "ILS", Tax(rate, included), delivery=delivery, discount=discount)

    assert sum(sums.lines) == sums.goods
    assert sum(sums.discounts) == sums.discount <= sums.goods
    assert sum(sums.taxes) + sums.delivery_tax == sums.tax
    assert sums.total == sums.goods - sums.discount + sums.delivery + (0 if included else sums.tax)
    assert all(0 <= less <= total for less, total in zip(sums.discounts, sums.lines, strict=True))
    assert min(*sums.taxes, sums.delivery_tax) >= 0


@given(st.integers(0, 10_000), st.lists(PRICES, min_size=1, max_size=30))
def test_no_share_is_more_than_one_part_from_its_due(cents, weights):
    amount, whole = D(cents) / 100, sum(weights)
    shares = shared(amount, weights, D("0.01"))

    assert sum(shares) == amount
    if whole:
        assert all(
            abs(share - amount * weight / whole) < D("0.01") for share, weight in zip(shares, weights, strict=True)
        )
