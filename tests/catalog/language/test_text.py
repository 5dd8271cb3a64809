import pytest

from catalog.language.text import address_key, clean, clean_paragraphs, compounds, folded, is_plain, web_address, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('1 ק"ג', "1 ק״ג"),
        ('1 ק"ג', "1 ק''ג"),
        ('1 ק"ג', "1 ק”ג"),
        ("ג'חנון", "ג׳חנון"),
        ("ג`חנון", "ג’חנון"),
        ("שָׁלוֹם", "שלום"),
        ("בית־ספר", "בית-ספר"),
        ("Coca–Cola", "coca  cola"),
        ("STRASSE", "straße"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "Full Width"),
        ("zero\u200bwidth", "zerowidth"),
        ("a\u202eb", "ab"),
        ("tab\tand\nline", "tab and line"),
    ],
)
def test_spellings_of_one_thing_fold_to_the_same_words(one, other):
    assert words(one) == words(other) != []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("milk 3% fat", ["milk", "3%", "fat"]),
        ("cola 1.5 l", ["cola", "1.5", "l"]),
        ("snake_case", ["snake", "case"]),
        ("% _ * '\"", []),
        ("", []),
        ("<b>red</b>", ["b", "red", "b"]),
        ("nul\x00byte", ["nul", "byte"]),
        ("half \ud800 pair", ["half", "pair"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_folded_text_has_a_space_around_every_word_and_keeps_its_limit():
    assert folded("Rye  Bread!", 300) == " rye bread "
    assert folded("...", 300) == ""
    assert folded("word " * 200, 20) == " word word word wor "


def test_words_that_dashes_join_are_known_in_one_piece_too():
    assert compounds("Coca-Cola, A-1 and A\u20132") == ["cocacola", "a1", "a2"]


def test_clean_drops_what_hides_or_misleads_and_keeps_the_rest():
    assert clean("  a\x00b\u202e\u200b  c\n<b>d</b>\ud800 ", 300) == "a b c <b>d</b>"
    assert clean("e\u0301", 300) == "é"
    assert clean("long name", 4) == "long"


def test_runs_of_variation_selectors_and_tags_are_removed_and_emoji_stay():
    hidden = "".join(map(chr, range(0xFE00, 0xFE10))) + "".join(map(chr, range(0xE0100, 0xE0110))) + "\U000e0041"

    assert clean(f"Honey{hidden} jar{hidden}", 300).split() == ["Honey", "jar"]
    assert clean(f"\u2764\ufe0f{hidden} \u2600\ufe0f\ufe0f", 300) == "\u2764\ufe0f \u2600\ufe0f"
    assert clean("\U0001f36f honey", 300) == "\U0001f36f honey"
    assert not is_plain(f"Honey{hidden}")
    assert is_plain("\u2764\ufe0f")


def test_paragraphs_stay_paragraphs():
    assert clean_paragraphs("one  two\r\nthree\n\n\n\nfour\x07", 300) == "one two\nthree\n\nfour"


@pytest.mark.parametrize("text", ["a\x00", "a\u200b", "a\u202e", "a\ud800", "a\n"])
def test_text_with_unseen_characters_is_not_plain(text):
    assert not is_plain(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://x.example/קפה?a=ב", "https://x.example/%D7%A7%D7%A4%D7%94?a=%D7%91"),
        ("https://x.example/%d7%a7", "https://x.example/%d7%a7"),
        ('https://x.example/a`b"c', "https://x.example/a%60b%22c"),
        ("https://חנות.example:8443/קפה", "https://xn--9dbd1a4b.example:8443/%D7%A7%D7%A4%D7%94"),
        ("https://xn--9dbd1a4b.example/a", "https://xn--9dbd1a4b.example/a"),
        (f"https://{'ח' * 80}.example/", ""),
        ("https://שם@חנות.example/", ""),
        ("javascript:alert(1)", ""),
        ("https://user:secret@x.example/", ""),
        ("https://x.example:port/", ""),
        ("https://[half", ""),
        ("/relative", ""),
        ("https:///nowhere", ""),
    ],
)
def test_web_address(text, expected):
    assert web_address(text) == expected


@pytest.mark.parametrize(
    "other",
    [
        "http://x.example/p/%D7%A7%D7%A4%D7%94?size=1",
        "https://www.X.example/p/קפה/?size=1",
        "https://x.example/p/%d7%a7%d7%a4%d7%94?size=1&utm_source=chatgpt.com#reviews",
    ],
)
def test_an_address_is_found_again_however_it_is_written(other):
    assert address_key(other) == address_key("https://x.example/p/%d7%a7%d7%a4%d7%94?size=1") != ""


def test_other_addresses_have_other_keys():
    assert address_key("https://x.example/p?size=1") != address_key("https://x.example/p?size=2")
    assert address_key("no address") == ""
