"""The search index: what each product is found by, and the words there are. Written by `catalog.search.index` alone.

An entry holds all that finding and ordering read, so that a search touches no product until it shows one. Its text
stands in the database's own full-text index beside it: an FTS5 table on SQLite, a `tsvector` column on PostgreSQL.
"""

from django.db import models

from catalog.language.inflection import stem

SOLD_OUT = 1 << 62
_DEAREST = (1 << 30) - 1
_VERSION = 1
# How entries, their text and `Product.search_text` are written; raise it when they would be written otherwise.
LAYOUT = 2


class Entry(models.Model):
    """A version of a product as searches see it; two versions in which that is the same share one entry."""

    # In stock before sold out, then cheaper before dearer: an index in this order may stop early. See `key_of`.
    key = models.BigIntegerField(primary_key=True)
    product = models.ForeignKey("catalog.ProductIdentity", on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey("catalog.Store", on_delete=models.CASCADE, related_name="+", db_index=False)
    category = models.CharField(max_length=120, blank=True)
    # Variants of one product share it; empty for a product without variants.
    group_key = models.CharField(max_length=160, blank=True)
    # In thousandths, as a whole number: the same on both databases, and exact.
    price = models.BigIntegerField(null=True)
    # The beginning of the name, folded: what an alphabetical list goes by.
    title = models.CharField(max_length=60, blank=True)
    # Tokens with a space around each: of the name, and of brand, category, options, SKU and barcode.
    name = models.TextField(blank=True)
    meta = models.TextField(blank=True)
    # Tells whether what the full-text index holds is still so.
    digest = models.BinaryField(max_length=16)
    # As those of the version; of two that share the entry, when the first begins and the second ends to count.
    arriving = models.BigIntegerField(null=True)
    leaving = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["price", "product"], name="entry_by_price"),
            models.Index(fields=["title", "product"], name="entry_by_title"),
            models.Index(fields=["group_key", "product"], name="entry_by_group"),
            models.Index(fields=["leaving"], name="entry_leaving", condition=models.Q(leaving__isnull=False)),
            # All that a count of what a store carries by category reads.
            models.Index(fields=["store", "category", "price", "arriving", "leaving"], name="entry_by_category"),
        ]


class Revision(models.Model):
    """Which state of a store's entries counts: what was worked out from them is so until the token is another one."""

    store = models.OneToOneField("catalog.Store", on_delete=models.CASCADE, primary_key=True, related_name="+")
    # Drawn by lot: after a restored backup no number stands for two states.
    token = models.BigIntegerField()
    # The layout in which all entries of the store are written.
    layout = models.PositiveSmallIntegerField(default=LAYOUT)


class Word(models.Model):
    """A word that some product is, or was, found by."""

    text = models.CharField(max_length=40, primary_key=True)
    stem = models.CharField(max_length=40, db_index=True)
    # From its last letter to its first: words that end alike stand together.
    reversed = models.CharField(max_length=40, db_index=True)
    # Whether it stood in a name, brand, category or option rather than in descriptions alone.
    named = models.BooleanField(default=False)

    @staticmethod
    def values(text: str, *, named: bool) -> tuple[str, str, str, bool]:
        """The columns of a word, in their order."""
        return text, stem(text)[:40], text[::-1], named


def key_of(product: int, price: int | None, *, in_stock: bool, version: int = 0) -> int:
    """Return the key of an entry: sold out, the price in hundredths, the product, and which of two versions.

    Without a price it comes last. The price is clipped: the key chooses candidates, their order is decided by values.
    """
    clipped = _DEAREST if price is None else min(price // 10, _DEAREST)
    return (0 if in_stock else SOLD_OUT) | clipped << 32 | product << 1 | version & _VERSION


def range_of(low: int | None, high: int | None, *, sold_out: bool) -> tuple[int, int]:
    """Return the lowest and highest key of what has a price between these, in thousandths."""
    base = SOLD_OUT if sold_out else 0
    start = 0 if low is None else min(low // 10, _DEAREST)
    end = _DEAREST if high is None else min(high // 10, _DEAREST)
    return base | start << 32, base | end << 32 | (1 << 32) - 1
