"""JSON of systems that keep prices in a place of their own: Medusa, Saleor, Vendure and schema.org."""

import copy
import json
from decimal import Decimal

import pytest

from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product

MEDUSA = {
    "products": [
        {
            "id": "prod_1", "title": "Tee", "handle": "tee", "status": "published", "thumbnail": "https://x.example.com/t.jpg",
            "options": [{"id": "opt", "title": "Size"}],
            "variants": [
                {
                    "id": "variant_1", "title": "S", "sku": "TEE-S", "inventory_quantity": 4, "manage_inventory": True,
                    "prices": [{"currency_code": "usd", "amount": 21}, {"currency_code": "eur", "amount": 19.5}],
                    "options": [{"value": "S", "option_id": "opt"}],
                },
                {
                    "id": "variant_2", "title": "M", "inventory_quantity": 0, "allow_backorder": True,
                    "prices": [{"currency_code": "eur", "amount": 20, "raw_amount": {"value": "20"}}],
                    "options": [{"value": "M", "option": {"title": "Size"}}],
                },
                {
                    "id": "variant_3", "title": "L", "sku": "TEE-L",
                    "prices": [{"currency_code": "eur", "amount": 2150, "region_id": None}], "options": [],
                },
            ],
        }
    ]
}  # fmt: skip
SALEOR = {"data": {"products": {"edges": [{"node": {
    "id": "P1", "name": "Juice", "category": {"name": "Drinks"}, "thumbnail": {"url": "https://x.example.com/j.jpg"},
    "description": '{"blocks": [{"type": "paragraph", "data": {"text": "Cold pressed"}}]}',
    "variants": [
        {"id": "V1", "sku": "JU-1", "name": "500 ml", "quantityAvailable": 5,
         "pricing": {"price": {"gross": {"amount": 4, "currency": "EUR"}, "net": {"amount": 3, "currency": "EUR"}}}},
        {"id": "V2", "name": "1 l", "trackInventory": False, "quantityAvailable": 0,
         "channelListings": [{"price": {"amount": 9, "currency": "USD"}},
                             {"price": {"amount": 7.5, "currency": "EUR"}}]},
    ],
}}]}}}  # fmt: skip
VENDURE = {"data": {"products": {"items": [{
    "id": "1", "name": "Lamp", "slug": "lamp", "featuredAsset": {"preview": "https://x.example.com/l.jpg"},
    "variants": [
        {"id": "7", "sku": "L-1", "name": "Lamp Brass", "price": 4990, "priceWithTax": 5938, "currencyCode": "EUR",
         "stockLevel": "IN_STOCK", "options": [{"name": "Brass", "group": {"name": "Finish"}}]},
        {"id": "8", "sku": "L-2", "name": "Lamp Steel", "price": 5990, "priceWithTax": 7128, "currencyCode": "EUR",
         "stockLevel": "OUT_OF_STOCK", "options": []},
    ],
}], "totalItems": 1}}}  # fmt: skip
TEA = {"@type": "Product", "sku": "TEA", "name": "Tea", "brand": {"@type": "Brand", "name": "Hill"}}
OFFER = {"@type": "Offer", "price": "9.90", "priceCurrency": "EUR", "availability": "https://schema.org/OutOfStock"}


def shown(load, products, **options):
    load(json.dumps(products), name="products.json", currency="EUR", **options)
    return {product.sku: product for product in Product.objects.listed()}


def test_medusa_sells_in_the_stores_currency_in_whole_units_or_cents_as_its_version_writes(load):
    found = shown(load, MEDUSA)

    assert {sku: (product.name, product.price, product.stock) for sku, product in found.items()} == {
        "TEE-S": ("Tee - S", Decimal("19.50"), 4),
        "variant_2": ("Tee - M", Decimal(20), None),
        "TEE-L": ("Tee - L", Decimal("21.50"), None),
    }
    small = found["TEE-S"]
    assert (small.options, small.group_id, small.image) == ({"Size": "S"}, "prod_1", "https://x.example.com/t.jpg")


def test_whole_prices_of_medusa_that_may_be_cents_are_refused(load):
    products = copy.deepcopy(MEDUSA)
    products["products"][0]["variants"][0]["prices"] = [{"currency_code": "eur", "amount": 1950}]

    with pytest.raises(Unreadable) as refusal:
        shown(load, products)
    assert "cents" in refusal.value.fix
    assert not Product.objects.exists()


def test_saleor_sells_at_the_price_with_tax(load):
    found = shown(load, SALEOR)

    assert {sku: (product.name, product.price, product.stock) for sku, product in found.items()} == {
        "JU-1": ("Juice - 500 ml", 4, 5),
        "V2": ("Juice - 1 l", Decimal("7.50"), None),
    }
    assert (found["JU-1"].description, found["JU-1"].category) == ("Cold pressed", "Drinks")


def test_vendure_sells_at_the_price_with_tax_which_is_in_cents(load):
    found = shown(load, VENDURE)

    assert {sku: (product.price, product.available) for sku, product in found.items()} == {
        "L-1": (Decimal("59.38"), True),
        "L-2": (Decimal("71.28"), False),
    }
    assert (found["L-1"].name, found["L-1"].options) == ("Lamp Brass", {"Finish": "Brass"})


def test_vendure_without_prices_with_tax_is_refused(load):
    products = json.loads(json.dumps(VENDURE).replace("priceWithTax", "customFields"))

    with pytest.raises(Unreadable) as refusal:
        shown(load, products)
    assert "priceWithTax" in refusal.value.fix
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    "offers",
    [
        OFFER,
        [OFFER],
        [OFFER, {**OFFER, "url": "https://x.example.com/2"}],
        {"availability": "OutOfStock", "priceSpecification": {"price": 9.9, "priceCurrency": "EUR"}},
    ],
)
def test_an_offer_of_schema_org_has_the_price_and_the_availability(load, offers):
    tea = shown(load, [{**TEA, "offers": offers}])["TEA"]

    assert (tea.price, tea.currency, tea.available, tea.brand) == (Decimal("9.90"), "EUR", False, "Hill")


@pytest.mark.parametrize(
    "offers",
    [
        {"@type": "AggregateOffer", "lowPrice": "9.90", "highPrice": "19.90", "priceCurrency": "EUR"},
        [OFFER, {**OFFER, "price": "12"}],
    ],
)
def test_offers_with_several_prices_are_refused(load, offers):
    with pytest.raises(Unreadable) as refusal:
        shown(load, [{**TEA, "offers": offers}])
    assert "several" in refusal.value.fix or "where prices begin" in refusal.value.fix
    assert not Product.objects.exists()


def test_a_price_of_its_own_or_the_owners_word_counts_before_offers(load):
    assert shown(load, [{**TEA, "price": 5, "offers": [OFFER, {**OFFER, "price": "12"}]}])["TEA"].price == 5
    found = shown(load, [{**TEA, "mine": 6, "offers": []}], options=FeedOptions(mapped={"price": "mine"}))
    assert found["TEA"].price == 6


def test_bigcommerces_level_counts_only_where_it_is_tracked(load):
    soap = {"name": "Soap", "price": 10, "sale_price": 0, "is_visible": True, "availability": "available"}
    rows = [
        {**soap, "sku": sku, "inventory_level": 5 if tracking != "none" else 0, "inventory_tracking": tracking}
        for sku, tracking in (("A", "product"), ("B", "none"), ("C", "variant"))
    ]
    found = shown(load, {"data": rows, "meta": {}})

    assert {sku: (item.price, item.stock, item.available) for sku, item in found.items()} == {
        "A": (10, 5, True),
        "B": (10, None, True),
    }
