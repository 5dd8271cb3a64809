"""Words of a sentence that name no product, and what separates the parts of a query."""

import re

from catalog.language.text import unpointed

STOP_WORDS = frozenset(
    [
        "a", "an", "and", "any", "are", "at", "buy", "can", "do", "find", "for", "from", "get", "give", "have", "i",
        "im", "in", "is", "it", "like", "looking", "me", "my", "need", "of", "on", "or", "our", "please", "sell",
        "shop", "show", "some", "something", "that", "the", "there", "this", "to", "want", "we", "what", "which",
        "with", "you", "your", "אני", "אנחנו", "אפשר", "את", "או", "אם", "בבקשה", "גם", "האם", "הוא", "היא", "זה",
        "זאת", "חפש", "חפשי", "יש", "כמה", "כל", "לי", "לנו", "לקנות", "מה", "משהו", "עם", "צריך", "צריכה", "רוצה",
        "רוצים", "של", "שיש", "תביא", "תביאי", "תן", "תני", "תמצא", "תמצאי", "מחפש", "מחפשת", "איזה", "אילו", "על",
    ]
)  # fmt: skip
# A comma between digits belongs to a number.
_BETWEEN = re.compile(r"[,،](?!\d)|[;\n&+]|\b(?:and|or|plus)\b|(?<!\w)(?:וגם|או|וכן)(?!\w)", re.IGNORECASE)


def clauses(query: str) -> list[str]:
    """Return the parts of a query between commas, "and" and the like."""
    return [clause for clause in _BETWEEN.split(unpointed(query)) if clause.strip()]
