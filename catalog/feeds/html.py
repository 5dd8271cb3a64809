"""Descriptions in HTML as plain text."""

import re
from html import unescape
from html.parser import HTMLParser

_MARKUP = re.compile(r"<[a-zA-Z/!?][^<>]*>|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});")
_ENCODED = re.compile(
    r"&lt;/?(?:p|br|div|span|ul|ol|li|strong|b|i|em|h[1-6]|table|a)\b[^<>]{0,500}?&gt;", re.IGNORECASE
)
_TAG = re.compile(r"<[^<>]*>")
# In characters. More than any description needs; the parser is slow on deliberately broken markup.
_LONGEST = 40_000
_BLOCKS = {
    "address", "article", "blockquote", "dd", "div", "dl", "dt", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
_LINES = {"br", "tr"}
_SILENT = {"script", "style", "template", "title", "head", "iframe", "object", "svg"}


def plain_text(text: str) -> str:
    """Return the visible text, with blank lines between paragraphs; text without markup is returned unchanged."""
    text = text[:_LONGEST]
    if "&lt;" in text and "<" not in text and _ENCODED.search(text):
        text = unescape(text)  # OpenCart and some feeds write the markup itself with entities
    if not _MARKUP.search(text):
        return text
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except AssertionError:  # raised by the parser for some broken declarations
        return unescape(_TAG.sub(" ", text))
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag == "li":
            self.pieces.append("\n• ")
        else:
            self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT and tag in self._silent:
            while self._silent.pop() != tag:
                pass
        else:
            self._part(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            # A line break in HTML is a space; line breaks in the result come from tags only.
            self.pieces.append(data.replace("\r", " ").replace("\n", " "))

    def _part(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n\n")
        elif tag in _LINES:
            self.pieces.append("\n")
        elif tag in ("td", "th"):
            self.pieces.append(" ")
