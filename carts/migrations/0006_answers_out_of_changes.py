"""Answers to a `request_id` move into rows of their own. What they held of the cart goes: a `cart_id` among it."""

import json
from datetime import timedelta

from django.db import migrations
from django.utils import timezone

_KEPT = timedelta(days=1)
_ROW = 350
_BATCH = 500


def move(apps, schema_editor):
    Change = apps.get_model("carts", "Change")
    AnsweredRequest = apps.get_model("carts", "AnsweredRequest")
    answered = Change.objects.filter(answer__isnull=False, created_at__gt=timezone.now() - _KEPT).exclude(request_id="")
    # Carts of one session may have answered the same request_id: the newest answer counts.
    found = answered.order_by("id").values_list("id", "cart__session", "request_id")
    newest = {(session, request_id): pk for pk, session, request_id in found}
    keys, filled = sorted(newest.values()), {}
    for n in range(0, len(keys), _BATCH):
        rows = []
        for change in Change.objects.filter(id__in=keys[n : n + _BATCH]).select_related("cart").order_by("id"):
            data, session = change.answer.get("data", {}), change.cart.session_id
            # The notice about the shared cart is added to each answer, so it is not kept.
            notices = [(n["code"], n["text"]) for n in data.get("notices", ()) if n["code"] != "shared_cart"]
            told = json.dumps({"changes": data.get("changes", []), "notices": notices}, ensure_ascii=False)
            filled[session] = filled.get(session, 0) + _ROW + len(change.request_id) * 2 + len(told.encode())
            rows.append(
                AnsweredRequest(
                    session_id=session,
                    request_id=change.request_id,
                    fingerprint=change.fingerprint,
                    cart_key=change.cart_id,
                    version=data.get("version", change.version),
                    told=told,
                    filled=filled[session],
                    created_at=change.created_at,
                )
            )
        AnsweredRequest.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("carts", "0005_answered_requests")]

    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="change", name="one_change_per_request"),
        migrations.RemoveIndex(model_name="change", name="change_answered"),
        migrations.RemoveField(model_name="change", name="answer"),
        migrations.RemoveField(model_name="change", name="fingerprint"),
        migrations.RemoveField(model_name="change", name="request_id"),
    ]
