"""What widgets load: pictures from this shop's own address, and the colour and logo of a store."""

import pytest
from django.urls import reverse

from catalog.models import Store
from catalog.services import create_product, set_logo
from orders import images
from tests.catalog.test_logos import image as picture_of
from widgets.views import pictures


@pytest.fixture
def store(db):
    return Store.objects.create(slug="shop", name="Shop", currency="ILS", language="en")


def image(client, product_id):
    return client.get(reverse("widget-image", args=[product_id]))


def test_a_picture_is_our_own_copy(client, store, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    create_product(store, sku='a/b "?#', name="Odd", price="1", image="https://example.com/a.png")
    kept = tmp_path / "images" / f"{images.key_of('https://example.com/a.png')}.jpg"
    kept.parent.mkdir()
    kept.write_bytes(b"a picture")

    response = image(client, 'shop:a/b "?#')

    assert (response.status_code, response["Content-Type"], response.content) == (200, "image/jpeg", b"a picture")
    assert response["Cache-Control"] == "public, max-age=3600"
    # Hosts show widgets on sites of their own.
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_without_a_picture_there_is_a_neutral_one(client, store):
    create_product(store, sku="plain", name="Plain", price="1")

    for product_id in ("shop:plain", "shop:unknown", "nothing", "\0", "shop:\0"):
        response = image(client, product_id)
        assert response.status_code == 302
        assert "no-image" in response["Location"]


def test_a_picture_of_the_demo_is_a_file_of_ours(client, store):
    create_product(store, sku="tea", name="Tea", price="1", image="static:catalog/demo/tea.svg")

    assert "catalog/demo/tea" in image(client, "shop:tea")["Location"]


def test_a_network_that_asks_for_too_many_pictures_waits(client, store, monkeypatch):
    monkeypatch.setattr(pictures, "take", lambda network: 7)

    response = image(client, "shop:any")

    assert (response.status_code, response["Retry-After"]) == (429, "7")


def test_a_store_s_colour_and_logo_are_a_style_sheet(client, store):
    def sheet():
        response = client.get(reverse("widget-brand", args=["shop"]))
        assert response["Content-Type"] == "text/css; charset=utf-8"
        return response.text

    assert sheet() == ""
    store.accent = "#ffee00"
    store.save()
    set_logo(store, picture_of("PNG"))

    css = sheet()
    assert "--brand-dark:#ffee00;--on-brand-dark:#000000" in css
    assert "--brand:#ffee00" not in css  # it could not be seen on white
    assert f"{store.logo.url}" in css
    assert client.get(reverse("widget-brand", args=["nobody"])).text == ""
