"""The one product that a reference names, or the products that may have been meant."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from catalog.language.inflection import is_number, query_tokens, tokens
from catalog.language.stop_words import STOP_WORDS
from catalog.language.text import clean, is_plain, without_marks
from catalog.models import Product
from catalog.search.engines import Candidate, Scope, Term, engine
from catalog.search.matching import find_candidates
from catalog.search.memory import State
from catalog.search.ranking import Ranking
from catalog.search.rows import exactly, glance, products_by_identity
from catalog.search.synonyms import thesaurus
from catalog.search.understanding import Understood, understand
from shopmcp.errors import Ambiguous, NotFound

_CANDIDATES = 5
_MOST_WORDS = 6
_MOST_LOOKED_AT = 20
# A longer reference is no name of a product; its similar products would cost the more, the longer it is.
_LONGEST = 100
# A code has digits and no spaces. The signs are those that people and models confuse.
_CODE = re.compile(r"(?=\S*\d)\S{3,40}")
_SIGNS = "0123456789-OIS"


def named(reference: str) -> Product:
    """Return the one product that a shopper's or model's words name, with its store.

    Product ids, unique SKUs, addresses and exact names are understood. A withdrawn product is found by its id alone, so
    check `withdrawn_at`.

    Raises:
        Ambiguous, NotFound: As `id_named`, with candidates.
    """
    try:
        return Product.objects.select_related("store").get(public_id=id_named(reference))
    except (Ambiguous, NotFound) as refusal:
        raise refusal.complete() if refusal.complete else refusal from None
    except Product.DoesNotExist:  # an import was published in between
        raise _unknown(reference, ()) from None


def id_named(reference: str) -> str:
    """Return the id of the one product that the words name, by index look-ups alone.

    Raises:
        Ambiguous: If several products fit; complete it with them as candidates.
        NotFound: If none fits; complete it with similar products, which are searched.
    """
    found = exactly(reference)
    if len(found) == 1:
        return found[0]
    refusal: Ambiguous | NotFound
    if found:
        refusal = _ambiguous(reference, ())
        refusal.complete = lambda: _ambiguous(reference, _products(found))
    else:
        refusal = _unknown(reference, ())
        refusal.complete = lambda: _unknown(reference, _near(reference))
    raise refusal


def _ambiguous(reference: str, products: Sequence[Product]) -> Ambiguous:
    return Ambiguous(
        _("Several products fit “%(reference)s”.") % {"reference": clean(reference, 80)},
        fix=_("Call again with the product_id of the one that is meant."),
        candidates=[product.as_candidate() for product in products[:_CANDIDATES]],
    )


def _unknown(reference: str, near: Sequence[Product]) -> NotFound:
    return NotFound(
        _("There is no product “%(reference)s”.") % {"reference": clean(reference, 80)},
        fix=_("Use search_products to find it, then call again with its product_id."),
        candidates=[product.as_candidate() for product in near],
    )


def _products(ids: Sequence[str]) -> list[Product]:
    return list(Product.objects.select_related("store").filter(public_id__in=ids).order_by("identity_id"))


def _near(reference: str) -> list[Product]:
    """Products with a similar code, or else with a similar name."""
    store, colon, bare = without_marks(reference).strip().partition(":")
    bare = bare if colon else store
    if len(bare) > _LONGEST or not is_plain(bare):
        return []
    code = bool(_CODE.fullmatch(bare))
    return (_coded_nearly(bare) if code else []) or _called_nearly(bare, least=3 if code else 2)


def _coded_nearly(code: str) -> list[Product]:
    """Products whose SKU is one slip away, or begins so; all possible slips are looked up."""
    same = {code, code.upper()}
    rows = Product.objects.select_related("store").listed().order_by("identity_id")
    wanted = engine().many(same.union(*map(_one_slip, same)))
    among = engine().among("catalog_product.sku", "text")
    found = list(rows.extra(where=[among], params=[wanted])[:_MOST_LOOKED_AT])
    if found:
        return ([product for product in found if product.sku in same] or found)[:_CANDIDATES]
    start = code.upper()
    return list(rows.filter(sku__gte=start, sku__lt=start + "\U0010ffff")[:_CANDIDATES])


def _one_slip(code: str) -> set[str]:
    halves = [(code[:place], code[place:]) for place in range(len(code) + 1)]
    return {
        *(before + after[1:] for before, after in halves if after),
        *(before + sign + after for before, after in halves for sign in _SIGNS),
        *(before + sign + after[1:] for before, after in halves if after for sign in _SIGNS),
        *(before + after[1] + after[0] + after[2:] for before, after in halves if len(after) > 1),
    }


def _called_nearly(text: str, least: int) -> list[Product]:
    """What a search finds with half of the words in name, brand or options, and not only with describing words."""
    wanted = [choice[0] for choice in query_tokens(text) if not STOP_WORDS.issuperset(choice)]
    said = [word for word in wanted if len(word) >= least and not is_number(word)][:_MOST_WORDS]
    seen = glance(text)
    describes = thesaurus(seen.synonyms).describes
    if all(map(describes, said)):
        return []
    understood = understand(text, seen)
    products = _found(understood, seen.state)

    def held(product: Product) -> int:
        """How many of the words name, brand and options hold; 0 if these are too few."""
        name = tokens(" ".join((product.name, product.brand, *product.options.values())))
        holding = [term for term in wordy if _holds(name, term)]
        things = [term for term in holding if not all(map(describes, term.shown.split()))]
        return len(holding) if things and len(holding) * 2 >= len(wordy) + len(unknown) else 0

    wordy = [term for term in understood.terms if not _is_amount(term.shown)]
    unknown = [word for word in understood.unknown if not _is_amount(word)]
    meant = sorted((-held(product), place) for place, product in enumerate(products))
    return [products[place] for fewer, place in meant if fewer][:_CANDIDATES]


def _found(understood: Understood, state: State) -> list[Product]:
    """The first results of a search, one variant of each product."""
    found = find_candidates(understood, Scope(state=state), dearest_first=False)
    position = Ranking(understood, found.terms, (), "relevance", state=state).position
    first = dict[int | str, Candidate]()
    for candidate in sorted(found.candidates, key=position):
        first.setdefault(candidate.group or candidate.product, candidate)
    chosen = list(first.values())[:_MOST_LOOKED_AT]
    products = products_by_identity((candidate.product for candidate in chosen), state)
    return [products[candidate.product] for candidate in chosen if candidate.product in products]


def _is_amount(word: str) -> bool:
    return is_number(word) or len(word) < 2


def _holds(name: Sequence[str], term: Term) -> bool:
    return any(
        all(
            not slot.tokens.keys().isdisjoint(name) or any(word.startswith(slot.prefixes) for word in name)
            for slot in way
        )
        for way in term.ways
    )
