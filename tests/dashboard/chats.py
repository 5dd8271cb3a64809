"""Conversations for pages to show, played over HTTP as clients hold them."""

CLIENT = "io.modelcontextprotocol/clientInfo"
CHATS = [
    ("openai-mcp", "breakfast", ["honey", "bread", "milk"]),
    ("openai-mcp", "gift", ["candle", "mug"]),
    ("openai-mcp", "dinner", ["pasta", "tomato", "cheese", "oil"]),
    ("Visual Studio Code", "office", ["coffee"]),
    ("codex", "pantry", ["rice", "lentils"]),
    ("openai-mcp", "looking", []),
]


def chat(server, client, name=None, *, key="openai/session", **more):
    """A function that calls tools for one conversation of a client; without a name it sends no conversation id."""
    meta = {CLIENT: {"name": client, "version": "1"}, **({key: name} if name else {}), **more}

    def call(tool, **arguments):
        return server.call_tool(tool, meta=meta, **arguments)

    return call


def play(server, chats=CHATS):
    """Play them all: each searches, looks, and fills its cart."""
    keys = {"Visual Studio Code": "vscode.conversationId", "codex": "threadId"}
    for client, name, wishes in chats:
        call = chat(server, client, name, key=keys.get(client, "openai/session"))
        call("list_stores")
        for wish in wishes:
            found = call("search_products", query=wish)["structuredContent"]["products"]
            if found:
                call("get_product", product_id=found[0]["product_id"])
                call("add_to_cart", product_id=found[0]["product_id"], quantity=1 + len(wish) % 3)
        if len(wishes) > 2:
            first = call("view_cart")["structuredContent"]["lines"][0]["product_id"]
            call("update_cart_item", product_id=first, quantity=5)
            call("remove_from_cart", product_id=first)
            call("undo_cart_change")
        call("search_products", query="unobtainium")
        call("add_to_cart", product_id="nothing:there")


def play_unkeyed(server):
    """Calls without a conversation id, or with a wrong one: clients known and unknown."""
    chat(server, "mcp-inspector")("search_products", query="tea")
    chat(server, "openai-mcp", **{"openai/locale": "he"})("view_cart")
    other = chat(server, "house-robot", **{"robot/chatId": "7", "robot/version": "3"})
    chat(server, "codex", "made up", key="threadId")("view_cart", cart_id="cart_made_up")
    added = other("add_to_cart", product_id="honey")
    return added
