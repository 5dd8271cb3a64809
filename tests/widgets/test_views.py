"""What widgets load: pictures from this shop's own address, and the colour and logo of a store."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest
from django.db import connections
from django.urls import reverse

from catalog.models import Store
from catalog.services.products import create_product
from catalog.services.stores import set_logo
from orders import images
from tests.catalog.imports.serving import certificate, serve  # noqa: F401 - fixtures
from tests.catalog.test_logos import image as picture_of
from widgets import views
from widgets.views import new_pictures, pictures


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


def test_a_network_that_asks_for_many_new_pictures_gets_neutral_ones_and_costs_no_download(
    client,
    store,
    tmp_path,
    settings,
    serve,  # noqa: F811
):
    settings.DATA_DIR = tmp_path
    with serve(lambda request: (200, {}, picture_of("PNG"))) as (url, asked):
        create_product(store, sku="first", name="First", price="1", image=f"{url}/first.png")
        create_product(store, sku="next", name="Next", price="1", image=f"{url}/next.png")
        assert image(client, "shop:first").status_code == 200
        while not new_pictures.take("127.0.0.1"):
            pass

        late = image(client, "shop:next")

        assert (late.status_code, late["Cache-Control"]) == (302, "public, max-age=10")
        assert "no-image" in late["Location"]
        assert len(asked) == 1
        assert image(client, "shop:first").status_code == 200
        new_pictures.clear()
        assert image(client, "shop:next").status_code == 200


def test_a_picture_does_not_wait_long_for_other_downloads(client, store, tmp_path, settings, serve, monkeypatch):  # noqa: F811
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(views, "LONGEST_WAIT", 0.01)
    begun, go_on = Semaphore(0), Event()

    def slowly(request):
        begun.release()
        go_on.wait(20)
        return 200, {}, picture_of("PNG")

    with serve(slowly) as (url, asked), ThreadPoolExecutor(4) as pool:
        others = [pool.submit(images.copy_of, f"{url}/{n}.png") for n in range(4)]
        try:
            assert all(begun.acquire(timeout=10) for _ in others)
            create_product(store, sku="next", name="Next", price="1", image=f"{url}/next.png")

            late = image(client, "shop:next")

            assert (late.status_code, late["Cache-Control"], len(asked)) == (302, "public, max-age=10", 4)
        finally:
            go_on.set()
        assert all(other.result() for other in others)


@pytest.mark.usefixtures("shared_database")
def test_a_download_holds_no_connection_to_the_database(client, tmp_path, settings, serve):  # noqa: F811
    settings.DATA_DIR = tmp_path
    ours, held = connections["default"], []

    def noted(request):
        held.append(ours.connection is not None)
        return 200, {}, picture_of("PNG")

    with serve(noted) as (url, _asked):
        shop = Store.objects.create(slug="shop", name="Shop", currency="ILS", language="en")
        create_product(shop, sku="tea", name="Tea", price="1", image=f"{url}/tea.png")

        assert image(client, "shop:tea").status_code == 200

    assert held == [False]


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
