import gettext
from io import BytesIO
from typing import Any

import pytest
from babel.messages.extract import extract
from django.conf import settings as django_settings

from shopmcp.translations import catalogues, compile_translations, extract_template, incomplete, messages_in

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Cart"
msgstr "סל"
"""


@pytest.fixture
def project(tmp_path, settings):
    """A project with one sentence in code, one in a template and a Hebrew catalogue that lacks the second."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "code.py").write_text('print(_("Cart"))\n')
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text('{% load i18n %}\n<p>{% translate "Sign in" %}</p>')
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_code.py").write_text('print(_("Not shown to anybody"))\n')
    po = tmp_path / "locale" / "he" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text(PO)
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    return po


def test_a_catalogue_is_compiled_when_it_is_newer_and_only_then(project):
    assert compile_translations() == [project]
    assert compile_translations() == []

    project.write_text(PO.replace("סל", "עגלה"))
    assert compile_translations() == [project]

    with project.with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Cart") == "עגלה"
    assert sorted(path.name for path in project.parent.iterdir()) == ["django.mo", "django.po"]


def test_sentences_are_found_in_code_and_templates_but_not_in_tests(project, settings):
    found = messages_in(settings.BASE_DIR)

    assert found == {("Cart", None): "shop/code.py:1", ("Sign in", None): "templates/page.html:2"}


def test_sentences_that_are_translated_when_they_are_shown_are_found_too(project, settings):
    code = settings.BASE_DIR / "shop" / "code.py"
    code.write_text('A = gettext_lazy("Later")\nB = ngettext_lazy("%(n)s item", "%(n)s items", "n")\n')

    assert {message for message, _ in messages_in(settings.BASE_DIR)} == {
        "Later",
        ("%(n)s item", "%(n)s items"),
        "Sign in",
    }


def test_what_a_catalogue_owes_is_named_with_its_place(project):
    assert incomplete(project) == ["templates/page.html:2: 'Sign in' is missing; run `make messages`."]

    project.write_text(f'{PO}\nmsgid "Sign in"\nmsgstr ""\n')
    assert incomplete(project) == ["templates/page.html:2: 'Sign in' is not translated."]

    project.write_text(f'{PO}\n#, fuzzy\nmsgid "Sign in"\nmsgstr "כניסה"\n')
    assert incomplete(project) == ["templates/page.html:2: 'Sign in' is marked fuzzy."]

    project.write_text(f'{PO}\nmsgid "Sign in"\nmsgstr "כניסה"\n')
    assert incomplete(project) == []


@pytest.mark.parametrize("wrong", ["נשארו רק %(more)s.", "נשארו רק כמה.", "נשארו רק %(left)d."])
def test_a_translation_must_keep_the_names_that_code_fills_in(project, settings, wrong):
    (settings.BASE_DIR / "shop" / "code.py").write_text('print(_("Only %(left)s left."))\n')
    (settings.BASE_DIR / "templates" / "page.html").unlink()

    project.write_text(f'{PO}\n#, python-format\nmsgid "Only %(left)s left."\nmsgstr "{wrong}"\n')
    (fault,) = incomplete(project)
    assert fault.startswith("shop/code.py:1: 'Only %(left)s left.' is translated wrongly")

    project.write_text(f'{PO}\n#, python-format\nmsgid "Only %(left)s left."\nmsgstr "נשארו רק %(left)s."\n')
    assert incomplete(project) == []


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
    ],
)
def test_each_way_a_template_translates_is_understood(template, messages):
    method: Any = extract_template
    found = extract(method, BytesIO(template.encode()))

    assert [message for _, message, _, _ in found] == messages


def test_the_project_speaks_hebrew():
    assert [po.parent.parent.name for po in catalogues()] == ["he"]
    assert {code for code, _ in django_settings.LANGUAGES} == {"en", "he"}
