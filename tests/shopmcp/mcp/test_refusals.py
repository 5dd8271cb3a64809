from django.utils import translation

from shopmcp.errors import Ambiguous, NotFound, TooMany
from shopmcp.mcp.refusals import refused

CUP = {"product_id": "shop:c1", "name": "Cup", "price": {"amount": "5.00", "formatted": "₪5.00"}, "store": "shop"}
UNPRICED = {"product_id": "shop:c2", "name": "cup", "price": None, "store": "shop"}


def text(result):
    return result["content"][0]["text"]


def test_the_text_names_the_candidates_as_the_data_does():
    refusal = Ambiguous("Several products fit “cup”.", fix="Name one by its product_id.", candidates=[CUP, UNPRICED])

    result = refused(refusal, ending=("The cart is unchanged.", ""))

    assert result["isError"]
    assert result["structuredContent"]["error"]["candidates"] == [CUP, UNPRICED]
    assert text(result) == (
        "Several products fit “cup”. Perhaps one of these is meant:\n"
        "- Cup · shop:c1 · ₪5.00\n"
        "- cup · shop:c2\n"
        "Name one by its product_id. The cart is unchanged."
    )


def test_a_store_that_may_be_meant_is_named_with_its_slug():
    refusal = NotFound(
        "There is no store “grocr”.", fix="Name one.", candidates=[{"store": "grocer", "name": "Grocer"}]
    )

    assert "\n- Grocer · grocer\n" in text(refused(refusal))


def test_candidates_are_announced_in_the_language_of_the_answer():
    with translation.override("he"):
        assert "אולי הכוונה לאחד מאלה:" in text(refused(Ambiguous("x", candidates=[CUP])))


def test_without_candidates_the_text_is_one_line():
    assert text(refused(NotFound("Gone.", fix="Search again."))) == "Gone. Search again."


def test_a_refusal_that_waiting_helps_says_for_how_long():
    assert refused(TooMany(7))["structuredContent"]["error"]["retry_after"] == 7
    assert "retry_after" not in refused(NotFound("Gone."))["structuredContent"]["error"]
