"""`search` and `fetch`, the tools in the shape that connectors ask for."""

import json


def test_search_answers_connectors_in_their_shape(call_tool, shelf):
    result = call_tool("search", query="cola")

    assert result.structured_content == {
        "results": [{"id": "grocer:A4", "title": "Coca-Cola 1.5 l", "url": "https://shop.example.com/p/cola-i77"}]
    }
    assert [json.loads(item.text) for item in result.content] == [result.structured_content]
    assert call_tool("search", query="okapi").structured_content == {"results": []}


def test_fetch_answers_connectors_in_their_shape(call_tool, shelf):
    result = call_tool("fetch", id="grocer:A4")

    document = result.structured_content
    assert (document["id"], document["title"], document["url"]) == (
        "grocer:A4",
        "Coca-Cola 1.5 l",
        "https://shop.example.com/p/cola-i77",
    )
    assert "₪8.00" in document["text"]
    assert document["metadata"]["price"] == "8.00"
    assert [json.loads(item.text) for item in result.content] == [document]


def test_fetch_refuses_an_unknown_id_in_words(call_tool, shelf):
    result = call_tool("fetch", id="grocer:none")

    assert result.is_error
    assert result.structured_content["error"]["code"] == "not_found"
