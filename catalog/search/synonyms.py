"""The shipped and the owner's synonyms as one thesaurus, made anew when the owner's change."""

from functools import lru_cache

from django.db import connection

from catalog.language.thesaurus import Thesaurus, describing, kinds, shipped
from catalog.models import Synonyms

# A column and its table, to select: it changes with every group that is added, changed or taken away.
VERSION = (
    "CAST(COUNT(*) AS text) || ' ' || COALESCE(CAST(MAX(id) AS text) || ' ' || CAST(MAX(updated_at) AS text), '') "
    "FROM catalog_synonyms"
)


def thesaurus(version: str | None = None) -> Thesaurus:
    """Return what is known now; the owner's groups count from the moment they are saved, in every process.

    `version` is what `VERSION` says, where it was asked for already.
    """
    if version is None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {VERSION}")
            (version,) = cursor.fetchone()
    return _of_version(version)


# One value under its own version, whichever of several threads comes last.
@lru_cache(maxsize=1)
def _of_version(version: str) -> Thesaurus:
    own = Synonyms.objects.values_list("words", flat=True)
    return Thesaurus([*shipped(), *(text.split(",") for text in own)], describing(), kinds())
