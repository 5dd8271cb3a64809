"""The one product that is named, or those that may have been meant."""

from django.utils.translation import gettext as _

from catalog.forms import stem
from catalog.models import Product
from catalog.search.asking import Search
from catalog.search.searching import search
from catalog.text import clean, words
from shopmcp.errors import Ambiguous, NotFound

_CANDIDATES = 5
_MOST_WORDS = 6


def named(reference: str) -> Product:
    """Return the one product that a shopper's or model's words name, with its store.

    Product ids, unique SKUs, addresses and exact names are understood. A withdrawn product is found by its id alone:
    look at `withdrawn_at`.

    Raises:
        Ambiguous: If several products fit; they are the candidates.
        NotFound: If none does; whatever comes near is a candidate.
    """
    found = Product.objects.exactly(reference)
    if len(found) == 1:
        return found[0]
    shown = clean(reference, 80)
    if found:
        raise Ambiguous(
            _("Several products fit “%(reference)s”.") % {"reference": shown},
            fix=_("Call again with the product_id of the one that is meant."),
            candidates=[product.as_candidate() for product in found[:_CANDIDATES]],
        )
    raise NotFound(
        _("There is no product “%(reference)s”.") % {"reference": shown},
        fix=_("Use search_products to find it, then call again with its product_id."),
        candidates=[product.as_candidate() for product in _near(reference)],
    )


def _near(reference: str) -> list[Product]:
    """What a search for the words finds, if it is half of them at least: one common word of five is no resemblance."""
    asked = [word for word in dict.fromkeys(words(reference)) if len(word) > 1][:_MOST_WORDS]
    if not asked:
        return []
    page = search(Search(" ".join(asked)), limit=_CANDIDATES)
    if len(page.dropped) * 2 > len(asked):
        return []
    return [product for product in page.products if not page.partly or _shares_half(product, asked)]


def _shares_half(product: Product, asked: list[str]) -> bool:
    text = " ".join((product.name, product.brand, product.category, *product.options.values()))
    stems = set(map(stem, words(text)))
    return sum(stem(word) in stems for word in asked) * 2 >= len(asked)
