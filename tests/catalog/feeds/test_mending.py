"""What would make a whole XML file unreadable costs a cell at most."""

import pytest

from catalog.feeds import open_source, read_feed
from catalog.feeds.mending import Mending


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("<a>Salt & Pepper</a>", "<a>Salt &amp; Pepper</a>"),
        ("<a>Salt &amp; Pepper</a>", "<a>Salt &amp; Pepper</a>"),
        ("<a>Caf&eacute;&nbsp;x</a>", "<a>Caf&#233;&#160;x</a>"),
        ("<a>&unheard;</a>", "<a>&amp;unheard;</a>"),
        ("<a>&#0;&#x1F;&#65;&#xD800;</a>", "<a>&#65;</a>"),
        ("<a>\x00b\x0bc\x1f</a>", "<a>bc</a>"),
        ("<a><![CDATA[x & y &nbsp; \x01]]> & z</a>", "<a><![CDATA[x & y &nbsp; ]]> &amp; z</a>"),
        ("<a b='?x=1&y=2'/>", "<a b='?x=1&amp;y=2'/>"),
        ("<a>x]]y</a>", "<a>x]]y</a>"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_text_is_mended_wherever_it_is_cut(text, mended, size):
    mending = Mending()
    pieces = [text[at : at + size] for at in range(0, len(text), size)]

    assert "".join(mending.mend(piece) for piece in [*pieces, ""]) == mended


def read(tmp_path, text):
    file = tmp_path / "feed.xml"
    file.write_text(text)
    return [dict(record.fields) for record in read_feed(open_source(file))]


def test_a_feed_with_a_bare_sign_and_entities_of_html_is_read(tmp_path):
    text = "<rss xmlns:g='http://base.google.com/ns/1.0'><channel><item><g:id>1</g:id>"
    text += "<title>Salt & Pepper&nbsp;\x07</title>"
    text += "<link><![CDATA[https://x.example/?a=1&b=2]]></link><g:price>9 ILS</g:price></item></channel></rss>"

    assert read(tmp_path, text) == [
        {"sku": "1", "name": "Salt & Pepper\xa0".strip(), "url": "https://x.example/?a=1&b=2", "price": "9 ILS"}
    ]


@pytest.mark.parametrize("prefix", ["g", "gm"])
def test_googles_id_is_the_sku_before_atoms_own(tmp_path, prefix):
    text = (
        f"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:{prefix}='http://base.google.com/ns/1.0'>"
        f"<entry><{prefix}:id>REAL</{prefix}:id><id>urn:uuid:1</id><title>Mug</title></entry>"
        "<entry><id>urn:uuid:2</id><title>Cup</title></entry></feed>"
    )

    assert [fields["sku"] for fields in read(tmp_path, text)] == ["REAL", "urn:uuid:2"]
