from shopmcp.checks import templates_parse


def test_every_template_of_the_project_parses():
    assert templates_parse() == []


def test_a_template_that_does_not_parse_is_named(settings, tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "broken.html").write_text("{% if %}")
    settings.BASE_DIR = tmp_path

    (fault,) = templates_parse()
    assert fault.msg.startswith("templates/broken.html: ")
