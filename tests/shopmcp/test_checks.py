from shopmcp.checks import templates_parse, translations_are_complete


def test_every_template_of_the_project_parses():
    assert templates_parse() == []


def test_a_template_that_does_not_parse_is_named(settings, tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "broken.html").write_text("{% if %}")
    settings.BASE_DIR = tmp_path

    (fault,) = templates_parse()
    assert fault.msg.startswith("templates/broken.html: ")


def test_an_incomplete_catalogue_is_a_warning_that_names_the_sentence(settings, tmp_path):
    (tmp_path / "code.py").write_text('print(_("Cart"))\n')
    po = tmp_path / "locale" / "he" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n')
    settings.BASE_DIR = tmp_path
    settings.LOCALE_PATHS = [tmp_path / "locale"]

    (fault,) = translations_are_complete()
    assert "code.py:1: 'Cart' is missing" in fault.msg
