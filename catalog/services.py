"""Creating and editing single products, withdrawing those whose time is over, and moving their stock."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.language.text import clean
from catalog.language.text import words as words_of
from catalog.language.thesaurus import LONGEST_PHRASE
from catalog.logos import png_of
from catalog.models import FeedAddress, ImportRun, Logo, Product, ProductIdentity, StockMove, Store, Synonyms
from catalog.search.index import reindex, revise
from shopmcp.errors import InvalidArguments

# In characters: a phrase, and a group of them.
_LONGEST_TEXT, _LONGEST_GROUP = 80, 500
# Products that are withdrawn in one transaction, and how often it is looked for them, in seconds.
_EXPIRED, EXPIRED_EVERY = 100, 3.0
# The fields that an import sets, and the fields derived from them.
DECIDED = (
    "name", "description", "category", "brand", "price", "former_price", "sale_price", "sale_begins", "sale_ends",
    "currency", "barcode", "external_id", "image", "url", "stock", "available", "group_id", "options", "expires_at",
    "withdrawn_at",
)  # fmt: skip
DERIVED = ("name_key", "url_key", "search_text")
# What belongs together when imports leave a field as the owner set it.
KEPT_TOGETHER = {
    "name": ("name",),
    "description": ("description",),
    "category": ("category",),
    "price": ("price", "former_price", "sale_price", "sale_begins", "sale_ends", "currency"),
    "image": ("image",),
    "available": ("available",),
}


def create_product(
    store: Store, *, sku: str, name: str, price: Decimal | str | None, stock: int | None = None, **fields: Any
) -> Product:
    """Create one product, in the store's currency unless `fields` name another."""
    fields = {"currency": store.currency, **fields}
    # Convert text now, so that the instance has the type that the database returns.
    amount = None if price is None else Decimal(price)
    product = Product(
        store=store, public_id=f"{store.slug}:{sku}", sku=sku, name=name, price=amount, counted=stock, **fields
    )
    product.index()
    with transaction.atomic():
        product.identity = ProductIdentity.objects.create(store=store, sku=sku)
        product.save(force_insert=True)
        reindex([product.identity_id])
    return product


def add_product(store: Store, *, sku: str, name: str, price: Decimal | None, **fields: Any) -> Product:
    """Create a product that the owner wrote by hand; the next import of the store withdraws it, if its file lacks it.

    Args:
        sku: Empty for one that is made up.

    Raises:
        InvalidArguments: If the store has a product with this SKU.
    """
    sku = sku or f"own-{secrets.token_hex(4)}"
    try:
        with transaction.atomic():
            return create_product(store, sku=sku, name=name, price=price, **fields)
    except IntegrityError:
        raise InvalidArguments(
            _("%(store)s has a product with the SKU %(sku)s already.") % {"store": store.name, "sku": sku},
            fix=_("Choose another SKU, or leave it empty."),
        ) from None


def save_product(product: Product, changed: Iterable[str], kept: Iterable[str] | None = None) -> None:
    """Save these fields of an edited product, and update the search index. No other field is written.

    Every version gets them, so that neither publishing a running import nor undoing the last one loses the edit.

    Args:
        kept: The names of `KEPT_TOGETHER` that imports leave as they are from now on; None changes nothing of that.
    """
    values = {name: getattr(product, name) for name in changed}
    with transaction.atomic():
        _lock_versions(product)
        versions = list(Product.versions.select_related("identity").filter(identity=product.identity_id))
        _note_edits(product, values)
        if "stock" in values:
            _set_stock(product, versions, values.pop("stock"))
        for version in versions:
            for name, value in values.items():
                setattr(version, name, value)
            version.index()
            version.save(update_fields=[*values, *DERIVED, "counted", "updated_at"])
        if kept is not None:
            _keep(product, kept)
        reindex([product.identity_id])


def hide_product(product: Product) -> None:
    """Hide a product from chats until `show_product`; imports leave it hidden."""
    _set_hidden(product, hidden=True)


def show_product(product: Product) -> None:
    """Show a hidden product again, unless its store's file does not have it any more."""
    _set_hidden(product, hidden=False)


def withdraw_expired(now: datetime) -> int:
    """Withdraw the products whose time is over, a hundred in one transaction; return how many.

    `serve` calls it every few seconds: a feed that has not changed is not read again when a product of it expires.
    """
    due, count = Product.objects.filter(expires_at__lte=now, withdrawn_at=None).order_by(), 0
    while keys := list(due.values_list("pk", "identity_id")[:_EXPIRED]):
        with transaction.atomic():
            versions = Product.versions.filter(pk__in=[pk for pk, _identity in keys], withdrawn_at=None)
            count += versions.update(withdrawn_at=now, updated_at=now)
            reindex(identity for _pk, identity in keys)
    return count


def take_stock(wanted: Mapping[int, int], *, reference: str) -> int | None:
    """Take pieces of products for an order, and record the moves; call it in the order's transaction.

    A product whose stock is not counted always has enough.

    Args:
        wanted: How many, by the key of the product's identity.
        reference: The number of the order.

    Returns:
        The key of a product of which fewer are left, and the transaction must be rolled back; else None.
    """
    # One query for all: the condition by which a version counts takes long to write into each update.
    counted = dict(Product.objects.filter(identity__in=wanted).order_by().values_list("identity", "counted"))
    for key, pieces in sorted(wanted.items()):  # in one order: else two orders could wait for each other
        # What moved is checked by the update itself: another order may have taken some since.
        rows, left = ProductIdentity.objects.filter(pk=key), counted.get(key)
        enough = rows if left is None else rows.filter(stock_moved__gte=pieces - left)
        if not enough.update(stock_moved=F("stock_moved") - pieces, on_order=F("on_order") + pieces):
            return key
    _note_moves({key: -pieces for key, pieces in wanted.items()}, StockMove.Reason.ORDERED, reference)
    sold_out = Product.objects.filter(Q(stock=0), identity__in=wanted)
    reindex(sold_out.order_by().values_list("identity", flat=True))
    return None


def return_stock(pieces: Mapping[int, int], *, reference: str) -> None:
    """Give back pieces that an order had taken, and record the moves. Call it as `take_stock`."""
    for key, returned in sorted(pieces.items()):
        ProductIdentity.objects.filter(pk=key).update(
            stock_moved=F("stock_moved") + returned, on_order=F("on_order") - returned
        )
    _note_moves(pieces, StockMove.Reason.RETURNED, reference)
    found = Product.objects.filter(identity__in=pieces)
    reindex(row.identity_id for row in found if row.stock is not None and row.stock <= pieces[row.identity_id])


def hand_over(pieces: Mapping[int, int]) -> None:
    """Note that these pieces of a completed order have left the shop: imports no longer take them off."""
    for key, handed in sorted(pieces.items()):
        ProductIdentity.objects.filter(pk=key).update(on_order=F("on_order") - handed)


def _note_moves(pieces: Mapping[int, int], reason: StockMove.Reason, reference: str = "") -> None:
    StockMove.objects.bulk_create(
        [StockMove(product_id=key, pieces=moved, reason=reason, reference=reference) for key, moved in pieces.items()]
    )


def _lock_versions(product: Product) -> None:
    """Wait for an import that adds a version: it locks the one before."""
    list(Product.versions.select_for_update().filter(identity=product.identity_id).values_list("pk"))


def _set_hidden(product: Product, *, hidden: bool) -> None:
    with transaction.atomic():
        _lock_versions(product)
        identity = ProductIdentity.objects.select_for_update().get(pk=product.identity_id)
        before, now = identity.hidden_at, timezone.now()
        if (before is not None) == hidden:
            return
        identity.hidden_at = now if hidden else None
        identity.save(update_fields=["hidden_at"])
        versions = Product.versions.filter(identity=identity.pk, withdrawn_at=before)
        versions.update(withdrawn_at=identity.hidden_at, updated_at=now)
        reindex([identity.pk])


def _keep(product: Product, names: Iterable[str]) -> None:
    identity = ProductIdentity.objects.get(pk=product.identity_id)
    before, fields = set(identity.kept or ()), {field for name in names for field in KEPT_TOGETHER[name]}
    if fields == before:
        return
    identity.kept = sorted(fields) or None
    identity.save(update_fields=["kept"])
    Product.versions.filter(identity=identity.pk).update(updated_at=timezone.now())
    if before - fields:
        # An address that has nothing new would not be read, and the value of the file would not return.
        FeedAddress.objects.filter(slug=product.store.slug).delete()


def _note_edits(product: Product, fields: Iterable[str]) -> None:
    """Note the fields for an import that is running and has not compared this product yet."""
    run = ImportRun.objects.running().filter(slug=product.store.slug).values_list("pk", flat=True).first()
    if run is None:
        return
    identity = ProductIdentity.objects.select_for_update().get(pk=product.identity_id)
    before = identity.edits["fields"] if identity.edits and identity.edits["run"] == run else []
    identity.edits = {"run": run, "fields": sorted({*before, *fields})}
    identity.save(update_fields=["edits"])


def _set_stock(product: Product, versions: list[Product], stock: int | None) -> None:
    """Set the stock. If all versions count it, save the difference as a move, which applies to each version."""
    shown = Product.objects.select_related("identity").get(identity=product.identity_id)
    moved = shown.identity.stock_moved
    if stock is not None and shown.counted is not None and all(version.counted is not None for version in versions):
        move = stock - (shown.counted + moved)
        if move:
            ProductIdentity.objects.filter(pk=product.identity_id).update(stock_moved=F("stock_moved") + move)
            _note_moves({product.identity_id: move}, StockMove.Reason.EDITED)
        return
    for version in versions:
        version.counted = None if stock is None else stock - moved


def save_store(store: Store, changed: Iterable[str], *, logo: bytes | bool | None = None) -> None:
    """Save these fields of an edited store.

    Args:
        logo: An image to show, False for none any more, None to leave it.

    Raises:
        ShopError: As `logos.png_of`; nothing is saved then.
    """
    fields = {field.name for field in Store._meta.concrete_fields}.intersection(changed)
    with transaction.atomic():
        store.save(update_fields=fields)
        if isinstance(logo, bytes):
            set_logo(store, logo)
        elif logo is False:
            remove_logo(store)
        revise([store.pk])


def set_logo(store: Store, content: bytes) -> None:
    """Keep an image as the store's logo, in place of the one before.

    Raises:
        ShopError: As `logos.png_of`.
    """
    png, width, height = png_of(content)
    digest = sha256(png).hexdigest()[:16]
    values = {"png": png, "width": width, "height": height, "digest": digest}
    Logo.objects.update_or_create(values, store=store)


def remove_logo(store: Store) -> None:
    """Leave the store without a logo of its own."""
    Logo.objects.filter(store=store).delete()


def add_synonym(words: str, known: str) -> Synonyms:
    """Let a search for `words` find what `known` finds, at once; return the group that both are in.

    Raises:
        InvalidArguments: If one of them is no word, is more than three words, or they are the same, or the group
            becomes too long.
    """
    pair = [clean(text, _LONGEST_TEXT).replace(",", " ") for text in (words, known)]
    tokens = [tuple(words_of(text)) for text in pair]
    if not all(0 < len(phrase) <= LONGEST_PHRASE for phrase in tokens) or tokens[0] == tokens[1]:
        raise InvalidArguments(
            _("These are no synonyms."), fix=_("Write two different words, or phrases of at most three words each.")
        )
    with transaction.atomic():
        for group in Synonyms.objects.select_for_update().order_by("id"):
            held = {tuple(words_of(text)) for text in group.phrases}
            if tokens[1] in held:
                break
        else:
            group, held = Synonyms(words=pair[1]), {tokens[1]}
        if tokens[0] not in held:
            group.words = f"{group.words}, {pair[0]}"
        if len(group.words) > _LONGEST_GROUP:
            raise InvalidArguments(
                _("The group of “%(known)s” has no room for another word.") % {"known": pair[1]},
                fix=_("Choose another word that finds the same products."),
            )
        group.save()
    return group


def change_synonyms(group: Synonyms, words: str) -> None:
    """Let the group be these words, with commas between them.

    Raises:
        InvalidArguments: If they are fewer than two different ones, or one of them is more than three words,
            or they are too long together.
    """
    phrases = {tuple(words_of(text)): text for text in (clean(part, _LONGEST_TEXT) for part in words.split(","))}
    phrases.pop((), None)
    if len(phrases) < 2 or any(len(phrase) > LONGEST_PHRASE for phrase in phrases):
        raise InvalidArguments(
            _("These are no synonyms."), fix=_("Write two different words, or phrases of at most three words each.")
        )
    group.words = ", ".join(phrases.values())
    if len(group.words) > _LONGEST_GROUP:
        raise InvalidArguments(_("These are too many words for one group."), fix=_("Leave some of them out."))
    group.save()


def delete_synonyms(group: Synonyms) -> None:
    """Let a search for one of the words find the others no more, unless the shop knows them by itself."""
    group.delete()
