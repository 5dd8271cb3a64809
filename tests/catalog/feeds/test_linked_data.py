"""Products as schema.org's JSON-LD names them."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from catalog.feeds.records import Unreadable
from catalog.models import Product

IN_STOCK = "https://schema.org/InStock"
OFFER = {"@type": "Offer", "price": "9.90", "priceCurrency": "EUR", "availability": IN_STOCK}
TEA = {"@context": "https://schema.org", "@type": "Product", "name": "Tea", "sku": "TEA", "offers": OFFER}
COAT = {
    "@type": ["ProductGroup"], "name": "Coat", "productGroupID": "C1", "brand": {"@type": "Brand", "name": "Hill"},
    "variesBy": ["https://schema.org/size", "color"], "image": "https://x.example.com/c.jpg",
    "hasVariant": [
        {"@type": "Product", "sku": "C1-S", "name": "Small green coat", "size": "S", "color": "Green", "offers": OFFER},
        {"@type": "Product", "mpn": "C1-L", "size": "L", "color": "Green",
         "offers": {**OFFER, "price": 12, "availability": "https://schema.org/OutOfStock"}},
        {"@id": "#elsewhere"},
    ],
}  # fmt: skip


def shown(load, document, **options):
    text = document if isinstance(document, str) else json.dumps(document, indent=1)
    report = load(text, name="page.json", currency="EUR", **options)
    return {product.sku: product for product in Product.objects.listed()}, report


@pytest.mark.parametrize(
    "document",
    [
        TEA,
        [TEA],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "Shop"}, TEA]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "position": 1, "item": TEA}]},
        {"@type": "CollectionPage", "name": "Teas", "mainEntity": {"@type": "ItemList", "itemListElement": [TEA]}},
        {"@type": "OfferCatalog", "itemListElement": [{**OFFER, "itemOffered": {**TEA, "offers": None}}]},
        {**TEA, "@type": ["Product", "Thing"], "offers": [OFFER, {**OFFER, "price": 9.9}]},
        {**TEA, "offers": {**OFFER, "price": None, "lowPrice": 9.9, "highPrice": "9.90"}},
        {**TEA, "offers": {"@type": "AggregateOffer", "offers": [OFFER], "lowPrice": "9.90", "highPrice": "20"}},
        {**TEA, "offers": {**OFFER, "price": None, "priceSpecification": [
            {"@type": "UnitPriceSpecification", "price": "9.90", "priceCurrency": "EUR"},
            {"@type": "UnitPriceSpecification", "price": "8", "eligibleQuantity": {"minValue": 10}},
        ]}},
        json.dumps({**TEA, "@type": "http://schema.org/Product"}),
    ],
)  # fmt: skip
def test_a_product_is_found_wherever_a_document_holds_it(load, document):
    found, report = shown(load, document)

    assert {sku: (tea.name, tea.price, tea.available) for sku, tea in found.items()} == {
        "TEA": ("Tea", Decimal("9.90"), True)
    }
    assert not report.refused


def test_the_variants_of_a_group_are_products_of_one_group_with_their_options(load):
    found, _report = shown(load, {"@context": "https://schema.org", "@graph": [COAT]})

    assert {sku: (coat.name, coat.price, coat.available, coat.options) for sku, coat in found.items()} == {
        "C1-S": ("Small green coat", Decimal("9.90"), True, {"Size": "S", "Color": "Green"}),
        "C1-L": ("Coat - L / Green", Decimal(12), False, {"Size": "L", "Color": "Green"}),
    }
    assert {(coat.group_id, coat.brand, coat.image) for coat in found.values()} == {
        ("C1", "Hill", "https://x.example.com/c.jpg")
    }


def test_offers_with_numbers_of_their_own_are_variants(load):
    offers = [{**OFFER, "sku": "T-100", "name": "Tea 100 g"}, {**OFFER, "sku": "T-250", "price": "19.90"}]
    found, _report = shown(load, {**TEA, "offers": offers})

    assert {sku: (tea.name, tea.price) for sku, tea in found.items()} == {
        "T-100": ("Tea 100 g", Decimal("9.90")),
        "T-250": ("Tea - T-250", Decimal("19.90")),
    }


def test_a_struck_through_price_is_the_former_one_and_a_reduction_with_an_end_is_a_sale(load):
    plain = {"@type": "UnitPriceSpecification", "price": "8", "priceCurrency": "EUR"}
    listed = {**plain, "price": "10", "priceType": "https://schema.org/StrikethroughPrice"}
    both = [{**plain, "validThrough": "2026-07-31T12:00:00Z"}, {**listed, "priceType": "ListPrice"}]
    found, _report = shown(load, [
        {**TEA, "sku": "A", "offers": {"priceSpecification": [plain, listed]}},
        {**TEA, "sku": "B", "offers": {"priceSpecification": both}},
    ])  # fmt: skip

    assert (found["A"].price, found["A"].former_price) == (8, 10)
    assert (found["B"].price, found["B"].sale_price) == (10, 8)
    assert found["B"].sale_ends == datetime(2026, 7, 31, 12, tzinfo=UTC)


def test_a_price_that_says_it_is_before_tax_needs_the_tax(load):
    net = {
        "@type": "Offer",
        "priceSpecification": {"price": 10, "priceCurrency": "EUR", "valueAddedTaxIncluded": False},
    }
    with pytest.raises(Unreadable, match="before tax"):
        shown(load, {**TEA, "offers": net})

    assert not Product.objects.exists()


def test_the_lowest_of_several_prices_and_a_list_of_addresses_are_refused(load):
    ranged = {"@type": "AggregateOffer", "lowPrice": 5, "highPrice": 9, "priceCurrency": "EUR"}
    link = {"@type": "ListItem", "position": 1, "url": "https://x.example.com/a"}
    found, report = shown(load, [TEA, {**TEA, "sku": "B", "offers": ranged}, link])

    assert list(found) == ["TEA"]
    assert ["where prices begin" in report.refused[0].reason, "address" in report.refused[1].reason] == [True, True]
