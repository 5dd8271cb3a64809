"""`manage.py simulate_chats` against a real server."""

import json

COUNTED = """
import json
from carts.models import CallRecord, Line, Session
from orders.models import Order
print("COUNTED " + json.dumps({
    "clients": sorted(set(CallRecord.objects.values_list("client", flat=True))),
    "unkeyed": CallRecord.objects.filter(source="default").exists(),
    "sources": sorted(set(Session.objects.values_list("source", flat=True))),
    "calls": CallRecord.objects.count(),
    "lines": Line.objects.exists(),
    "orders": Order.objects.filter(is_test=True, note__startswith="Simulated").count(),
    "others": Order.objects.filter(is_test=False).count(),
}))
"""


def test_simulated_chats_are_real_calls_of_several_clients(own_shop):
    server = own_shop("--demo")

    said = server.manage("simulate_chats", "10").stdout

    counted = json.loads(server.manage("shell", "-c", COUNTED).stdout.partition("COUNTED ")[2])

    assert said.strip() == f"Played 10 chats with {counted['calls']} calls; test orders: {counted['orders']}."
    assert counted["orders"] > 2
    assert counted["others"] == 0
    assert counted["clients"] == ["Visual Studio Code", "codex", "mcp-inspector", "openai-mcp"]
    assert {"openai/session", "threadId", "vscode.conversationId"} <= set(counted["sources"])
    assert counted["unkeyed"]
    assert counted["lines"]


def test_a_server_that_is_not_there_is_told_in_words(live_shop):
    result = live_shop.manage("simulate_chats", "1", "--url", "http://127.0.0.1:9", check=False)

    assert result.returncode == 1
    assert "cannot be reached" in result.stderr
