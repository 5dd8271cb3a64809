"""Text that is not UTF-8 comes out right, or the file is refused; letters of another alphabet never."""

from contextlib import suppress

import pytest

from catalog.feeds.encodings import Unknown, encoding_of
from catalog.feeds.options import FeedOptions
from catalog.feeds.records import Unreadable
from catalog.models import Product

TEXTS = {
    "cp1255": 'sku,name\n1,"שמן זית כתית 750 מ""ל"\n2,קמח מלא\n3,דבש פרחי בר\n',
    "cp1251": "sku,name\n1,Гречневая крупа\n2,Сахарный песок\n3,Масло подсолнечное\n",
    "koi8_r": "sku,name\n1,Гречневая крупа\n2,Сахарный песок\n3,Масло подсолнечное\n",
    "cp1253": "sku,name\n1,Ελαιόλαδο εξαιρετικό\n2,Μέλι θυμαρίσιο\n3,Φέτα\n",
    "cp1256": "sku,name\n1,زيت زيتون بكر\n2,خبز القمح الكامل\n3,عسل طبيعي\n",
    "cp1250": "sku;name\n1;Chléb žitný kváskový\n2;Mléko čerstvé plnotučné\n3;Rohlík tukový s mákem\n",
    "cp1254": "sku;name\n1;Çiğ köfte\n2;Kırmızı biber salçası\n3;Süzme yoğurt\n4;Şeker\n",
    "cp1252": "sku;name\n1;Brötchen mit Käse\n2;Grüne Bohnen\n3;Weißkohl süß-sauer\n",
    "gb18030": "sku,name\n1,有机绿茶礼盒装\n2,五常大米五公斤\n3,山西老陈醋\n",
    "cp932": "sku,name\n1,特選しょうゆ\n2,ほうじ茶ティーバッグ\n3,北海道産バター\n",
}
FRENCH = "sku;name\n1;Crème fraîche épaisse\n2;Pâte à tartiner\n3;Gâteau au café\n"
POLISH = "sku;name\n1;Masło śmietankowe\n2;Żółty ser\n3;Świeży chleb pszenny\n"


@pytest.mark.parametrize(
    ("encoding", "text"), [*TEXTS.items(), ("cp1252", FRENCH), ("cp1250", POLISH)], ids=[*TEXTS, "French", "Polish"]
)
def test_the_text_comes_out_right(encoding, text):
    raw = text.encode(encoding)

    assert raw.decode(encoding_of([raw])) == text


@pytest.mark.parametrize("encoding", ["cp1253", "iso8859_7"])
@pytest.mark.parametrize(
    "text", ["Ελαιόλαδο\n2;Μέλι", "Καφές Espresso\n2;Τσάι", "ΖΥΜΑΡΙΚΆ\n2;ΡΎΖΙ ΜΑΚΡΎ", "μπλούζα γυναικεία"]
)
def test_few_greek_words_are_enough(encoding, text):
    raw = f"sku;name;price\n1;{text};9,90\n".encode(encoding)

    assert raw.decode(encoding_of([raw])) == f"sku;name;price\n1;{text};9,90\n"


@pytest.mark.parametrize("text", ["1;Mug;9,90 €\n2;Cup;8 €\n", "1;€5\n", "1;Frame 30×40 cm\n", "1;Mug – “nice”\n"])
def test_a_sign_among_ascii_is_that_sign(text):
    raw = f"sku;name\n{text}".encode("cp1252")

    assert raw.decode(encoding_of([raw])) == f"sku;name\n{text}"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "САХАР\nВОДА\nСУМКА\nМАСЛО\nМОЛОКО"), ("cp1252", "BRÖTCHEN\nKÄSE\nMÜTZE"),
        ("cp1250", "CHLÉB ŽITNÝ\nČAJ ČERNÝ\nSÝR\nRÝŽE"), ("cp949", "간장\n고추장\n김치\n우유\n녹차"),
        ("cp932", "商品名,在庫数\n緑茶,円\n醤油,円"),
        ("cp1255", "פלפל שחור\nעוגיות\nנעליים\nאורז\nקמח מלא"),
    ],
)  # fmt: skip
def test_capital_letters_and_short_lists_come_out_right(encoding, text):
    raw = f"name\n{text}\n".encode(encoding)

    assert raw.decode(encoding_of([raw])) == f"name\n{text}\n"


@pytest.mark.parametrize(
    "raw",
    [
        "1,чай\n2,масло\n".encode("cp1251"),  # as likely Hebrew
        "1,绿茶\n2,大米\n".encode("gb18030"),  # as likely Korean
        "1,МАКАРОНЫ\n".encode("cp1251"),  # as likely Chinese
        "1,肥皂\n".encode("gb18030"),
        "1,牛乳\n2,牛乳\n3,牛乳\n".encode("cp932"),
        "1,خبز\n".encode("cp1256"),
        "1;Señor\n".encode("cp1252"),  # as likely Polish
        "1;Rūgštus pienas\n2;Sūris\n".encode("cp1257"),
        b"1,\x81\x8d\n",
    ],
)
def test_what_may_be_two_alphabets_is_not_decided(raw):
    with pytest.raises(Unknown):
        encoding_of([raw])


def test_a_file_in_doubt_is_refused_until_the_owner_names_its_encoding(load):
    raw = "sku,name,price\n1,чай,9\n2,масло,8\n".encode("cp1251")

    with pytest.raises(Unreadable, match="its encoding is not certain") as refusal:
        load(raw)
    assert "--encoding" in refusal.value.fix
    assert not Product.objects.exists()

    load(raw, options=FeedOptions(encoding="cp1251"))
    assert set(Product.objects.values_list("name", flat=True)) == {"чай", "масло"}


def test_a_wrong_encoding_is_refused(load):
    with pytest.raises(Unreadable, match="is not text in"):
        load("sku,name,price\n1,чай,9\n".encode("cp1251"), options=FeedOptions(encoding="utf-8"))

    assert not Product.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_unicode_in_wide_characters_is_read(load, encoding):
    load("sku,name,price\na,Crème fraîche,9.90\nb,חלב,5\n".encode(encoding))

    assert {product.name for product in Product.objects.all()} == {"Crème fraîche", "חלב"}


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        ("gbk", "绿茶"),
        ("GB2312", "绿茶"),
        ("Shift_JIS", "緑茶"),
        ("EUC-KR", "녹차"),
        ("Big5", "綠茶"),
        ("koi8-r", "чай"),
    ],
)
def test_the_encoding_that_xml_declares_is_taken(load, declared, name):
    product = f"<product><id>1</id><title>{name}</title><price>9</price></product>"
    text = f'<?xml version="1.0" encoding="{declared}"?><products>{product}</products>'
    load(text.encode(declared), name="feed.xml")

    assert Product.objects.get().name == name


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        ("绿茶 蜂蜜 番茄 咖啡", "gb18030"),  # Korean, if rare syllables were none
        ("黃瓜", "big5"),  # a Japanese word, if one kana were enough
        ("ขนมปัง ไข่ มะเขือเทศ", "cp874"),  # Greek with capitals inside its words
        ("Сахар", "mac_cyrillic"),  # its first letter is a quotation mark elsewhere
        ("طماطم سكر", "iso8859_6"),
        ("Œufs bio\nFromage râpé", "iso8859_15"),
        ("Tomates\nséchées Œufs", "iso8859_15"),
    ],
)
def test_what_looks_like_another_language_is_right_or_refused(names, encoding):
    raw = "sku,name\n1,{}\n".format(names.replace(" ", "\n2,")).encode(encoding)

    with suppress(Unknown):
        assert raw.decode(encoding_of([raw])) == raw.decode(encoding)
