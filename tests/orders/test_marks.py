from orders.marks import is_test, mark_of_test


def test_a_mark_is_for_one_page_and_nobody_else_can_make_it():
    assert is_test("token", mark_of_test("token"))
    assert not is_test("other", mark_of_test("token"))
    assert not any(is_test("token", forged) for forged in ("", "token", "token:x", mark_of_test("token") + "x"))
