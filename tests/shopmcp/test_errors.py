from shopmcp import errors
from shopmcp.errors import Ambiguous, ShopError


def test_a_refusal_carries_its_words_what_to_do_and_the_candidates():
    refusal = Ambiguous("Two products fit.", fix="Name one.", candidates=({"product_id": "a:1"}, {"product_id": "a:2"}))

    assert str(refusal) == refusal.message == "Two products fit."
    assert refusal.fix == "Name one."
    assert refusal.candidates == [{"product_id": "a:1"}, {"product_id": "a:2"}]


def test_each_kind_of_refusal_has_a_code_of_its_own():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ShopError)]

    assert len({kind.code for kind in kinds}) == len(kinds) > 5
