"""Which words of a page in Hebrew no translation holds.

The shop's Hebrew gets marks that nobody sees, one before each text and one behind it. What is written in Latin letters
outside of them is untranslated, unless it is data.
"""

from io import BytesIO
from pathlib import Path

from babel.messages.pofile import read_po, write_po
from django.conf import settings

# Invisible, without width, and in no text of the shop.
BEGIN, END = "\u2063", "\u2064"

NAMES = ("shopmcp", "CSV")

# Pieces of text outside of marks that hold Latin words, each with whether it is isolated as data is. Names of
# settings, commands and addresses stand in `code`; what is in another language says so.
FIND = """
(() => {
  const begin = "\\u2063", end = "\\u2064", own = document.documentElement.lang;
  const left = "script, style, noscript, template, code, pre, textarea, svg > title, .id, [translate=no]";
  // A text that was kept, and cut since, has lost a mark: none reaches beyond its block.
  const blocks = "p, li, h1, h2, h3, td, th, dt, dd, div, section, label, summary, legend, figcaption, option, title";
  const found = [];
  let depth = 0, block = null;
  const read = (text, isolated) => {
    let piece = "";
    const keep = () => {
      if (/[A-Za-z]{2}/.test(piece)) found.push([piece.trim().replace(/\\s+/g, " "), isolated]);
      piece = "";
    };
    for (const letter of text) {
      if (letter === begin) { keep(); depth += 1; }
      else if (letter === end) depth = Math.max(0, depth - 1);
      else if (!depth) piece += letter;
    }
    keep();
  };
  const isLeft = e => e.closest(left) || e.closest("[lang]").lang !== own;
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (block !== node.parentElement.closest(blocks)) depth = 0;
      block = node.parentElement.closest(blocks);
      if (node.parentElement.closest("script, style, noscript, template")) continue;
      if (node.data.includes(begin) || node.data.includes(end) || !isLeft(node.parentElement))
        read(node.data, !!node.parentElement.closest("bdi, option, title, [dir=ltr]"));
      continue;
    }
    if (isLeft(node)) continue;
    const before = depth;
    const told = ["alt", "title", "placeholder", "aria-label", "data-on", "data-off", "data-lost", "data-label",
      ...(node.matches("input[type=submit], input[type=button]") ? ["value"] : [])];
    for (const name of told) { depth = 0; read(node.getAttribute(name) ?? "", true); }
    depth = before;
  }
  return found;
})()
"""


def mark_catalogue(folder):
    """Write the project's Hebrew with marks, for LOCALE_PATHS; return the folder."""
    source = Path(settings.BASE_DIR) / "locale" / "he" / "LC_MESSAGES" / "django.po"
    catalogue = read_po(BytesIO(source.read_bytes()), locale="he")
    for message in catalogue:
        if message.id and message.pluralizable:
            message.string = tuple(marked(text) for text in message.string)
        elif message.id:
            message.string = marked(message.string)
    target = folder / "he" / "LC_MESSAGES" / "django.po"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_po(file, catalogue)
    return folder


def marked(text):
    """A text that ends with a line break has to end so in every language."""
    body = text.rstrip("\n")
    return f"{BEGIN}{body}{END}{text[len(body) :]}"


def unmarked(browser):
    """What is written in Latin letters outside of marks on the page in the browser, and is no data."""
    return [piece for piece, isolated in browser.evaluate(FIND) if not isolated and piece not in NAMES]
