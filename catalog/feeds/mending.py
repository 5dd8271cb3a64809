"""Mends what would make a whole XML file unreadable: signs that XML forbids, bare `&`, entities of HTML."""

import re
from html.entities import html5

_CDATA, _END = "<![CDATA[", "]]>"
# Within CDATA a `&` is only a sign.
_TROUBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|<!\\[CDATA\\[|&(?:#?[A-Za-z0-9]{1,31};)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_OWN = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
_LONGEST = 40  # of an entity, and of what begins CDATA


class Mending:
    """Mends a text that comes in pieces."""

    def __init__(self) -> None:
        self._in_cdata = False
        self._held = ""

    def mend(self, piece: str) -> str:
        """Return the piece without what it may cut in two, which comes with the next; "" ends the text."""
        text = self._held + piece
        self._held = ""
        if piece:
            cut = max(text.rfind(sign, len(text) - _LONGEST) for sign in ("&", "<", "]"))
            while cut > 0 and text[cut - 1] == "]":
                cut -= 1
            if cut >= 0:
                text, self._held = text[:cut], text[cut:]
        if "&" not in text and _CDATA not in text and not self._in_cdata:
            return _FORBIDDEN.sub("", text)
        done: list[str] = []
        at = 0
        while at < len(text):
            if self._in_cdata:
                end = text.find(_END, at)
                until = len(text) if end < 0 else end + len(_END)
                done.append(_FORBIDDEN.sub("", text[at:until]))
                self._in_cdata, at = end < 0, until
            elif found := _TROUBLE.search(text, at):
                done.append(text[at : found.start()])
                at = found.end()
                if found[0] == _CDATA:
                    self._in_cdata = True
                    done.append(_CDATA)
                else:
                    done.append(_mended(found[0]))
            else:
                done.append(text[at:])
                at = len(text)
        return "".join(done)


def _mended(found: str) -> str:
    if found in _OWN:
        return found
    if found.startswith("&#") and found.endswith(";"):
        try:
            number = int(found[3:-1], 16) if found[2] in "xX" else int(found[2:-1])
            sign = chr(number)
        except (ValueError, OverflowError):
            return "&amp;" + found[1:]
        allowed = (
            (number >= 32 or sign in "\t\n\r") and not 0xD800 <= number < 0xE000 and number not in (0xFFFE, 0xFFFF)
        )
        return f"&#{number};" if allowed else ""
    if found.startswith("&"):
        known = html5.get(found[1:]) if len(found) > 1 else None
        return "".join(f"&#{ord(sign)};" for sign in known) if known else "&amp;" + found[1:]
    return ""
