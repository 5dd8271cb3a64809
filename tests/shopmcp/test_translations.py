import gettext
import re
from io import BytesIO
from typing import Any

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings

from shopmcp.translations import catalogues, compile_translations, extract_template

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Cart"
msgstr "דוכן"
"""


@pytest.fixture
def catalogue(tmp_path, settings):
    """A Hebrew catalogue in a folder of its own."""
    po = tmp_path / "locale" / "he" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(PO)
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    return po


def test_a_catalogue_is_compiled_when_it_is_newer_and_only_then(catalogue):
    assert compile_translations() == [catalogue]
    assert compile_translations() == []

    catalogue.write_text(PO.replace("דוכן", "עגלה"))
    assert compile_translations() == [catalogue]

    with catalogue.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Cart") == "עגלה"
    assert sorted(path.name for path in catalogue.parent.iterdir()) == ["django.mo", "django.po"]


@pytest.mark.parametrize(
    ("template", "messages"),
    [
        ('{% translate "It\'s here" %}', ["It's here"]),
        ("{% translate 'A \"quoted\" word' %}", ['A "quoted" word']),
        ('<p title="{% translate "A (b) c" %}">{% trans "d" %}', ["A (b) c", "d"]),
        (
            "{% blocktranslate trimmed with name=user %}\n  Hello\n  <b>{{ name }}</b>, 100%\n{% endblocktranslate %}",
            ["Hello <b>%(name)s</b>, 100%%"],
        ),
        (
            "{% blocktranslate count n=n %}one{% plural %}{{ n }} of them{% endblocktranslate %}",
            [("one", "%(n)s of them")],
        ),
        ('{{ _("inside a variable") }}', ["inside a variable"]),
        ("plain gettext and text only", []),
        ('<p>\n  <b>\n    {% comment %}Translators: don\'t{% endcomment %}\n  {% translate "a" %}', ["a"]),
    ],
)
def test_each_way_a_template_translates_is_understood(template, messages):
    method: Any = extract_template
    found = extract(method, BytesIO(template.encode()))

    assert [message for _, message, _, _ in found] == messages


def test_the_project_speaks_hebrew():
    assert [po.parent.parent.name for po in catalogues()] == ["he"]
    assert {code for code, _ in settings.LANGUAGES} == {"en", "he"}


def test_every_sentence_is_translated_with_the_names_that_code_fills_in():
    for po in catalogues():
        catalogue = read_po(BytesIO(po.read_bytes()))
        assert {
            message.id: fault for message in catalogue if message.id and (fault := fault_of(message, catalogue))
        } == {}


def fault_of(message, catalogue):
    """What is wrong with a translation; "one item" may do without its number."""
    strings = message.string if message.pluralizable else [message.string]
    if not all(strings) or message.fuzzy:
        return "not translated, or marked fuzzy"
    names = [] if message.pluralizable else re.findall(r"%\(\w+\)|\{\w+\}", message.id)
    return [*map(str, message.check(catalogue)), *(f"no {name}" for name in names if name not in message.string)]


@pytest.mark.parametrize(
    ("sentence", "wrong", "right"),
    [
        ("Sign in", "", "כניסה"),
        ("Only %(left)s left.", "נשארו רק %(more)s.", "נשארו רק %(left)s."),
        ("Only %(left)s left.", "נשארו רק כמה.", "נשארו רק %(left)s."),
        ("Only %(left)s left.", "נשארו רק %(left)d.", "נשארו רק %(left)s."),
        ("Only {left} left.", "נשארו רק כמה.", "נשארו רק {left}."),
        (("%(n)s item", "%(n)s items"), ("פריט", ""), ("פריט", "%(n)s פריטים")),
    ],
)
def test_a_wrong_translation_is_found(sentence, wrong, right):
    catalogue = read_po(BytesIO(PO.encode()))

    assert fault_of(Message(sentence, wrong), catalogue)
    assert not fault_of(Message(sentence, right), catalogue)
    assert fault_of(Message(sentence, right, flags=["fuzzy"]), catalogue)
