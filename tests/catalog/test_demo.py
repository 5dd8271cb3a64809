import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders

from catalog.demo import demo_rows
from catalog.imports.importing import load_demo
from catalog.models import STATIC_IMAGE, Product
from catalog.search.query import Search
from catalog.search.searching import search

PICTURES = Path(__file__).parents[2] / "static/catalog/demo"


def test_the_demo_has_what_a_trial_needs():
    rows = list(demo_rows().values())
    names = [row.name for row in rows]

    assert len(rows) >= 60
    assert len({row.category for row in rows}) >= 6
    assert sum(bool(re.search("[א-ת]", name)) for name in names) >= 20
    assert sum(bool(re.search("[A-Za-z]", name)) for name in names) >= 20
    for awkward in ('ק"ג', "ק״ג", "'", "׳", '"', "<b>", "%"):
        assert any(awkward in name for name in names)
    assert any(row.price is None for row in rows)
    assert any(row.stock == 0 for row in rows)
    assert any(row.stock is None for row in rows)
    assert any(not row.available for row in rows)
    assert any(row.options and row.group_id for row in rows)


def test_every_picture_of_the_demo_is_a_static_file():
    images = {row.image.removeprefix(STATIC_IMAGE) for row in demo_rows().values()}

    assert len(images) >= 12
    assert all(finders.find(image) for image in images)


@pytest.mark.parametrize("picture", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_is_small_and_draws_nothing_but_shapes(picture):
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(picture).iter()}

    assert tags <= {"svg", "g", "rect", "path", "circle", "ellipse"}
    assert picture.stat().st_size < 2000


def test_the_demo_is_found_in_both_languages(db):
    load_demo()

    assert Product.objects.for_sale().count() >= 60
    for query in ("ק״ג", "quinoa", "קינואה", "olive oil", "ג'חנון", "baker's dozen", "GR-101"):
        assert search(Search(query)).products, query


def test_the_demo_tells_a_store_s_ways(db, call_tool):
    load_demo()

    info = call_tool("get_store_info")

    assert all(info.structured_content[subject] for subject in ("shipping", "returns", "contact"))
    assert "says nothing" not in info.content[0].text
