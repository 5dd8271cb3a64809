"""How shoppers put words together: what only carries a sentence, and what divides one wish from the next."""

import re

from catalog.language.text import unpointed

# Words that say nothing of the product.
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
_BETWEEN = re.compile(
    r"[,،](?!\d)|[;\n&+]|\b(?:and|or|plus)\b|(?<!\w)(?:וגם|או|וכן)(?!\w)",
    re.IGNORECASE,
)


def clauses(query: str) -> list[str]:
    """Return the query where commas, "and" and the like divide it."""
    return [clause for clause in _BETWEEN.split(unpointed(query)) if clause.strip()]
