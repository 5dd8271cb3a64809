"""Small copies of product images."""

import re
from io import BytesIO

import pytest
from PIL import Image

from catalog.feeds import Unreadable
from orders import images
from tests.catalog.imports.serving import certificate, serve  # noqa: F401 - fixtures
from tests.orders.pages import path_of


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path / "images"


def picture(kind="PNG", size=(1200, 600), mode="RGB", **options):
    to = BytesIO()
    Image.new(mode, size, "red").save(to, kind, **options)
    return to.getvalue()


def opened(content):
    return Image.open(BytesIO(content))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_copy_is_a_small_jpeg(kind):
    copy = opened(images.small(picture(kind)))

    assert (copy.format, copy.size, copy.mode) == ("JPEG", (240, 120), "RGB")


def test_a_copy_keeps_the_turn_of_the_camera_and_none_of_its_metadata():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera of the shop"
    copy = images.small(picture("JPEG", exif=exif))

    assert opened(copy).size == (120, 240)
    assert b"Camera" not in copy


def test_what_is_transparent_becomes_white():
    to = BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(to, "PNG")

    assert opened(images.small(to.getvalue())).getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    "source",
    [b"", b"<svg/>", b"GIF89a", picture()[:200], picture("BMP"), picture("TIFF"), picture(size=(9000, 9000), mode="1")],
    ids=["nothing", "svg", "cut gif", "cut png", "bmp", "tiff", "too many pixels"],
)
def test_what_is_no_image_within_bounds_is_refused(source):
    with pytest.raises(Unreadable):
        images.small(source)


@pytest.fixture
def page_with(client, call_tool, make_product):
    """The page of a cart with a product that has this image."""

    def page_with(image):
        make_product("Painting", image=image)
        call_tool("add_to_cart", product_id="shop:painting")
        return client.get(path_of(call_tool("get_checkout_link"))).text

    return page_with


def source_of(page):
    return re.search(r'<img src="([^"]+)"', page)[1]


def test_a_page_names_our_own_copy_which_is_made_once(page_with, client, serve):  # noqa: F811
    with serve(lambda request: (200, {"Content-Type": "image/png"}, picture())) as (url, asked):
        page = page_with(f"{url}/a.png")
        assert url not in page.replace("https://localhost", "")
        answers = [client.get(source_of(page)) for _ in range(3)]

    assert len(asked) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0]["Content-Type"] == "image/jpeg"
    assert "max-age" in answers[0]["Cache-Control"]
    assert opened(answers[0].content).size == (240, 120)


def test_an_image_without_tls_is_asked_for_with_it(page_with, client, serve):  # noqa: F811
    with serve(lambda request: (200, {}, picture())) as (url, asked):
        assert client.get(source_of(page_with(url.replace("https://", "http://") + "/a.png"))).status_code == 200
    assert len(asked) == 1


def test_an_image_that_cannot_be_had_is_a_neutral_one_and_not_asked_for_again(page_with, client, serve):  # noqa: F811
    with serve(lambda request: (404, {}, b"")) as (url, asked):
        address = source_of(page_with(f"{url}/a.png"))
        answers = [client.get(address) for _ in range(3)]

    assert len(asked) == 1
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [
        (302, "/static/orders/no-image.svg")
    ] * 3


def test_a_private_address_is_never_asked(page_with, client):
    assert client.get(source_of(page_with("https://127.0.0.1:1/a.png"))).status_code == 302


def test_an_image_that_is_too_large_is_left_unread(page_with, client, serve, monkeypatch):  # noqa: F811
    monkeypatch.setattr(images, "LARGEST", 1000)
    with serve(lambda request: (200, {}, picture(size=(3000, 3000), mode="L"))) as (url, _asked):
        assert client.get(source_of(page_with(f"{url}/a.png"))).status_code == 302


@pytest.mark.parametrize("key", ["1-aaaaaaaaaaaaaaaaaaaaaaaa", "x", f"{'9' * 18}-{'a' * 24}", "..%2f..%2fsecret_key"])
def test_only_images_of_products_are_fetched(client, page_with, key):
    page_with("https://127.0.0.1:1/a.png")

    assert client.get(f"/c/images/{key}.jpg").status_code == 404


def test_our_own_images_are_shown_as_they_are(page_with):
    assert source_of(page_with("static:catalog/demo/honey.svg")) == "/static/catalog/demo/honey.svg"


def test_a_product_without_an_image_shows_none(page_with):
    assert "<img" not in page_with("")


def test_the_oldest_copies_go_when_there_are_too_many(folder):
    import os

    folder.mkdir()
    for n in range(10):
        (folder / f"{n}.jpg").write_bytes(b"x" * 1000)
        os.utime(folder / f"{n}.jpg", (n, n))

    images.prune(most=9000)

    assert sorted(file.name for file in folder.iterdir()) == [f"{n}.jpg" for n in range(3, 10)]
