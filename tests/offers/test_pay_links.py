"""Addresses to pay at."""

import pytest
from django.core.exceptions import ValidationError

from offers.pay_links import filled, https_address, pay_link


@pytest.mark.parametrize("address", ["https://bit.example.com/p/1?x=%20", "https://תשלום.example.com/נתיב"])
def test_an_https_address_is_one_to_pay_at(address):
    https_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://a.example.com/",
        "javascript:alert(1)",
        "https://",
        "https://me:pw@a.example.com",
        "https://a b.c/",
        "bit",
    ],
)
def test_what_is_no_https_address_is_refused(address):
    with pytest.raises(ValidationError, match="https"):
        https_address(address)


GOOD = "https://pay.example.com/p?sum={sum}&ref={number}"


@pytest.mark.parametrize("link", [GOOD, GOOD + "&cur={currency}&back={return}", "https://a.example.com/{sum}#{number}"])
def test_a_template_with_sum_and_number_is_a_pay_link(link):
    pay_link(link)


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("http://pay.example.com/p?sum={sum}&ref={number}", "begins with https"),
        ("javascript:{sum}{number}", "begins with https"),
        ("https://pay.example.com/p?sum={sum}", "lacks {number}"),
        ("https://pay.example.com/p?ref={number}", "lacks {sum}"),
        (GOOD + "&name={name}", "no place {name}"),
        (GOOD + "&x={Sum}", "no place {Sum}"),
        (GOOD + "&x={}", "no place {}"),
        (GOOD + "&x={sum", "no partner"),
        (GOOD + "}", "no partner"),
        ("https://{number}.example.com/{sum}", "host"),
        ("https://{number}@example.com/{sum}", "https"),
    ],
)
def test_what_is_no_pay_link_is_refused_in_words(link, said):
    with pytest.raises(ValidationError) as refused:
        pay_link(link)

    assert said in refused.value.messages[0]


def test_values_are_percent_encoded_and_stay_where_they_are():
    values = {
        "sum": "40.00",
        "currency": "ILS",
        "number": "K&7=#/?%",
        "return": "https://shop.example.com/orders/א.b?c",
    }

    assert filled(GOOD + "&back={return}&cur={currency}&name=א", values) == (
        "https://pay.example.com/p?sum=40.00&ref=K%267%3D%23%2F%3F%25"
        "&back=https%3A%2F%2Fshop.example.com%2Forders%2F%D7%90.b%3Fc&cur=ILS&name=%D7%90"
    )


def test_a_value_that_looks_like_a_place_is_a_value():
    assert filled("https://a.example.com/{number}", {"number": "{sum}"}) == "https://a.example.com/%7Bsum%7D"
