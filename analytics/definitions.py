"""The meaning of each number, for the page, the JSON API and the documentation."""

from django.utils.translation import gettext_noop as _

DEFINITIONS = {
    "sessions": _(
        "Conversations whose last call was in these days. A chat that sends no conversation id is known by its cart: "
        "if it forgets its cart_id, it counts as another session."
    ),
    "before": _(
        "The time before is as many days up to these, and of an unfinished day as many hours as have passed of it."
    ),
    "clients": _(
        "Sessions, carts and orders by the name that a chat sends for itself. Of 30 names within a month each has a "
        "row of its own; the others count together."
    ),
    "stores": _("Orders of each store, as they count above; amounts of several currencies are never added up."),
    "linked": _(
        "Sessions that are kept with a shopper's account now, as long as they are kept themselves; all others are "
        "anonymous."
    ),
    "duration": _(
        "From the first call of a session to its last: the median, and what 90 of 100 sessions do not exceed, within "
        "5 %."
    ),
    "filled": _("The share of sessions whose cart has something in it."),
    "conversion": _("Conversion: the share of sessions that ordered."),
    "orders": _(
        "Orders that were placed in these days, and what they cost. Those that were cancelled, and test orders, are "
        "left out."
    ),
    "abandonment": _(
        "Carts with something in them and no order whose session has been quiet for 30 minutes, or as "
        "SHOPMCP_ABANDONED_AFTER says, of all filled carts. After 7 days they count as lost."
    ),
    "held": _(
        "Open carts with something in them at this moment, whatever the days above: those that were quiet for 30 "
        "minutes (SHOPMCP_ABANDONED_AFTER) count as abandoned, after 7 days as lost. Carts that were taken to the "
        "store's own checkout are left out. The value is what can be bought of them now, at today's prices, for each "
        "currency."
    ),
    "held_products": _(
        "What these carts hold of each product, and how much of it is in abandoned and lost carts, of all clients; "
        "those worth most first."
    ),
    "funnel": _(
        "Sessions with at least one successful call of that kind, or of a later one, of all sessions. Then those whose "
        "cart was opened in a browser in these days, was taken to the store's own checkout, or was ordered here, as "
        "long as the cart is kept."
    ),
    "popular": _(
        "In how many of 100 sessions a product was looked at or handled in the cart, and in how many it was added. To "
        "be among the results of a search is not enough."
    ),
    "unanswered": _("What shoppers asked for and the catalogue did not have, the most frequent first."),
    "searches": _(
        "The newest 2,000 searches with words of these days. A search led to an add if the same conversation added "
        "something before it searched again, and to an order if that conversation ordered afterwards."
    ),
    "refusals": _("Calls that were answered with a refusal in words, and left the cart as it was."),
    "stuck": _(
        "Of each kind the newest 200 refusals of these days are looked at. The next call is the one that the same "
        "conversation made after the refusal; calls of no known conversation have none. In the answers, … stands for "
        "what the shopper or the model wrote."
    ),
    "speed": _("Milliseconds in the server, within 5 %: half of the calls take at most p50, 95 of 100 at most p95."),
    "sources": _(
        "Carts that shoppers began on a page of a permalink (/buy/…), by what the address or the site with the link "
        "says. None of the other numbers counts them, except their orders."
    ),
    "sold": _(
        "What was ordered in these days of each product, after discounts; those that brought most first. Orders that "
        "were cancelled, and test orders, are left out."
    ),
    "unkeyed": _("Sessions without a conversation id, which are known by their cart alone; all numbers count them."),
}
