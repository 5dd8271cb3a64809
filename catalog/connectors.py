"""The two tools that connectors and company knowledge look for, in exactly their shapes: over the same search."""

from typing import Annotated

from pydantic import Field

from catalog.models import Store
from catalog.schemas import DocumentOut, ProductDetailOut, ResultsOut
from catalog.search import Search, named
from catalog.search import search as find
from catalog.text import words
from catalog.wording import detail_text
from shopmcp.server import Answer, Call, tool

_RESULTS = 20


@tool(
    title="Search the catalogue",
    read_only=True,
    browsing=True,
    extra=True,
    invoking="Searching the catalogue",
    invoked="Searched the catalogue",
)
def search(
    call: Call,
    query: Annotated[str, Field(max_length=1000, description="Words that describe the product, Hebrew or English.")],
) -> Answer[ResultsOut]:
    """Use this for research over the catalogue: it returns ids, titles and links to read with fetch.

    To shop, prefer search_products, which shows prices and stock too.
    """
    page = find(Search(query), limit=_RESULTS)
    call.note_search(words(query), page.total)
    results = ResultsOut.of(page)
    return Answer(results.model_dump_json(), results, is_exact=True)


@tool(
    title="Read a product",
    read_only=True,
    browsing=True,
    extra=True,
    invoking="Reading about the product",
    invoked="Read about the product",
)
def fetch(
    call: Call, id: Annotated[str, Field(min_length=1, max_length=1000, description="An id that search returned.")]
) -> Answer[DocumentOut]:
    """Use this to read all that the shop says of one product that search returned.

    To shop, prefer get_product, which answers with data for the cart.
    """
    store = Store.objects.filter(slug=id.partition(":")[0]).first() or Store.objects.oldest_first().first()
    call.speak(store.language if store else "en")
    product = named(id)
    call.speak(product.store.language)
    call.note_products([product.public_id])
    text = detail_text(ProductDetailOut.of(product), len(product.description))
    document = DocumentOut.of(product, text)
    return Answer(document.model_dump_json(), document, is_exact=True)
