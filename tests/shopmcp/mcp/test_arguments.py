"""What clients send as arguments: what is tolerated, and the words for what is not."""

import json
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from shopmcp.errors import InvalidArguments
from shopmcp.mcp.arguments import (
    Arguments,
    IgnoredBeside,
    Listed,
    NeverNull,
    Whole,
    ZeroIsAbsent,
    output_schema,
)


class Entry(BaseModel):
    name: Annotated[str, Field(max_length=5)]


class Price(BaseModel):
    """An amount."""

    amount: str


class Line(BaseModel):
    name: str = Field(description="Its name.")
    price: Price | None


class Out(BaseModel):
    total: Price
    note: str | None
    lines: list[Line]


ARGUMENTS = Arguments(
    "try",
    {
        "count": (Annotated[int, Field(ge=1, le=9, description="How many."), Whole], ...),
        "name": (Annotated[str | None, Field(max_length=5, description="A name.")], None),
        "often": (Annotated[int, Field(ge=0, le=9), Whole, NeverNull(), IgnoredBeside("entries")], 1),
        "most": (Annotated[int | None, Field(ge=1, le=9), Whole, ZeroIsAbsent()], None),
        "kind": (Literal["a", "b"], "a"),
        "entries": (Annotated[list[Entry] | None, Field(min_length=1, max_length=2), Listed], None),
    },
)


def read(**given):
    return ARGUMENTS.read(ARGUMENTS.present(given))


def refusal(**given):
    with pytest.raises(InvalidArguments) as caught:
        read(**given)
    return str(caught.value.message)


@pytest.mark.parametrize("value", [2, 2.0, "2", " +2 "])
def test_whole_numbers_may_be_written_in_many_ways(value):
    assert read(count=value) == {"count": 2, "name": None, "often": 1, "most": None, "kind": "a", "entries": None}


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
    assert read(count=1, name=None, kind=None)["kind"] == "a"
    assert "`often`" in refusal(count=1, often=None)


NOTHINGS = [None, "", " ", "null", "None", "NULL", "undefined", '""', "'null'"]


@pytest.mark.parametrize("nothing", [*NOTHINGS, [], "[]", [None], [""]], ids=repr)
@pytest.mark.parametrize("argument", ["name", "kind", "most", "entries"])
def test_what_hosts_send_in_place_of_an_optional_argument_counts_as_absent(argument, nothing):
    assert ARGUMENTS.present({"count": 1, argument: nothing}) == {"count": 1}


@pytest.mark.parametrize("nothing", [[{}], [{"name": ""}, {"name": None}], '[{"name": "null"}]'], ids=repr)
def test_a_list_of_objects_that_all_name_nothing_counts_as_absent(nothing):
    assert read(count=1, entries=nothing)["entries"] is None


def test_entries_of_a_list_that_stand_for_nothing_are_left_out():
    one = {"name": "a"}

    for entries in ([None, one, "null"], [one, ""], json.dumps([None, one])):
        assert [entry.name for entry in read(count=1, entries=entries)["entries"]] == ["a"]


def test_a_list_in_which_one_object_names_something_is_read_as_a_whole():
    assert "`entries[1].name` is required" in refusal(count=1, entries=[{"name": "a"}, {}])


@pytest.mark.parametrize("nothing", NOTHINGS, ids=repr)
def test_nothing_stands_for_a_required_argument(nothing):
    assert "`count` must be" in refusal(count=nothing)


@pytest.mark.parametrize("zero", [0, 0.0, "0", "0.00", " 0 "], ids=repr)
def test_0_counts_as_absent_where_it_can_mean_nothing(zero):
    assert read(count=1, most=zero)["most"] is None
    assert "`count` must be at least 1" in refusal(count=0)


def test_an_argument_is_ignored_beside_one_that_takes_its_place():
    assert read(count=1, often=-1, entries=[{"name": "a"}])["often"] == 1
    assert "`often`" in refusal(count=1, often=-1)
    assert "`often`" in refusal(count=1, often=-1, entries=[])


@pytest.mark.parametrize(("number", "text"), [(7, "7"), (2**40, None), (0, "0")])
def test_a_number_is_its_text_where_text_is_wanted(number, text):
    if text is None:
        assert "`name` is longer" in refusal(count=1, name=number)
    else:
        assert read(count=1, name=number)["name"] == text


def test_true_is_no_text():
    assert "`name` must be text" in refusal(count=1, name=True)


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
    assert read(count=1, entries='[{"name": "a"}]')["entries"] == [Entry(name="a")]


def test_unknown_names_are_clipped_and_five_at_most():
    given = {"count": 1, "x" * 100: 1, "a\nb": 2, **{f"z{n}": 3 for n in range(9)}}

    names = ARGUMENTS.unknown(given)
    assert len(names) == 5
    assert names[:2] == ("a\\nb", "x" * 40)
    assert read(**given)["count"] == 1


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


def test_the_published_schema_lets_hosts_send_nothing_and_refers_to_nothing():
    properties = ARGUMENTS.schema["properties"]

    assert properties["most"]["minimum"] == 0
    assert properties["entries"] == {
        "type": "array",
        "maxItems": 2,
        "items": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}, "required": ["name"]},
    }


def test_an_output_schema_names_fields_and_those_of_a_line_and_allows_a_refusal():
    assert output_schema(Out) == {
        "type": "object",
        "properties": {
            "total": {},
            "note": {},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"name": {}, "price": {}}}},
            "error": {"type": "object"},
        },
        "anyOf": [{"required": ["total", "lines"]}, {"required": ["error"]}],
    }
