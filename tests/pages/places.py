"""Every page of the project, once. A test fails when an address that shows a page is missing here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.pages import doing

OWNER, SHOPPER = "owner", "shopper"


@dataclass(frozen=True)
class Place:
    """A page, or a state of one.

    Attributes:
        path: With the names of `Shop.addresses` in braces.
        who: Who has to look: the owner, a shopper with an account, or anybody.
        does: What leads on from there to what is looked at.
        status: What it answers, or how that begins, if Chromium reports it as an error.
        words: Whether its words are the project's own.
        heads: How many first headings it has.
        like: A path like this one, where the addresses cannot be read from it.
    """

    path: str
    who: str = ""
    does: Callable[[Any], None] | None = None
    status: int = 0
    words: bool = True
    heads: int = 1
    like: str = ""

    def __str__(self) -> str:
        return f"{self.path} {self.does.__name__ if self.does else ''}".strip()


PLACES = [
    Place("/"),
    Place("/mcp", status=405),
    Place("/privacy"),
    Place("/terms"),
    Place("/store/shop/"),
    Place("/store/demo/"),
    Place("/store/bakery/"),
    # What goes wrong
    Place("/nowhere", status=404),
    Place("/", does=doing.under_another_name, status=400),
    Place("/", does=doing.send_a_form_of_another_site, status=403),
    Place("/raises/403", status=403),
    Place("/raises/500", status=500, words=False),
    Place("/raises/503", status=503),
    Place("/dashboard/health/test/", OWNER, status=405),
    # Signing in
    Place("/admin/login/", heads=0),
    Place("/admin/login/", does=doing.sign_in_wrongly, heads=0),
    Place("/sign-in/"),
    Place("/sign-in/", does=doing.ask_for_a_link),
    Place("/without-mail/sign-in/"),
    Place("{sign_in_link}"),
    Place("/sign-in/forged/", status=404),
    # Django's own words, some of which have no Hebrew.
    Place("/admin/", OWNER, words=False),
    Place("/admin/catalog/product/", OWNER, words=False),
    # The API's words are for programmers, in English.
    Place("/api/docs", OWNER, does=doing.wait_for_the_api, words=False),
    # The owner's pages
    Place("/dashboard/", OWNER),
    Place("/dashboard/?q=nothing+like+it", OWNER),
    Place("/dashboard/sessions/", OWNER),
    Place("/dashboard/sessions/?q=nothing+like+it", OWNER),
    Place("/dashboard/sessions/{session}/", OWNER),
    Place("/dashboard/sessions/{session}/?at=1", OWNER),
    Place("/dashboard/sessions/{unkeyed}/", OWNER),
    Place("/dashboard/orders/", OWNER),
    Place("/dashboard/orders/{ordered}/", OWNER),
    Place("/dashboard/orders/{awaiting}/", OWNER),
    Place("/dashboard/orders/{refunded}/", OWNER),
    Place("/dashboard/orders/{ordered}/change/", OWNER),
    Place("/dashboard/orders/{refunded}/slip/", OWNER),
    Place("/dashboard/customers/", OWNER),
    Place("/dashboard/customers/{customer}/", OWNER),
    Place("/dashboard/analytics/", OWNER),
    Place("/dashboard/searches/", OWNER),
    Place("/dashboard/stuck/", OWNER),
    Place("/dashboard/synonyms/?words=gold", OWNER),
    Place("/dashboard/synonyms/{synonyms}/", OWNER),
    Place("/dashboard/messages/", OWNER),
    Place("/dashboard/messages/failed/", OWNER),
    Place("/dashboard/health/", OWNER),
    Place("/dashboard/warnings/", OWNER),
    *(
        Place(f"/dashboard/warnings/{kind}/", OWNER)
        for kind in ("unkeyed", "malformed_id", "placeholder_id", "shared_id", "rotating_id", "unknown_handle")
    ),
    *(
        Place(f"/dashboard/warnings/{kind}/", OWNER)
        for kind in ("expired_handle", "foreign_handle", "subject_changed")
    ),
    Place("/dashboard/delivery/", OWNER),
    Place("/dashboard/delivery/new/demo/", OWNER),
    Place("/dashboard/delivery/new/demo/", OWNER, doing.send_nothing),
    Place("/dashboard/delivery/{option}/", OWNER),
    Place("/dashboard/coupons/", OWNER),
    Place("/dashboard/coupons/new/demo/", OWNER),
    Place("/dashboard/coupons/new/demo/", OWNER, doing.send_nothing),
    Place("/dashboard/coupons/{coupon}/", OWNER),
    Place("/dashboard/stores/", OWNER),
    Place("/dashboard/stores/demo/", OWNER),
    Place("/dashboard/stores/demo/texts/", OWNER),
    Place("/dashboard/stores/demo/remove/", OWNER),
    Place("/dashboard/stores/demo/blocked/", OWNER),
    Place("/dashboard/webhooks/", OWNER),
    Place("/dashboard/webhooks/new/", OWNER),
    Place("/dashboard/webhooks/new/", OWNER, doing.send_nothing),
    Place("/dashboard/webhooks/{webhook}/", OWNER),
    Place("/dashboard/webhooks/{webhook}/change/", OWNER),
    Place("/dashboard/keys/", OWNER),
    Place("/dashboard/sign-in/", OWNER),
    Place("/dashboard/preview/", OWNER),
    Place("/dashboard/preview/?show=product", OWNER),
    Place("/dashboard/preview/?show=cart", OWNER),
    Place("/dashboard/products/", OWNER),
    Place("/dashboard/products/?state=unpriced", OWNER),
    Place("/dashboard/products/{product}/", OWNER),
    Place("/dashboard/products/new/?name=gold", OWNER),
    Place("/dashboard/imports/", OWNER),
    Place("/dashboard/imports/", OWNER, doing.send_nothing),
    *(Place(f"/dashboard/imports/{{{state}}}/", OWNER) for state in ("done", "ready", "odd", "away")),
    # A cart in the browser
    Place("{cart}", like="/c/x"),
    Place("{seen}", like="/c/x"),
    Place("{cart}", does=doing.ask_for_a_code),
    Place("{cart}", does=doing.end_the_link),
    Place("{cart}", does=doing.come_too_late, status=409),
    Place("{cart}", does=doing.order_nothing_of_it, status=422),
    Place("{own_cart}"),
    Place("/c/forged", status=404),
    Place("/buy/shop:honey:2,shop:gone:1"),
    Place("{demo_cart}"),
    Place("{demo_cart}", does=doing.order_for_a_code, status=409),
    Place("{demo_cart}", does=doing.write_a_wrong_code, status=4),
    Place("{demo_cart}", does=doing.be_reminded_without_a_tick, status=422),
    Place("{demo_cart}", does=doing.be_reminded),
    Place("{reminder}", like="/c/reminders/x"),
    Place("{reminder}", does=doing.end),
    # Payments and orders
    Place("{dummy}", like="/payments/dummy/x"),
    Place("{late}"),
    Place("{over}"),
    *(Place(f"{{{name}}}", like="/orders/x") for name in ("waiting", "part", "owed", "transfer", "link")),
    Place("{waiting}?back=1"),
    Place("{waiting}?step=cancel"),
    Place("/orders/find"),
    Place("/orders/find", does=doing.send_nothing),
    # A shopper's account
    Place("/my/sign-in/"),
    Place("/my/sign-in/", does=doing.ask_to_sign_in, like="/my/sign-in/code/"),
    Place("/my/sign-in/", does=doing.sign_in_with_a_wrong_code),
    Place("/without-mail/my/sign-in/"),
    Place("/my/", SHOPPER),
    Place("/my/", SHOPPER, doing.show_a_code),
    Place("/my/details/", SHOPPER),
    Place("/my/details/", SHOPPER, doing.keep_no_address, status=422),
    Place("/my/one-cart/", SHOPPER),
    Place("/my/data/", SHOPPER),
    Place("/my/data/", SHOPPER, doing.delete_another_account, status=422),
    Place("/my/access/", SHOPPER),
    Place("/deleted/"),
    Place("{cart}", SHOPPER, doing.keep_it, like="/my/keep/x/"),
    Place("{asks}", SHOPPER, like="/o/authorize/"),
    Place("/o/authorize/?client_id=unknown", SHOPPER, status=400),
]  # fmt: skip

# Addresses that show no page of their own, by what they are for.
NO_PAGES = {
    "answers a program": [
        "healthz", "oauth-server-metadata", "oauth-resource-metadata", "token", "revoke-token", "dcr-register",
        "payment-state", "link-paid", "stripe-told", "metrics", "api/", "^api/[\\s\\S]*$",
    ],
    "is a file or a picture": [
        "dashboard-export", "dashboard-orders-export", "dashboard-analytics-export", "dashboard-searches-export",
        "dashboard-stuck-export", "dashboard-products-export", "logo", "cart-image", "widget-image", "widget-brand",
        "my-data-download", "favicon.ico",
    ],
    "takes a form, or leads on": [
        "set_language", "new-cart", "own-cart", "payment-return", "my-sign-out", "my-sign-out-everywhere",
        "dashboard-order-act", "dashboard-end-links", "dashboard-leave-out", "dashboard-unlink", "dashboard-settle",
        "dashboard-check", "dashboard-messages-act", "dashboard-delivery-delete", "dashboard-coupons-delete",
        "dashboard-afresh",
        "dashboard-store-remove-logo", "dashboard-store-confirm", "dashboard-store-pay-link-secret",
        "dashboard-webhook-replay", "dashboard-webhook-act", "dashboard-key-revoke", "dashboard-own-address",
        "dashboard-import-undo", "dashboard-import-daily-end", "dashboard-import-act", "dashboard-product-hide",
    ],
    "is what the preview frames: tests/widgets look at it": ["dashboard-preview-widget"],
}  # fmt: skip
