"""What clients send as arguments: what is tolerated, and the words for what is not."""

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from shopmcp.errors import InvalidArguments
from shopmcp.mcp.arguments import Arguments, Listed, NeverNull, Whole, output_schema


class Entry(BaseModel):
    name: Annotated[str, Field(max_length=5)]


class Out(BaseModel):
    total: int
    note: str | None


ARGUMENTS = Arguments(
    "try",
    {
        "count": (Annotated[int, Field(ge=1, le=9, description="How many."), Whole], ...),
        "name": (Annotated[str | None, Field(max_length=5, description="A name.")], None),
        "often": (Annotated[int, Field(ge=0, le=9), Whole, NeverNull()], 1),
        "kind": (Literal["a", "b"], "a"),
        "entries": (Annotated[list[Entry] | None, Field(max_length=2), Listed], None),
    },
)


def refusal(**given):
    with pytest.raises(InvalidArguments) as caught:
        ARGUMENTS.read(given)
    return str(caught.value.message)


@pytest.mark.parametrize("value", [2, 2.0, "2", " +2 "])
def test_whole_numbers_may_be_written_in_many_ways(value):
    assert ARGUMENTS.read({"count": value}) == {"count": 2, "name": None, "often": 1, "kind": "a", "entries": None}


@pytest.mark.parametrize(
    "value", [True, False, None, "", "2.5", 2.5, 1e30, float("nan"), float("inf"), "٢", [2], "9" * 5000]
)
def test_what_is_no_whole_number_is_refused_in_words(value):
    assert refusal(count=value).startswith("`count` must be")


def test_bounds_are_told():
    assert refusal(count=10) == "`count` must be at most 9."
    assert refusal(count="-1") == "`count` must be at least 1."
    assert refusal(count=1, name="secret") == "`name` is longer than 5 characters."
    assert refusal() == "`count` is required."


def test_null_is_absent_but_where_it_is_a_mistake():
    assert ARGUMENTS.read({"count": 1, "name": None, "kind": None})["kind"] == "a"
    assert "`often`" in refusal(count=1, often=None)


def test_several_problems_are_told_at_once_and_values_never_repeated():
    said = refusal(count="secret", name="secret", kind="secret", entries=[{"name": "secret"}])

    for where in ("`count`", "`name`", "`kind`", "`entries[0].name`"):
        assert where in said
    assert "secret" not in said


@pytest.mark.parametrize("text", ["a\x00", "\x1b", "\x7f"])
def test_control_characters_are_refused_everywhere(text):
    assert "ontrol characters in `name`" in refusal(count=1, name=text)
    assert "ontrol characters in `entries`" in refusal(count=1, entries=[{"name": text}])


def test_surrogates_are_refused():
    assert "`name`" in refusal(count=1, name="\ud800")


def test_a_list_may_come_as_json_text():
    assert ARGUMENTS.read({"count": 1, "entries": '[{"name": "a"}]'})["entries"] == [Entry(name="a")]


def test_unknown_names_are_clipped_and_five_at_most():
    given = {"count": 1, "x" * 100: 1, "a\nb": 2, **{f"z{n}": 3 for n in range(9)}}

    names = ARGUMENTS.unknown(given)
    assert len(names) == 5
    assert names[:2] == ("a\\nb", "x" * 40)
    assert ARGUMENTS.read(given)["count"] == 1


def test_the_published_schema_has_bounds_and_no_null_arms():
    schema = ARGUMENTS.schema

    assert schema["required"] == ["count"]
    assert schema["properties"]["count"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "description": "How many.",
    }
    assert schema["properties"]["name"] == {"type": "string", "maxLength": 5, "description": "A name."}
    assert "null" not in repr(schema)
    assert "title" not in schema


def test_an_output_schema_keeps_null_and_allows_a_refusal():
    schema = output_schema(Out)

    assert {"type": "null"} in schema["properties"]["note"]["anyOf"]
    assert schema["anyOf"] == [{"required": ["total", "note"]}, {"required": ["error"]}]
