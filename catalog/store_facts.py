"""What an app above the catalogue tells of stores in `list_stores` and the JSON API. It sets its function here."""

from collections.abc import Callable, Mapping, Sequence

from catalog.models import Store


def _nothing(stores: Sequence[Store]) -> Mapping[int, list[str]]:
    return {}


# How each store delivers, in sentences, by its key.
delivery_of: Callable[[Sequence[Store]], Mapping[int, list[str]]] = _nothing
