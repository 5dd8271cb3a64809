"""Where providers tell that an order was paid: that of a pay link, and Stripe; docs/orders.md describes it."""

import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any, Final, NoReturn

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from offers.models import Merchant
from orders.numbers import read_number
from orders.payments import provider_named
from orders.payments.provider import WrongSignature
from orders.services.online import take_notice
from orders.services.payments import Reported, receive_payment
from orders.views.shopper import network
from shopmcp import metrics
from shopmcp.errors import InvalidArguments, NotFound, ShopError, TooMany
from shopmcp.throttle import NetworkBuckets, Rate

# Reports from one network: a provider that repeats what failed stays far below.
payment_reports: Final = NetworkBuckets("payment-reports", lambda: Rate(10, 600))
_LARGEST: Final = 20_000  # bytes
_LONGEST_REFERENCE: Final = 200
_TOO_MUCH: Final = Decimal(10**11)
_STATUS: Final = {"not_found": 404, "wrong_state": 409, "too_many_requests": 429}


# No browser sends this: a provider's server has no cookie to be abused, and its signature proves who it is.
@csrf_exempt
@require_POST
def link_paid(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the signed report of a payment. 200 also for one that does not fit: it is kept, and not needed again."""
    try:
        if wait := payment_reports.take(network(request)):
            metrics.limit_hit("payments")
            raise TooMany(wait)
        merchant = _merchant(slug)
        if int(request.headers.get("Content-Length") or 0) > _LARGEST or len(request.body) > _LARGEST:
            return _told("too_large", _("The body is too large."), 413)
        if not _is_signed(request, merchant.pay_link_secret):
            return _told("wrong_signature", _("The signature does not fit the body."), 400)
        report = receive_payment(merchant.store, _read(request.body))
    except ShopError as refusal:
        return _refused(refusal)
    return JsonResponse({"order": report.order.number, "reference": report.reference, "outcome": report.outcome})


@csrf_exempt  # as above
@require_POST
def stripe_told(request: HttpRequest) -> HttpResponse:
    """Take an event of Stripe. 200 also for what is not about us: one account may serve other shops too."""
    if "stripe" not in settings.SHOPMCP_PAYMENTS or not settings.STRIPE_WEBHOOK_SECRET:
        raise Http404
    if wait := payment_reports.take(network(request)):
        metrics.limit_hit("payments")
        return _refused(TooMany(wait))
    try:
        notice = provider_named("stripe").read(request.body, request.headers)
    except WrongSignature:
        return _told("wrong_signature", _("The signature does not fit the body."), 400)
    return JsonResponse({"ours": take_notice("stripe", notice)})


def _merchant(slug: str) -> Merchant:
    found = Merchant.objects.select_related("store").filter(store__slug=slug).exclude(pay_link_secret="").first()
    if found is None or "link" not in settings.SHOPMCP_PAYMENTS:
        raise Http404
    return found


def _is_signed(request: HttpRequest, secret: str) -> bool:
    given = request.headers.get("Payment-Signature", "").strip().lower().removeprefix("sha256=")
    right = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _read(body: bytes) -> Reported:
    """Read a report whose signature fits.

    Raises:
        InvalidArguments: If something in it is missing or wrong.
        NotFound: If there can be no order of that number.
    """
    try:
        # As decimals: a float is not what was paid.
        given = json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _wrong(_("The body is no JSON.")) from None
    if not isinstance(given, dict):
        raise _wrong(_("The body is no JSON object."))
    reference, currency = _text(given, "reference"), _text(given, "currency").upper()
    if len(reference) > _LONGEST_REFERENCE or not reference.isprintable():
        raise _wrong(_("`reference` has 200 printable characters at the most."))
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise _wrong(_("`currency` is a code of three letters, such as ILS."))
    amount = _amount(given.get("amount"))
    if (number := read_number(_text(given, "order"))) is None:
        raise NotFound(_("There is no such order."), fix=_("Check its number."))
    return Reported(number, amount, currency, reference)


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(_("`%(name)s` is missing, or no text.") % {"name": name})
    return value.strip()


def _amount(value: object) -> Decimal:
    try:
        amount = value if isinstance(value, Decimal) else Decimal(value) if isinstance(value, str) else Decimal(0)
        if amount.is_finite() and 0 < amount < _TOO_MUCH and amount == amount.quantize(Decimal("0.001")):
            return amount
    except ArithmeticError:  # a text that is no number
        pass
    raise _wrong(_("`amount` is an amount above 0 such as 40.00."))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _wrong(message: str) -> InvalidArguments:
    return InvalidArguments(message, fix=_("Send order, amount, currency and reference."))


def _refused(refusal: ShopError) -> HttpResponse:
    response = _told(refusal.code, refusal.text, _STATUS.get(refusal.code, 400))
    if refusal.retry_after is not None:
        response["Retry-After"] = str(refusal.retry_after)
    return response


def _told(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message}}, status=status)
