"""Leave out generated requests that the shop must refuse although they fit the schema; used by `.ci/api`.

A schema cannot say that a cursor must be signed by the shop, that a range must end after it begins, what a postal code
is, or how the fields of a coupon belong together. The shop refuses such requests with 422, which other tests check. It
must answer all other requests that fit the schema.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import schemathesis


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Whether the shop has to answer the request."""
    query = case.query if isinstance(case.query, dict) else {}
    if query.get("cursor"):
        return False
    if isinstance(case.body, dict) and not _is_taken(case.path, case.body, is_new=case.method == "POST"):
        return False
    ends = query.get("until", datetime.now(UTC).isoformat())
    return _in_order(_moment, query.get("since"), ends) and _in_order(
        Decimal, query.get("min_price"), query.get("max_price")
    )


def _is_taken(path: str, body: dict[str, Any], *, is_new: bool) -> bool:
    """Whether what is written belongs together, by the rules that no schema can say."""
    for resource, rule in _RULES.items():
        if f"/{resource}" in path:
            try:
                return rule(body, is_new)
            except (TypeError, ValueError, InvalidOperation, AttributeError):
                return True  # it does not fit the schema: the shop must refuse it
    return True


def _coupon(body: dict[str, Any], is_new: bool) -> bool:
    value, kind = body.get("value"), body.get("kind")
    is_worth = kind == "free_delivery" or (value is not None and 0 < Decimal(str(value)) <= 100)
    return (
        ("code" not in body or body["code"] is None or _is_said(body["code"]))
        and (is_worth or (value is None and kind is None and not is_new))
        and _is_above_nothing(body.get("minimum"))
        and not body.get("products")
        and _in_order(_moment, body.get("begins_at"), body.get("ends_at"))
        and body.get("begins_at") != body.get("ends_at", "")
    )


def _delivery_option(body: dict[str, Any], _is_new: bool) -> bool:
    return (
        (body.get("name") is None or _is_said(body["name"]))
        and _is_above_nothing(body.get("free_above"))
        and _is_above_nothing(body.get("minimum"))
        and all(re.fullmatch("[0-9]{2,7}", code) for code in body.get("postal_codes") or ())
        and (body.get("kind") != "pickup" or _is_said(body.get("pickup_place") or ""))
        and (body.get("pickup_place") is None or _is_said(body["pickup_place"]))
    )


def _webhook(body: dict[str, Any], _is_new: bool) -> bool:
    return body.get("address") is None or bool(re.fullmatch("https://[a-z]+[.]example[.]com/[a-z]*", body["address"]))


def _order(body: dict[str, Any], _is_new: bool) -> bool:
    return body.get("state") != "cancelled" or _is_said(body.get("reason", ""))


# By the resource that the path names.
_RULES = {"coupons": _coupon, "delivery-options": _delivery_option, "webhooks": _webhook, "orders": _order}


def _is_said(text: str) -> bool:
    """Whether something is left of a text that the shop has cleaned."""
    return any(sign.isascii() and sign.isalnum() for sign in text)


def _is_above_nothing(amount: Any) -> bool:
    return amount is None or Decimal(str(amount)) > 0


def _in_order(read: Any, first: Any, last: Any) -> bool:
    if first is None or last is None:
        return True
    try:
        return bool(read(str(first)) <= read(str(last)))
    except (ValueError, InvalidOperation):
        return True  # it does not fit the schema: the shop must refuse it


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
