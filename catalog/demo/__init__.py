"""The demo catalogue: a small shop for trying things out."""

import json
from dataclasses import replace
from pathlib import Path

from catalog.feeds.names import Naming
from catalog.feeds.reading import Reading
from catalog.feeds.records import Record
from catalog.feeds.rows import Row, read_row
from catalog.models import STATIC_IMAGE

STORE: dict[str, str] = {
    "slug": "demo",
    "name": "The Corner Shop · המכולת",
    "currency": "ILS",
    "shipping": "Within two days for ₪20, free from ₪200 on. · תוך יומיים ב־20 ₪, חינם מ־200 ₪.",
    "returns": "Within 14 days, unopened; fresh food only if something is wrong with it. · "
    "תוך 14 יום, באריזה סגורה; מזון טרי רק אם משהו לא תקין.",
    "contact": "This is a demo: nobody answers, and nothing can be paid. · "
    "זו חנות הדגמה: איש אינו עונה, ואי אפשר לשלם.",
}
_FILE = Path(__file__).parent / "products.json"


def demo_rows() -> dict[str, Row]:
    """Return the products by SKU. A `drawing` names one of the pictures in static/catalog/demo."""
    rows, naming, reading = dict[str, Row](), Naming(), Reading("ILS")
    for place, entry in enumerate(json.loads(_FILE.read_text(encoding="utf-8"))["products"], start=1):
        row = read_row(Record(place, naming.fields(entry)), reading)
        rows[row.sku] = replace(row, image=f"{STATIC_IMAGE}catalog/demo/{entry['drawing']}.svg")
    return rows
