"""Reading what a cart's tool answered."""


def text(result):
    return result.content[0].text


def cart(result):
    assert not result.is_error, text(result)
    return result.structured_content


def error(result):
    assert result.is_error, text(result)
    return result.structured_content["error"]


def quantities(result):
    return {line["product_id"]: line["quantity"] for line in cart(result)["lines"]}


def codes(result):
    return [notice["code"] for notice in cart(result).get("notices", ())]


def changes(result):
    return cart(result).get("changes", [])
