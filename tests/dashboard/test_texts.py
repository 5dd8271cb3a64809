import pytest
from django.utils import translation

from carts import tools  # noqa: F401 - so that every refusal there is has been defined
from dashboard.texts import outcome_text
from shopmcp.errors import ShopError

# What no tool answers with: the codes of pages and of the JSON API.
ELSEWHERE = {"refused", "unauthorized", "forbidden", "kept", "not_proven", "taken", "too_many_requests"}


def codes(kind=ShopError):
    yield kind.code
    for narrower in kind.__subclasses__():
        if narrower.__module__ == "shopmcp.errors":
            yield from codes(narrower)


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.parametrize("code", sorted({"ok", "internal_error", *codes()} - ELSEWHERE))
def test_every_outcome_of_a_call_is_told_in_words(code, language):
    with translation.override(language):
        said = outcome_text(code)

    assert said != code
    assert said.isascii() == (language == "en")


def test_an_outcome_nobody_knows_keeps_its_name():
    assert outcome_text("later") == "later"
