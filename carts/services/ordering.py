"""What happens to a cart after its chat: it is handed over, an order closes it, and its news reach the chat."""

from datetime import datetime

from django.utils import timezone

from carts import queries
from carts.cart import CartState
from carts.models import Cart, Session
from carts.news import with_news, without
from carts.untold import news_for


def close_cart(state: CartState, now: datetime) -> bool:
    """Close the cart for an order; the session's next change begins a new one. Return False if it was closed before."""
    assert state.id is not None  # only a cart that was loaded is closed
    return bool(Cart.objects.open().filter(pk=state.id).update(ordered_at=now))


def mark_handed_over(cart: int) -> None:
    """Note that a cart was opened outside of its chat, if that is the first time."""
    Cart.objects.filter(pk=cart, handed_over_at=None).update(handed_over_at=timezone.now())


def leave_for_own_checkout(state: CartState) -> None:
    """Note that the shopper goes to the store's own checkout with the cart; call it under its session's lock."""
    assert state.id is not None  # only a cart that was loaded is left
    Cart.objects.filter(pk=state.id).update(left_at=timezone.now())


def come_back(cart: int) -> bool:
    """Open a cart again that its shopper took to the store's own checkout; return whether they had."""
    return bool(Cart.objects.open().filter(pk=cart).exclude(left_at=None).update(left_at=None))


def lock_session(session: int) -> None:
    """Lock a session as each change of its cart does; call it first in a transaction."""
    list(Session.objects.select_for_update().filter(pk=session).values_list("pk"))


def tell_chat(session: int, code: str, text: str) -> None:
    """Have the session's chat tell this sentence; call it after `lock_session`.

    Its next answer tells it, and no other one if `carts.news.ONCE` has its code; else reads do until a write has.
    """
    for news, digest, public_id in Session.objects.filter(pk=session).values_list("news", "digest", "public_id"):
        queries.write_news.run(id=session, news=with_news(news, code, text))
        news_for(digest or public_id)


def forget_news(session: int, start: str) -> None:
    """Drop what the session's chat was to tell, of codes that begin so; call it after `lock_session`."""
    rows = Session.objects.filter(pk=session).exclude(news="").values_list("news", "digest", "public_id")
    for news, digest, public_id in rows:
        queries.write_news.run(id=session, news=without(news, start))
        news_for(digest or public_id)
