"""Prepared look-ups: the products of a result page, and exact matches of a query."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState

from catalog.language.text import address_key, folded, is_plain, without_marks
from catalog.models import Product, Store
from catalog.models.imports import VISIBLE
from catalog.recent import KEPT
from catalog.search.engines import engine
from catalog.search.memory import Memory, State, is_forgetting
from catalog.search.synonyms import VERSION
from shopmcp.db.prepared import Param, Select, look_up

M = TypeVar("M", bound=Model)
# Long columns that lists do not show.
_LEFT_OUT = {"description", "name_key", "url_key", "search_text", "updated_at"}
_PRODUCT = [field.attname for field in Product._meta.concrete_fields if field.attname not in _LEFT_OUT]
# Without the long texts, which would be read again for every product, and what no list shows.
_LONG = ("shipping", "returns", "contact", "pay_instructions", "accent")
_STORE = [field.attname for field in Store._meta.concrete_fields if field.name not in _LONG]
# Set the relation's cache directly, because its descriptor asks the database routers for every product.
_STORE_OF = Product._meta.get_field("store")
_products = Select(
    lambda: (
        Product.objects.extra(
            where=[engine().among("catalog_product.identity_id")], params=[Param("pks", Product, "id")]
        )
        .order_by()
        .values_list(*_PRODUCT, "identity__stock_moved")
    )
)
_MOVED = "SELECT id, stock_moved FROM catalog_productidentity WHERE "
# Listed products. Different searches show the same ones, and a product costs more to read than to find.
_known = Memory[int, Product](4000)


def products_by_identity(pks: Iterable[int], state: State) -> dict[int, Product]:
    """Return the listed products with their stores, by the keys of their identities; do not change them.

    What was sold of a product leaves the state of the catalogue as it is, so counted stock is read each time.
    """
    index, keys, known = engine(), list(dict.fromkeys(pks)), _known.of(state)
    moved, remembered = dict[int, int](), [key for key in keys if key in known]
    if len(remembered) < len(keys):
        rows = _products.all(pks=index.many(key for key in keys if key not in known))
        stores = {store.pk: store for store in all_stores()} if rows else {}
        for *row, pieces in rows:
            facts = dict(zip(_PRODUCT, row, strict=True))
            if facts["withdrawn_at"] is None:
                known[facts["identity_id"]] = _product({**facts, KEPT: {}}, stores)
                moved[facts["identity_id"]] = pieces
    if counting := [key for key in remembered if known[key].counted is not None]:
        moved.update(look_up(f"{_MOVED}{index.among('id')}", [index.many(counting)]))
    return {key: _with_stock(known[key], moved.get(key, 0)) for key in keys if key in known}


def _product(facts: Mapping[str, Any], stores: Mapping[int, Store]) -> Product:
    product = _made(Product, facts)
    product.stock = None
    _STORE_OF.set_cached_value(product, stores[facts["store_id"]])
    return product


def _with_stock(known: Product, moved: int) -> Product:
    """The product with its stock: one that is not counted is the remembered one itself."""
    if known.counted is None:
        return known
    product = _made(Product, known.__dict__)
    product.stock = max(0, known.counted + moved)
    _STORE_OF.set_cached_value(product, known.store)
    return product


_currencies = Select(lambda: Store.objects.order_by().values_list("pk", "currency"))
_stores = Select(lambda: Store.objects.oldest_first().values_list(*_STORE))


def all_stores() -> list[Store]:
    """Return all stores without their long texts, the oldest first."""
    return list(map(_store_of, _stores.unread()))


@lru_cache(maxsize=256)
def _store_of(row: tuple[Any, ...]) -> Store:
    """The store of a row, to be read only: making one costs as much as reading it."""
    return _made(Store, dict(zip(_STORE, _stores.read(row), strict=True)))


def _made(model: type[M], facts: Mapping[str, Any]) -> M:
    """Return a row as an instance, without the constructor, which costs more than reading the row.

    A column that is not named is read when it is asked for.
    """
    made = model.__new__(model)
    made.__dict__.update(facts)
    made._state = ModelState()
    made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
    return made


def currencies_of(stores: Collection[int] | None) -> set[str]:
    """Return the currencies of these stores, or of all."""
    return {currency for pk, currency in _currencies.all() if stores is None or pk in stores}


_MOST_EXACT = 6
# A row for each store, with the token of its entries and what answers tell of it, and one for the owner's synonyms.
STATE = (
    "SELECT -2 AS step, r.token AS id, CAST(s.id AS text) || ' ' || s.slug || ' ' || s.currency || ' ' || s.language "
    "|| ' ' || s.name AS said FROM catalog_store s LEFT JOIN catalog_revision r ON r.store_id = s.id "
    f"UNION ALL SELECT -1, 0, {VERSION}"
)


class Glance(NamedTuple):
    """The exact matches of a query and the state of the caches, read in one statement.

    Attributes:
        exact: The keys of at most six exact matches, by id, SKU, barcode, address, or a name of several words.
        only: Whether the query is an id or an address, so that other matches need no search.
        synonyms: The version of the owner's synonyms.
        state: The state for what is remembered of words, entries and products; empty if nothing may be.
        query: The query.
        facts: The rows of `STATE`.
    """

    exact: list[int]
    only: bool
    synonyms: str
    state: State
    query: str
    facts: "Facts"


def glance(query: str) -> Glance:
    """Return the exact matches of a query, and the state of products and synonyms."""
    reference = query.strip()
    key = address_key(reference) if is_plain(reference) else ""
    steps = [("url_key = %s", [key])] if key else _steps(reference) if is_plain(reference) else []
    text = _glance(tuple(condition for condition, _ in steps))
    rows = look_up(text, [value for _, values in steps for value in values])
    found = sorted((step, pk) for step, pk, _ in rows if step >= 0)
    facts = Facts.of(rows)
    by_id = [pk for step, pk in found if not step]
    exact = by_id or [pk for _, pk in found][:_MOST_EXACT]
    return Glance(exact, bool(key or by_id), facts.synonyms, facts.state, query, facts)


class Facts(NamedTuple):
    """What the rows of `STATE` say: the version of the owner's synonyms, and each store with the token of its entries.

    A store is its key and what answers tell of it.
    """

    synonyms: str
    stores: tuple[tuple[str, int | None], ...]

    @classmethod
    def of(cls, rows: Iterable[tuple[Any, ...]]) -> Self:
        synonyms, stores = "", list[tuple[str, int | None]]()
        for step, token, said in rows:
            if step == -2:
                stores.append((said, token))
            elif step == -1:
                synonyms = said
        return cls(synonyms, tuple(sorted(stores)))

    @property
    def tokens(self) -> tuple[tuple[int, int], ...]:
        """The keys of the stores with the tokens of their entries."""
        return tuple(sorted((int(said.split(" ", 1)[0]), token) for said, token in self.stores if token is not None))

    @property
    def state(self) -> State:
        if is_forgetting() or all(token is None for _, token in self.stores):
            return ()
        return self


@lru_cache(maxsize=64)
def _glance(conditions: tuple[str, ...]) -> str:
    return " UNION ALL ".join([STATE, *_parts(conditions, "''")])


def exactly(reference: str) -> list[str]:
    """Return the ids of the products that the reference names exactly, at most six, in one statement.

    The first kind with a match decides: product id (withdrawn products too), SKU, barcode, address, name. Each kind is
    an index look-up.
    """
    # Text that was copied from Hebrew may contain invisible marks.
    reference = without_marks(reference).strip()
    if not reference or not is_plain(reference):
        return []
    key, name = address_key(reference), folded(reference, 300)
    steps: list[tuple[str, Sequence[Any]]] = [("public_id = %s", [reference]), (f"sku = %s {_LISTED}", [reference])]
    if reference.isdecimal():
        steps.append((f"{_BARCODE} {_LISTED}", [reference]))
    if key:
        steps.append((f"url_key = %s {_LISTED}", [key]))
    elif name:
        steps.append((f"name_key = %s {_LISTED}", [name]))
    rows = look_up(
        " UNION ALL ".join(_parts([condition for condition, _ in steps], "public_id")),
        [value for _, values in steps for value in values],
    )
    return [public_id for step, _, public_id in sorted(rows) if step == min(rows)[0]]


_LISTED = "AND withdrawn_at IS NULL"
# The index leaves out products without a barcode; SQLite uses it only if the condition says so literally.
_BARCODE = "barcode = %s AND NOT barcode = ''"


def _parts(conditions: Sequence[str], said: str) -> list[str]:
    """A query for each condition, of (place of the condition, identity's key, `said`), at most six rows.

    They come by the key that each index holds: in another order SQLite may walk that one's index instead.
    """
    return [
        f"SELECT * FROM (SELECT {place} AS step, identity_id AS id, {said} AS said FROM catalog_product p "
        f"WHERE {condition} AND {VISIBLE.format('p')} ORDER BY p.id LIMIT {_MOST_EXACT}) AS s{place}"
        for place, condition in enumerate(conditions)
    ]


def _steps(reference: str) -> list[tuple[str, Sequence[Any]]]:
    """The conditions of exact matches, each an index look-up, the most certain first."""
    steps: list[tuple[str, Sequence[Any]]] = [("public_id = %s", [reference])]
    steps += [("sku = %s", [sku]) for sku in dict.fromkeys((reference, reference.upper()))]
    if reference.isdecimal():
        steps.append((_BARCODE, [reference]))
    name = folded(reference, 300)
    if name.count(" ") > 2:
        steps.append(("name_key = %s", [name]))
    return steps
