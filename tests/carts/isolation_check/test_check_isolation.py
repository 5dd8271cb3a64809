"""`manage.py check_isolation` against real servers, sound ones and broken ones."""

import json

import pytest
from django.core.management import call_command

from carts.caller import Caller
from carts.digests import cart_id_of
from carts.isolation_check.checks import REVISIONS
from carts.management.commands import check_isolation
from carts.models import Session
from carts.services import carts
from shopmcp.mcp.call import Call
from tests.carts.chats import change
from tests.live import free_port

LEFT = """
import json
from carts.models import CallRecord, Cart, Line, Session, SessionWarning, Tombstone
models = (CallRecord, Cart, Line, Session, SessionWarning, Tombstone)
print("LEFT " + json.dumps({m.__name__: list(m.objects.order_by("pk").values()) for m in models}, default=str))
"""
NOTHING: dict[str, list[object]] = {
    name: [] for name in ("CallRecord", "Cart", "Line", "Session", "SessionWarning", "Tombstone")
}


def left(server):
    """What the server's database holds of sessions, carts and statistics."""
    output = server.manage("shell", "-c", LEFT).stdout
    return json.loads(output.partition("LEFT ")[2])


def run(server, *arguments):
    # The command's own code is sound, whatever the server's.
    return server.manage("check_isolation", *arguments, check=False, DJANGO_SETTINGS_MODULE="shopmcp.settings")


@pytest.mark.parametrize("policy", ["isolate", "refuse", "shared"])
def test_a_sound_server_passes_and_nothing_is_left_behind(own_shop, policy):
    server = own_shop("--demo", SHOPMCP_UNKEYED_CALLS=policy)

    result = run(server)

    assert (result.returncode, result.stderr) == (0, ""), result.stdout + server.output
    *checks, summary = result.stdout.splitlines()
    assert {line[0] for line in checks} == {"✓"}
    assert all(sum(revision in line for line in checks) >= 9 for revision in REVISIONS)
    # Under `shared` all is as the policy says, and carts meet.
    said = "but carts can meet" if policy == "shared" else "no chat sees another's cart."
    assert summary.startswith(f"All {len(checks)} checks passed")
    assert said in summary
    assert left(server) == NOTHING


def test_the_shared_cart_and_other_conversations_stay_exactly_as_they_were(own_shop):
    server = own_shop("--demo", SHOPMCP_UNKEYED_CALLS="shared")
    server.call_tool("add_to_cart", product_id="demo:HO-005", quantity=2)
    server.call_tool("add_to_cart", product_id="demo:HO-005", meta={"openai/session": "real"})
    server.restart()  # by then every record is written
    before = left(server)
    assert len(before["Session"]) == 2

    result = run(server)
    assert result.returncode == 0, result.stdout + server.output

    assert left(server) == before


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("fault", "noticed"),
    [
        ("one_for_all", "other conversations do not see it"),
        ("one_key", "other conversations do not see it"),
        ("blind", "new conversations begin with empty carts of their own"),
        ("handle_wins", "a conversation is refused another one's cart_id"),
        ("believing", "a forged cart_id opens nothing"),
    ],
)
def test_a_server_whose_session_code_is_broken_fails(own_shop, fault, noticed):
    server = own_shop("--demo", DJANGO_SETTINGS_MODULE="tests.carts.isolation_check.broken", BROKEN=fault)

    result = run(server)

    assert result.returncode == 1
    assert any(line.startswith("✗") and noticed in line for line in result.stdout.splitlines())
    assert "carts may not be safe from other chats" in result.stderr
    if fault != "blind":  # such a server does not see either that a check is calling
        assert left(server)["Session"] == []


def test_a_shop_with_nothing_to_sell_is_told_so(empty_shop):
    result = run(empty_shop)

    assert result.returncode == 1
    assert "nothing to sell" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_server_that_does_not_answer_is_named(empty_shop):
    url = f"http://127.0.0.1:{free_port()}"

    result = run(empty_shop, "--url", url)

    assert result.returncode == 1
    assert f"{url} cannot be reached" in result.stderr
    assert "manage.py serve" in result.stderr
    assert run(empty_shop, "--url", "shop.example.com").returncode == 1


def test_an_interrupted_check_takes_its_sessions_along_and_no_others(monkeypatch, honey):
    def interrupted(server):
        for value, client in (("mine", "check"), ("somebody's", "real")):
            meta = {"openai/session": value} | (server.mark if client == "check" else {})
            change(carts.add_items, Caller(Call("add_to_cart", meta, client=client)), [("shop:honey", 1)])
        # A server that mixes up its sessions gave the check another one's cart_id.
        server.cart_ids.update(map(cart_id_of, Session.objects.values_list("public_id", flat=True)))
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(check_isolation, "verdicts", interrupted)

    with pytest.raises(KeyboardInterrupt):
        call_command("check_isolation")

    assert Session.objects.get().client == "real"
