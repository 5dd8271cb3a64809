"""Cursors are sealed."""

import pytest

from shopmcp.errors import InvalidArguments
from shopmcp.paging import cursor, position


def test_a_cursor_gives_back_what_it_holds():
    assert position("carts", cursor("carts", "2026-11-23", 7)) == ["2026-11-23", 7]


@pytest.mark.parametrize("text", ["", "x", "a:b", "é", "\ud800", cursor("calls", 7), cursor("carts", 7)[:-1]])
def test_a_cursor_that_this_list_did_not_give_is_refused(text):
    with pytest.raises(InvalidArguments):
        position("carts", text)
