"""The search index: entries and words. Only `catalog.search` writes it.

An entry holds every value that a search matches and sorts by, so a search reads only the products that it shows. The
text is in the database's full-text index: an FTS5 table on SQLite, a `tsvector` column on PostgreSQL.
"""

from datetime import UTC, datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from catalog.language.inflection import stem
from catalog.language.sounds import sound

SOLD_OUT = 1 << 62
_DEAREST = (1 << 30) - 1
_VERSION = 3
# The format of entries, their text and `Product.search_text`; raise it with each change of that format.
LAYOUT = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(models.Model):
    """A version of a product as searches see it; two versions with the same values share one entry.

    A version with a sale has two entries: one with its price, and a reduced one that counts from `begins` until `ends`
    in place of the first. See `priced`.
    """

    # Sorts products in stock first, then the cheaper ones, so that a search can stop early. See `key_of`.
    key = models.BigIntegerField(primary_key=True)
    product = models.ForeignKey("catalog.ProductIdentity", on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey("catalog.Store", on_delete=models.CASCADE, related_name="+", db_index=False)
    category = models.CharField(max_length=120, blank=True)
    # The same for all variants of a product; empty without variants.
    group_key = models.CharField(max_length=160, blank=True)
    # In thousandths: exact on both databases.
    price = models.BigIntegerField(null=True)
    # The beginning of the name, folded; sorts alphabetical lists.
    title = models.CharField(max_length=60, blank=True)
    # Tokens with a space around each: of the name, and of brand, category, options, SKU and barcode.
    name = models.TextField(blank=True)
    meta = models.TextField(blank=True)
    # A digest of the values, to see which entries changed.
    digest = models.BinaryField(max_length=16)
    # Those of the version; of two versions that share the entry, the first's `arriving` and the second's `leaving`.
    arriving = models.BigIntegerField(null=True)
    leaving = models.BigIntegerField(null=True)
    # The time of the sale in microseconds, as `clock`; NULL without a sale that has a time.
    begins = models.BigIntegerField(null=True)
    ends = models.BigIntegerField(null=True)
    # Whether the entry counts during the sale; else outside of it.
    reduced = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["price", "product"], name="entry_by_price"),
            models.Index(fields=["title", "product"], name="entry_by_title"),
            models.Index(fields=["group_key", "product"], name="entry_by_group"),
            models.Index(fields=["leaving"], name="entry_leaving", condition=models.Q(leaving__isnull=False)),
            # A covering index for counts by category.
            models.Index(
                fields=["store", "category", "price", "arriving", "leaving", "begins", "ends", "reduced"],
                name="entry_by_category",
            ),
            # The few entries with a sale.
            models.Index(fields=["begins", "ends"], condition=Q(begins__isnull=False), name="entry_with_sale"),
        ]


class Revision(models.Model):
    """The state of a store's entries. Results cached under a token are valid until it changes."""

    store = models.OneToOneField("catalog.Store", on_delete=models.CASCADE, primary_key=True, related_name="+")
    # Random, because a counter could repeat a number after a backup was restored.
    token = models.BigIntegerField()
    # The layout in which all entries of the store are written.
    layout = models.PositiveSmallIntegerField(default=LAYOUT)


class Word(models.Model):
    """A word in the index. It may stay after its last product is gone."""

    text = models.CharField(max_length=40, primary_key=True)
    stem = models.CharField(max_length=40, db_index=True)
    # Backwards, to look up words by their ending.
    reversed = models.CharField(max_length=40, db_index=True)
    # False if it is in descriptions only.
    named = models.BooleanField(default=False)
    # By which a word in Hebrew letters finds the same in Latin ones, and the reverse: `catalog.language.sounds`.
    sound = models.CharField(max_length=40, blank=True, db_index=True)

    @staticmethod
    def values(text: str, *, named: bool) -> tuple[str, str, str, bool, str]:
        return text, stem(text)[:40], text[::-1], named, sound(text)[:40]


def key_of(product: int, price: int | None, *, in_stock: bool, version: int = 0) -> int:
    """Return the key of an entry: sold out, the price in hundredths, the product, and 0 to 3 for the version.

    An entry without a price sorts last. The key clips high prices, so results are sorted by `price` itself.
    """
    clipped = _DEAREST if price is None else min(price // 10, _DEAREST)
    return (0 if in_stock else SOLD_OUT) | clipped << 32 | product << 2 | version & _VERSION


def range_of(low: int | None, high: int | None, *, sold_out: bool) -> tuple[int, int]:
    """Return the lowest and the highest key for prices between these, in thousandths."""
    base = SOLD_OUT if sold_out else 0
    start = 0 if low is None else min(low // 10, _DEAREST)
    end = _DEAREST if high is None else min(high // 10, _DEAREST)
    return base | start << 32, base | end << 32 | (1 << 32) - 1


def clock(moment: datetime | None = None) -> int:
    """Return a moment, or else now, in microseconds since 1970, as entries hold it."""
    return ((moment or timezone.now()) - _EPOCH) // timedelta(microseconds=1)


# The condition of `priced` in SQL; `{0}` is the table's alias. It takes the moment twice.
PRICED = "({0}.begins IS NULL OR {0}.reduced = ({0}.begins <= %s AND {0}.ends > %s))"


def priced(now: int) -> Q:
    """Return the condition under which the price of an entry is that of its product at a moment of `clock`."""
    on, off = Q(begins__lte=now, ends__gt=now), Q(begins__gt=now) | Q(ends__lte=now)
    return Q(begins=None) | Q(reduced=True) & on | Q(reduced=False) & off
