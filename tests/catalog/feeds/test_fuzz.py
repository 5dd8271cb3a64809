"""Whatever a file holds, its reader ends with rows, refusals or `Unreadable`; SHOPMCP_FUZZ=N tries N times as much."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.feeds import FORMATS, Record, Unreadable, open_source, read_feed
from catalog.feeds.html import plain_text
from catalog.feeds.prices import BeforeTax
from catalog.feeds.reading import Reading
from catalog.feeds.rows import RowRefused, RowSkipped, read_row
from catalog.feeds.words import NotUnderstood
from catalog.imports.spool import Spool

FIXTURES = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "fixtures").iterdir())]
TIMES = int(os.environ.get("SHOPMCP_FUZZ", "1"))
fuzzed = settings(
    max_examples=60 * TIMES,
    deadline=5000,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NASTY = [
    b"\x00", b'"', b"\xff\xfe", b"<", b"&#0;", b"<![CDATA[", b"]]>", b"\\ud800", b"1e999", b"NaN", b"[" * 50, b"{",
    b"\r", b"\n", b",", b"\t", b"\xe2\x80\xae", b"-", b"null", b"\x1f\x8b", b"'", b"products",
]  # fmt: skip


@st.composite
def mangled(draw):
    """A good file, cut, doubled and studded with what readers trip over."""
    data = bytearray(draw(st.sampled_from(FIXTURES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 40)))
        data[at:end] = draw(st.one_of(st.sampled_from(NASTY), st.binary(max_size=12), st.just(bytes(data[at:end]) * 2)))
    return bytes(data)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
NAMES = [
    "sku", "id", "title", "name", "price", "sale_price", "currency", "image", "media", "url", "stock", "options",
    "handle", "availability", "variants", "barcodes", "variant_options", "description", "categories", "enable_search",
]  # fmt: skip
products = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)


def read(path, data, format_name="auto"):
    path.write_bytes(data)
    with Spool() as spool:
        try:
            for entry in read_feed(open_source(path), format_name):
                if isinstance(entry, Record):
                    try:
                        spool.add(read_row(entry, Reading("ILS", "https://shop.example.com")), hebrew=False)
                    except (RowRefused, RowSkipped, NotUnderstood, BeforeTax):
                        continue
        except Unreadable:
            return
        for batch in spool.batches(50):
            for row in batch:
                assert row.sku and row.name
                assert row.price is None or 0 <= row.price < 10**9
                "".join((row.name, row.description, row.category, *row.options.values(), row.url)).encode()


@fuzzed
@given(data=mangled())
def test_mangled_files_are_read_or_refused(tmp_path, data):
    read(tmp_path / "feed", data)


@fuzzed
@given(data=st.binary(max_size=400), format_name=st.sampled_from(list(FORMATS)))
def test_any_bytes_are_read_or_refused_as_any_format(tmp_path, data, format_name):
    read(tmp_path / "feed", data, format_name)
    read(tmp_path / "feed", gzip.compress(data), format_name)


@fuzzed
@given(found=st.lists(st.one_of(products, values), max_size=4), nested=st.booleans())
def test_any_json_is_read_or_refused(tmp_path, found, nested):
    if nested:
        found = [{"id": "x", "title": "X", "variants": found}]
    read(tmp_path / "feed", json.dumps({"products": found}).encode())
    read(tmp_path / "feed", "\n".join(map(json.dumps, found)).encode(), "jsonl")


@fuzzed
@given(text=st.text(st.sampled_from("<>&;/!-[]?ab \"'=#x0\n"), max_size=300))
def test_any_markup_becomes_text(text):
    assert isinstance(plain_text(text), str)


@pytest.mark.parametrize("piece", ["<!", "<![", "<a ", "&", "<!--", "<script>", "<p><div>"])
def test_markup_that_never_ends_takes_no_time(piece):
    assert len(plain_text(piece * 20_000)) <= 60_000
