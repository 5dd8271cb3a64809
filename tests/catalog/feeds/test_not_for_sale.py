"""What a file prices or lists and a shop must not sell at that price: parts of a contract, and what has expired."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from catalog.models import Product
from catalog.search.index import outdated
from catalog.services.products import withdraw_expired
from shopmcp.db.batches import FIRST

GOOGLE = "id\ttitle\tprice\tinstallment\tsubscription_cost\texpiration_date\n"
XML = """<rss xmlns:g="http://base.google.com/ns/1.0"><channel>
<item><g:id>PHONE</g:id><title>Phone</title><g:price>0 EUR</g:price>
<g:installment><g:months>24</g:months><g:amount>30 EUR</g:amount></g:installment></item>
<item><g:id>CASE</g:id><title>Case</title><g:price>9 EUR</g:price></item>
</channel></rss>"""


def prices():
    return dict(Product.objects.listed().values_list("sku", "price"))


@pytest.mark.parametrize(
    ("price", "installment", "cost"),
    [("0 EUR", "24:30 EUR", ""), ("0.00 EUR", "", "month:24:30 EUR"), ("1 EUR", "", "month:24:30 EUR")],
)
def test_a_phone_whose_price_is_in_its_contract_is_not_sold(load, price, installment, cost):
    report = load(f"{GOOGLE}PHONE\tPhone\t{price}\t{installment}\t{cost}\t\nCASE\tCase\t9 EUR\t\t\t\n", name="feed.tsv")

    assert prices() == {"PHONE": None, "CASE": 9}
    assert [(told.sku, "monthly" in told.reason) for told in report.warnings] == [("PHONE", True)]


def test_instalments_in_xml_take_a_price_of_nought_away(load):
    load(XML, name="feed.xml")

    assert prices() == {"PHONE": None, "CASE": 9}


@pytest.mark.parametrize(
    ("price", "installment", "cost"), [("720 EUR", "24:30 EUR", ""), ("9 EUR", "0", "0"), ("0 EUR", "", "")]
)
def test_a_price_beside_instalments_that_pay_it_is_the_price(load, price, installment, cost):
    load(f"{GOOGLE}A\tPhone\t{price}\t{installment}\t{cost}\t\nB\tCase\t9 EUR\t\t\t\n", name="feed.tsv")

    assert prices()["A"] == int(price.split()[0])


@pytest.mark.parametrize("past", ["2020-01-31", "2020-01-31T10:00+0200", "31.01.2020"])
def test_an_item_is_left_out_from_its_expiration_on(load, past):
    load(f"{GOOGLE}OLD\tOld\t5 EUR\t\t\t2999-01-31\nNEW\tNew\t9 EUR\t\t\t2999-01-31\n", name="feed.tsv")
    report = load(f"{GOOGLE}OLD\tOld\t5 EUR\t\t\t{past}\nNEW\tNew\t9 EUR\t\t\t2999-01-31\n", name="feed.tsv")

    assert (prices(), report.skipped) == ({"NEW": 9}, 1)
    assert any("expir" in remark for remark in report.remarks)


def test_the_last_day_of_an_item_is_whole(load):
    today = timezone.now().date().isoformat()
    load(f"{GOOGLE}A\tTea\t5 EUR\t\t\t{today}\n", name="feed.tsv")

    assert prices() == {"A": 5}


def test_a_product_is_withdrawn_when_it_expires_though_no_import_runs_and_returns_with_a_later_date(load):
    later = timezone.now() + timedelta(days=2)
    feed = f"{GOOGLE}A\tTea\t5 EUR\t\t\t{later.isoformat()}\nB\tJam\t4 EUR\t\t\t\nC\tNut\t3 EUR\t\t\t\n"
    load(feed, name="feed.tsv")
    assert (withdraw_expired(timezone.now()), len(prices())) == (0, 3)

    assert withdraw_expired(later) == 1
    assert prices() == {"B": 4, "C": 3}
    assert outdated(Product.versions.values_list("identity_id", flat=True)) == set()

    load(feed.replace(later.isoformat(), (later + timedelta(days=9)).isoformat()), name="feed.tsv")
    assert prices() == {"A": 5, "B": 4, "C": 3}
    assert withdraw_expired(later) == 0


def test_a_server_that_stops_ends_between_two_batches_of_expired_products(load):
    later = timezone.now() + timedelta(days=2)
    items = "".join(f"A{n}\tTea\t5 EUR\t\t\t{later.isoformat()}\n" for n in range(FIRST + 5))
    load(f"{GOOGLE}{items}", name="feed.tsv")
    asked = iter((False, True))

    assert withdraw_expired(later, lambda: next(asked)) == FIRST
    assert withdraw_expired(later) == 5


def test_an_expiration_that_cannot_be_read_is_told_and_hides_nothing(load):
    report = load(f"{GOOGLE}A\tTea\t5 EUR\t\t\tsoon\n", name="feed.tsv")

    assert prices() == {"A": 5}
    assert ["soon" in told.reason for told in report.warnings] == [True]


def test_the_nested_feed_of_openai_expires_too(load):
    product = {"id": "P", "title": "Tea", "variants": [
        {"id": "A", "title": "Old", "price": {"amount": 500, "currency": "EUR"}, "expiration_date": "2020-01-31"},
        {"id": "B", "title": "New", "price": {"amount": 900, "currency": "EUR"}},
    ]}  # fmt: skip
    load(json.dumps([product]), name="feed.json")

    assert prices() == {"B": 9}
