"""The shipped and the owner's synonyms as one thesaurus, which is rebuilt when the owner's change."""

from functools import lru_cache

from catalog.language.thesaurus import Thesaurus, shipped
from catalog.models import Synonyms
from catalog.search.engines import rows_of

# What to select for the version of the owner's synonyms; it changes with every group that is added, changed or deleted.
VERSION = (
    "CAST(COUNT(*) AS text) || ' ' || COALESCE(CAST(MAX(id) AS text) || ' ' || CAST(MAX(updated_at) AS text), '') "
    "FROM catalog_synonyms"
)


def thesaurus(version: str | None = None) -> Thesaurus:
    """Return the current thesaurus; the owner's groups count at once, in every process.

    `version` is what `VERSION` selects, if the caller has read it already.
    """
    if version is None:
        ((version,),) = rows_of(f"SELECT {VERSION}")
    return _of_version(version)


# Cached by version, so that a slow thread cannot leave an old thesaurus under a new version.
@lru_cache(maxsize=1)
def _of_version(version: str) -> Thesaurus:
    own = Synonyms.objects.values_list("words", flat=True)
    file = shipped()
    return Thesaurus([*file.groups, *(text.split(",") for text in own)], file.describing, file.kinds)
