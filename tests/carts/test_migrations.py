"""A shop from before answers to a `request_id` had rows of their own."""

from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from carts.conversation import conversation_of
from carts.digests import cart_id_of
from carts.models import AnsweredRequest, Change, Session
from shopmcp.mcp.call import Call

BEFORE = ("carts", "0004_lines_of_identities")


def old_answer(handle, version, *changes):
    """An answer as the former version stored it, or the one before that, with its cart_id."""
    notices = [{"code": "stock", "text": "Only 1 left."}, {"code": "shared_cart", "text": "Shared."}]
    data = {
        "cart_id": handle,
        "version": version,
        "changes": list(changes),
        "notices": notices,
        "lines": [{"name": "x"}],
    }
    return {"text": f"pass cart_id {handle}", "data": data}


def test_answers_move_out_of_the_changes_without_what_opens_a_cart(another_database):
    executor = MigrationExecutor(connection)
    executor.migrate([BEFORE])
    old = executor.loader.project_state([BEFORE]).apps
    digest = conversation_of(Call("", {"openai/session": "chat-1"})).digests[0]
    session = old.get_model("carts", "Session").objects.create(
        public_id="s_" + "a" * 16, digest=digest, source="openai/session"
    )
    made = old.get_model("carts", "Cart").objects.create(public_id="c_1", session=session, version=4)
    ordered = old.get_model("carts", "Cart").objects.create(
        public_id="c_0", session=session, version=1, ordered_at=timezone.now()
    )
    handle, now = cart_id_of(session.public_id), timezone.now()
    rows = [
        (ordered, 1, "twice", 2, old_answer(handle, 1, "Before: 0 → 1")),
        (made, 1, "twice", 1, old_answer(handle, 1, "Honey: 0 → 1")),
        (made, 2, "forgotten", 25, old_answer(handle, 2, "Honey: 1 → 2")),
        (made, 3, "", 1, None),
        (made, 4, "אחד", 1, old_answer(handle, 4)),
    ]
    for of, version, request_id, hours, answer in rows:
        old.get_model("carts", "Change").objects.create(
            cart=of,
            version=version,
            tool="add_to_cart",
            undo_to=version - 1,
            request_id=request_id,
            fingerprint=request_id and "f" * 43,
            answer=answer,
            created_at=now - timedelta(hours=hours),
        )

    call_command("migrate", verbosity=0)

    assert Session.objects.get().digest == digest
    assert list(Change.objects.order_by("cart", "version").values_list("version", flat=True)) == [1, 2, 3, 4, 1]
    kept = AnsweredRequest.objects.order_by("id")
    assert list(kept.values_list("request_id", "version", "cart_key", "told")) == [
        ("twice", 1, made.pk, '{"changes": ["Honey: 0 → 1"], "notices": [["stock", "Only 1 left."]]}'),
        ("אחד", 4, made.pk, '{"changes": [], "notices": [["stock", "Only 1 left."]]}'),
    ]
    assert [answer.filled > 350 for answer in kept] == [True, True]
    assert kept[1].filled > kept[0].filled
    assert {answer.fingerprint for answer in kept} == {"f" * 43}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert handle not in str(cursor.fetchall())
