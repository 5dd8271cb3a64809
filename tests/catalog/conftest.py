"""A small shop with the names that break careless code, and files to import."""

from typing import Any

import pytest
from django.urls import reverse

from catalog.imports.importing import import_products
from catalog.imports.publishing import publish
from catalog.models import Store
from catalog.services.products import create_product


@pytest.fixture
def grocer(db):
    return Store.objects.create(slug="grocer", name="Grocer", currency="ILS", language="en")


@pytest.fixture
def shelf(grocer):
    """Five products of the grocer, by SKU."""
    rows: list[tuple[str, str, str | None, dict[str, Any]]] = [
        ("A1", 'אורז בסמטי 1 ק"ג', "12.90", {"category": "Grains", "brand": "Hillside"}),
        ("A2", "Quinoa <b>red</b> 500 g", "21.90", {"category": "Grains", "stock": 0}),
        ("A3", "Baker's dozen bagels", "32.00", {"category": "Bakery", "description": "Boiled with malt, then baked."}),
        ("A4", "Coca-Cola 1.5 l", "8.00", {"category": "Drinks", "url": "https://shop.example.com/p/cola-i77"}),
        ("A5", "Rye bread", None, {"category": "Bakery"}),
    ]
    return {sku: create_product(grocer, sku=sku, name=name, price=price, **rest) for sku, name, price, rest in rows}


@pytest.fixture
def load(db, tmp_path):
    """Import a text as a file into the store `shop`."""

    def load(text, *, name="products.csv", slug="shop", **options):
        file = tmp_path / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_products(file, slug=slug, **options)

    return load


@pytest.fixture
def beside(load, monkeypatch):
    """Import, and look around when all is written and nothing is published."""

    def beside(text, look, **options):
        def looking(*args, **kwargs):
            look()
            publish(*args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr("catalog.imports.importing.publish", looking)
            return load(text, **options)

    return beside


@pytest.fixture
def edit(admin_client):
    """Open a product's form in the admin as a browser does; what it returns sends it with some fields changed."""

    def edit(product, *, hidden=True):
        url = reverse("admin:catalog_product_change", args=[product.identity_id])
        form = admin_client.get(url).context["adminform"].form
        values = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}
        if hidden:
            values |= {f"initial-{name}": value for name, value in values.items()}
        return lambda **changes: admin_client.post(url, {**values, **changes})

    return edit
