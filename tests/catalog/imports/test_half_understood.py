"""A file that is understood only half is refused as a whole, with what helps; and what helped is kept."""

from decimal import Decimal

import pytest

from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product, SourceOptions

UNPRICED = "sku,name,Sales Price,Shelf\na,Rice,10,4\nb,Rye,20,5\n"


def found():
    return {product.sku: product for product in Product.objects.listed()}


def test_prices_that_are_not_understood_refuse_the_file_and_name_the_option(load):
    with pytest.raises(Unreadable) as refusal:
        load(UNPRICED)

    assert "“Sales Price”" in refusal.value.message
    assert '--map price="Sales Price"' in refusal.value.fix
    assert "--allow-unpriced" in refusal.value.fix
    assert not Product.objects.exists()
    assert not SourceOptions.objects.exists()


def test_a_mapped_column_is_kept_for_the_same_columns_in_any_order(load):
    load(UNPRICED, options=FeedOptions(mapped={"price": "sales  PRICE", "stock": "Shelf"}))
    assert (found()["a"].price, found()["a"].stock) == (10, 4)

    load("Shelf,name,sku,Sales Price\n7,Rice,a,11\n7,Rye,b,22\n")
    assert (found()["b"].price, found()["b"].stock) == (22, 7)

    with pytest.raises(Unreadable):
        load(UNPRICED, slug="other")  # another store
    with pytest.raises(Unreadable):
        load("sku,name,Sales Price\na,Rice,1\n")  # another source
    assert found()["b"].price == 22


def test_what_was_kept_can_be_forgotten(load):
    load(UNPRICED, options=FeedOptions(mapped={"price": "Sales Price"}))

    with pytest.raises(Unreadable):
        load(UNPRICED, forget_options=True)

    load(UNPRICED, options=FeedOptions(allow_unpriced=True), forget_options=True)
    assert found()["a"].price is None
    load(UNPRICED)
    assert SourceOptions.objects.get().options == {"allow_unpriced": True}


def test_a_dry_run_keeps_nothing(load):
    load(UNPRICED, options=FeedOptions(mapped={"price": "Sales Price"}), dry_run=True)

    assert not SourceOptions.objects.exists()


def test_the_report_says_first_that_no_stock_was_understood(load):
    report = load("sku,name,price,Shelf\na,Rice,10,4\n")

    assert "“Shelf”" in report.remarks[0]
    assert "--map stock=" in report.remarks[0]
    assert load("sku,name,price,stock\na,Rice,10,4\n").remarks == []


def test_a_table_without_a_heading_is_read_by_the_given_columns_also_the_next_time(load):
    load("a,Rice,x,10\nb,Rye,y,20\n", options=FeedOptions(columns=("sku", "name", "", "price")))
    assert {sku: product.price for sku, product in found().items()} == {"a": 10, "b": 20}

    load("a,Rice,x,11\nc,Tea,y,30\nb,Rye,z,21\n")
    assert {sku: product.price for sku, product in found().items()} == {"a": 11, "b": 21, "c": 30}


@pytest.mark.parametrize(("decimal", "price"), [(",", "1200"), (".", "1.20")])
def test_prices_that_may_be_thousands_refuse_the_file_until_the_owner_says_it(load, decimal, price):
    text = "sku,name,price\na,Sofa,1.200 ILS\nb,Chair,1.500 ₪\n"
    with pytest.raises(Unreadable, match=r"“1\.200”") as refusal:
        load(text)
    assert "--decimal" in refusal.value.fix
    assert not Product.objects.exists()

    load(text, options=FeedOptions(decimal=decimal))
    assert found()["a"].price == Decimal(price)
    load(text.replace("Sofa", "Couch"))
    assert (found()["a"].name, found()["a"].price) == ("Couch", Decimal(price))


def test_prices_later_in_the_file_say_what_those_before_them_are(load):
    report = load('sku,name,price\na,Sofa,1.200\nb,Tea,"9,90"\nb,Again,1\n')

    assert (found()["a"].price, found()["b"].price) == (1200, Decimal("9.90"))
    assert (report.created, len(report.warnings)) == (2, 1)  # read twice, told once


def test_a_price_that_stays_in_doubt_among_others_costs_its_row(load):
    report = load("sku,name,price\na,Sofa,1.200\nb,Tea,9.90\n")

    assert set(found()) == {"b"}
    assert "--decimal" in report.refused[0].reason


def test_more_decimals_are_rounded_half_up_and_counted(load):
    report = load('sku,name,price\na,Net,16.806723\nb,Half,0.125\nc,Float,19.989999999999998\nd,Plain,"5.50"\n')

    assert [str(found()[sku].price) for sku in "abc"] == ["16.810", "0.130", "19.990"]
    assert report.remarks == ["Prices with more decimals than their currency has, which were rounded half up: 3."]


@pytest.mark.parametrize("column", ["Status", "published", "פורסם"])
def test_a_column_that_may_hide_products_and_is_not_understood_refuses_the_file(load, column):
    text = f"sku,name,price,{column}\na,Rice,10,active\nb,Rye,20,Bestseller\n"

    with pytest.raises(Unreadable, match="“Bestseller”") as refusal:
        load(text)
    assert column in refusal.value.message
    assert "--map published=" in refusal.value.fix
    assert not Product.objects.exists()

    load(text, options=FeedOptions(mapped={"published": ""}))
    assert set(found()) == {"a", "b"}


def test_prices_before_tax_need_the_rate(load):
    text = "sku,name,Price (tax excl.)\na,Rice,10\n"

    with pytest.raises(Unreadable, match="before tax") as refusal:
        load(text)
    assert "--add-tax" in refusal.value.fix
    assert not Product.objects.exists()

    load(text, options=FeedOptions(add_tax=Decimal("17.5")))
    assert found()["a"].price == Decimal("11.75")


def test_a_few_bytes_that_are_no_text_cost_their_rows(load):
    names = [f"{n},{'קמח מלא' if n else 'x'},9\n".encode() for n in range(30)]
    names[3] = b"3,\xd7\xa7\xd7\xff\xd7,9\n"

    report = load(b"sku,name,price\n" + b"".join(names))

    assert len(found()) == 29
    assert [(entry.line, entry.reason) for entry in report.refused] == [(5, "it holds characters that cannot be read")]


def test_one_of_several_columns_is_enough_to_hide_a_product(load):
    load("sku,name,price,Published,Status,Archived\na,Rice,1,yes,active,\nb,Rye,2,yes,draft,\nc,Oats,3,yes,new,yes\n")
    assert list(found()) == ["a"]

    load(
        '[{"sku":"d","name":"D","price":1,"published":true,"status":"draft"},{"sku":"e","name":"E","price":1}]',
        slug="o",
    )
    assert set(found()) == {"a", "e"}


def test_what_a_second_column_says_without_being_understood_hides_nothing(load):
    load("sku,name,price,Published,Status\na,Rice,1,yes,bestseller\n")

    assert list(found()) == ["a"]


def test_names_of_columns_may_have_product_before_them(load):
    load(
        "product_sku,product_name,product_price,Product Visible?,Allow Purchases?,product_is_enabled_in_store\n"
        "a,Rice,1,Y,Y,yes\nb,Rye,2,N,Y,yes\nc,Oats,3,Y,N,yes\nd,Bran,3,Y,Y,no\n"
    )

    assert {sku: product.available for sku, product in found().items()} == {"a": True, "c": False}


def test_a_point_before_three_digits_groups_thousands_if_the_currency_has_no_decimals(load):
    load("sku,name,price\na,Rice,$12.990\nb,Rye,$4.000\n", currency="CLP")
    assert {sku: product.price for sku, product in found().items()} == {"a": 12990, "b": 4000}

    with pytest.raises(Unreadable, match="three decimals"):
        load("sku,name,price\nc,Rice,990.000\nd,Rye,450.000\n", slug="other", currency="CLP")


@pytest.mark.parametrize("encoding", ["cp1251", "iso8859-8", "cp1252"])
def test_a_file_that_changed_to_utf_8_is_not_read_in_the_encoding_that_was_kept(load, encoding):
    load("sku;name;price\na;Rice;1\n".encode(encoding), options=FeedOptions(encoding=encoding))

    load("sku;name;price\na;אורז Żółty чай;1\n")

    assert found()["a"].name == "אורז Żółty чай"


@pytest.mark.parametrize(
    ("columns", "named"), [("Netto,Brutto", "Brutto"), ("Wholesale price,Retail price", "Retail price")]
)
def test_the_price_that_a_refusal_proposes_is_none_before_tax(load, columns, named):
    with pytest.raises(Unreadable) as refusal:
        load(f"sku,name,{columns}\na,Rice,1,2\n")

    assert f'--map price="{named}"' in refusal.value.fix


@pytest.mark.parametrize("field", ["price", "stock", "published", "sale_ends"])
def test_a_field_that_is_mapped_to_no_column_refuses_the_file(load, field):
    with pytest.raises(Unreadable, match=r"no column “Nope”.*“Shelf”"):
        load("sku,name,price,Shelf\na,Rice,10,4\n", options=FeedOptions(mapped={field: "Nope"}))

    assert not Product.objects.exists()
    assert not SourceOptions.objects.exists()


def test_columns_that_are_not_named_refuse_the_rows_and_say_how_to_pass_over_them(load):
    with pytest.raises(Unreadable) as refusal:
        load("a,Rice,10,kg\n", options=FeedOptions(columns=("sku", "name", "price")))
    assert "--columns" in refusal.value.fix

    load("a,Rice,10,kg\n", options=FeedOptions(columns=("sku", "name", "price", "")))
    assert found()["a"].price == 10


@pytest.mark.parametrize(
    ("heading", "named"),
    [("Typ,Stückkosten,Listenpreis", "Listenpreis"), ("Type,Colour code,Season", "…"), ("Worth", "Worth")],
)
def test_a_refusal_proposes_a_column_only_if_it_sounds_like_the_price_or_is_the_only_one(load, heading, named):
    with pytest.raises(Unreadable) as refusal:
        load(f"sku,name,{heading}\na,Rice{',1' * (heading.count(',') + 1)}\n")

    assert f'--map price="{named}"' in refusal.value.fix
