"""Logos of stores: what may be uploaded, what is kept of it, and where it is shown."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalog import logos
from catalog.models import Logo, Store
from catalog.services.stores import remove_logo, set_logo
from shopmcp.errors import ShopError

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script></svg>'


@pytest.fixture
def store(db):
    return Store.objects.create(slug="shop", name="The Shop", currency="ILS", language="en")


def image(kind="PNG", size=(64, 32), **options):
    to = BytesIO()
    Image.new("RGB", size, "teal").save(to, kind, **options)
    return to.getvalue()


def opened(logo):
    return Image.open(BytesIO(bytes(logo.png)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_of_each_kind_is_kept_as_a_png(store, kind):
    set_logo(store, image(kind))

    shown = opened(store.logo)
    assert (shown.format, shown.size) == ("PNG", (64, 32))
    assert (store.logo.width, store.logo.height) == (64, 32)


def test_a_large_image_is_made_smaller_and_loses_its_metadata(store):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    exif[0x0112] = 6  # held sideways
    set_logo(store, image("JPEG", (2000, 1000), exif=exif))

    assert opened(store.logo).size == (256, 512)
    assert b"secret" not in bytes(store.logo.png)


def bomb():
    """A small file that says that it has a billion pixels."""
    content = bytearray(image("PNG"))
    content[16:24] = (32_000).to_bytes(4, "big") * 2
    return bytes(content)


BAD = {
    "svg": SVG,
    "gif": image("GIF"),
    "text": b"no image",
    "nothing": b"",
    "half": image("PNG", (200, 200))[:60],
    "bomb": bomb(),
    "many pixels": image("PNG", (8192, 4096)),
    "many bytes": image() + b"x" * logos.LARGEST,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_anything_else_is_refused_in_words_and_changes_nothing(store, content):
    set_logo(store, image())

    with pytest.raises(ShopError) as refused:
        set_logo(store, content)

    assert refused.value.fix.startswith("Upload")
    assert Logo.objects.get().width == 64


def test_the_logo_is_served_at_an_address_that_changes_with_it(store, client):
    set_logo(store, image())
    first = client.get(store.logo.url)
    earlier = store.logo.url
    set_logo(Store.objects.get(), image(size=(10, 10)))

    again = client.get(earlier)

    assert (first.status_code, first["Content-Type"]) == (200, "image/png")
    assert "immutable" in first["Cache-Control"]
    assert Store.objects.get().logo.url != earlier
    assert again.status_code == 200
    assert "immutable" not in again["Cache-Control"]
    remove_logo(store)
    assert client.get(earlier).status_code == 404
    assert client.post(earlier).status_code == 405


def test_the_owner_uploads_and_removes_a_logo_in_the_admin(store, admin_client):
    page = f"/admin/catalog/store/{store.pk}/change/"
    form = {
        name: value
        for name, value in admin_client.get(page).context["adminform"].form.initial.items()
        if isinstance(value, str | int | bool) and value is not False
    }

    def save(**fields):
        return admin_client.post(page, form | fields)

    assert save(logo=SimpleUploadedFile("logo.png", image())).status_code == 302
    assert Logo.objects.get().store == store
    assert f'href="{Logo.objects.get().url}"' in admin_client.get(page).text
    refused = save(logo=SimpleUploadedFile("logo.svg", SVG, "image/svg+xml"))
    assert "This is no image that can be read. Upload a PNG, JPEG or WebP file." in refused.text
    assert save().status_code == 302
    assert Logo.objects.get().width == 64
    assert save(**{"logo-clear": "on"}).status_code == 302
    assert not Logo.objects.exists()
