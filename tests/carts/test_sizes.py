"""What each conversation carries before it begins: how large, and in which form, the published tools are."""

import json
from typing import Any

import pytest

from shopmcp.composition import endpoint, toolbox
from shopmcp.mcp.server import published
from tests.carts.test_published import parts
from widgets.resources import WIDGETS

MOST_OF_A_DESCRIPTION, MOST_OF_AN_OUTPUT = 600, 600
MOST_WITHOUT_OUTPUTS, MOST_IN_ALL = 16_000, 26_000
RULE = "If an answer gives a cart_id, pass it with every later cart call; never invent one."


def dumped(name) -> dict[str, Any]:
    tool = toolbox.tools[name]
    widget = next((widget for widget in WIDGETS if widget.name == tool.widget), None)
    told = published(tool, widget).model_dump(mode="json", by_alias=True, exclude_none=True)
    # On the wire they stand in both places.
    return told | {key: told["_meta"][key] for key in ("securitySchemes",) if key in told.get("_meta", {})}


def size(part: Any) -> int:
    """How many bytes it takes on the wire."""
    return len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())


def test_the_whole_list_is_small():
    tools = [dumped(name) for name in toolbox.listed]

    assert size({"tools": tools}) < MOST_IN_ALL
    told = ("name", "title", "description", "annotations", "inputSchema")
    assert sum(size({key: tool[key] for key in told}) for tool in tools) < MOST_WITHOUT_OUTPUTS


@pytest.mark.parametrize("name", toolbox.listed)
def test_a_description_is_short_and_breaks_no_sentence(name):
    description = dumped(name)["description"]

    assert len(description) < MOST_OF_A_DESCRIPTION
    assert all(line.endswith(".") for line in description.split("\n"))


@pytest.mark.parametrize("name", toolbox.tools)
def test_an_output_schema_names_fields_without_describing_them(name):
    schema = dumped(name)["outputSchema"]

    assert size(schema) < MOST_OF_AN_OUTPUT
    for part in parts(schema):
        # A field of that name is none.
        assert not isinstance(part, dict) or part.get("description", {}) == {}


@pytest.mark.parametrize("name", toolbox.tools)
def test_no_schema_refers_to_another(name):
    shown = dumped(name)

    for part in (*parts(shown["inputSchema"]), *parts(shown["outputSchema"])):
        assert not isinstance(part, dict) or not part.keys() & {"$ref", "$defs", "definitions"}


def test_one_rule_for_the_cart_id_stands_everywhere():
    assert RULE in (endpoint.server.instructions or "")
    for name in toolbox.listed:
        properties = dumped(name)["inputSchema"]["properties"]
        assert "cart_id" not in properties or properties["cart_id"]["description"] == RULE


def test_the_first_512_characters_of_the_instructions_stand_alone():
    beginning = (endpoint.server.instructions or "")[:512]

    assert "search_products" in beginning
    assert "add_to_cart" in beginning
    assert RULE in beginning
