"""The addresses of shoppers' pages."""

from django.urls import URLPattern, URLResolver, path, re_path

from orders.views import finding, handoff, images, online, orders, payments, permalinks, reminders

urlpatterns: list[URLPattern | URLResolver] = [
    path("c/new", permalinks.new_cart, name="new-cart"),
    path("c/mine", permalinks.own_cart, name="own-cart"),
    path("c/images/<str:key>.jpg", images.picture, name="cart-image"),
    path("c/reminders/<str:token>", reminders.end_reminders, name="end-reminders"),
    re_path(r"^c/(?P<token>[^/]+)/?$", handoff.cart, name="handoff"),
    path("orders/find", finding.find_order, name="find-order"),
    re_path(r"^orders/(?P<token>[^/]+)/?$", orders.order, name="order"),
    path("payments/link/<slug:slug>/", payments.link_paid, name="link-paid"),
    path("payments/stripe/", payments.stripe_told, name="stripe-told"),
    # A redirect would lose what was posted.
    path("payments/link/<slug:slug>", payments.link_paid),
    path("payments/stripe", payments.stripe_told),
    re_path(r"^payments/return/(?P<token>[^/]+)/?$", online.back, name="payment-return"),
    re_path(r"^payments/state/(?P<token>[^/]+)/?$", online.state, name="payment-state"),
    re_path(r"^payments/dummy/(?P<key>[^/]+)/?$", online.dummy, name="dummy-payment"),
    re_path(r"^buy/(?P<items>[\s\S]+)$", permalinks.permalink, name="permalink"),
]
