"""The composition root: it names each app's tools and resources, and the functions that run around their calls."""

import logging
from functools import partial

from django.contrib.sessions.backends.db import SessionStore

from accounts.oauth.tokens import clean_up as forget_tokens
from accounts.services.people import sweep_unverified
from accounts.sessions import SessionStore as ShopperSessions
from analytics.services import catch_up
from carts import coupon_tools, link_tools
from carts import tools as carts
from carts.call_log import record
from carts.caller import remark, shop_language
from carts.languages import settled
from carts.limits import admit, admit_reading
from carts.models import SessionWarning
from carts.services.requests import keep_unanswered
from carts.telling import untold
from carts.widgets import cart_id_for_widget
from catalog import resources, tools
from catalog.imports.jobs import clean_up as forget_import_jobs
from catalog.imports.pruning import forget_reports
from catalog.introduction import introduction
from orders import tools as orders
from orders.handoff.cleanup import clean_up as forget_handoffs
from orders.services.confirming import clean_up as forget_order_codes
from orders.services.reconciling import drop_old_events, reconcile
from orders.services.reminders import clean_up as forget_reminders
from shopmcp import metrics
from shopmcp.copies import forget_copies
from shopmcp.db.workers import lanes
from shopmcp.mcp.call import Call
from shopmcp.mcp.endpoint import make_endpoint
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.tools import Toolbox
from widgets.resources import WIDGETS

logger = logging.getLogger(__name__)


async def _keep(call: Call, outcome: str, seconds: float) -> None:
    metrics.count_call(call.tool, outcome, seconds)
    await record(call, outcome, seconds)
    # The record finds out who called where the tool did not ask.
    if SessionWarning.Kind.UNKEYED in call.notes.warnings:
        metrics.count_unkeyed()


async def _keep_unanswered(call: Call) -> None:
    try:
        await lanes.run("write", partial(keep_unanswered, call))
    # The call itself is done; without this its conversation only hears nothing of it.
    except Exception:
        logger.exception("an answer of %s that could not be handed over was not kept", call.tool)


toolbox = Toolbox(
    # In the order in which they are listed.
    [
        tools.list_stores,
        tools.search_products,
        tools.get_product,
        carts.add_to_cart,
        carts.update_cart_item,
        carts.remove_from_cart,
        carts.view_cart,
        carts.clear_cart,
        carts.undo_cart_change,
        carts.debug_session,
        coupon_tools.apply_coupon,
        orders.get_checkout_link,
        orders.resume_cart,
        orders.list_orders,
        link_tools.link_account,
        tools.search,
        tools.fetch,
    ],
    # `list_stores` does what it did. It goes with the next release.
    retired=[tools.get_store_info],
    language=shop_language,
    settled=settled,
    untold=untold,
    remark=remark,
    cart_id=cart_id_for_widget,
    admit=admit,
    keep=_keep_unanswered,
    record=_keep,
)
endpoint = make_endpoint(
    toolbox,
    Resources(
        [resources.stores, resources.store, resources.category, resources.product],
        widgets=WIDGETS,
        admit=admit_reading,
    ),
    introduction,
)

# Each is called before `cleanup_sessions` deletes anything.
BEFORE_CLEANUP = (
    catch_up,
    SessionStore.clear_expired,
    ShopperSessions.clear_expired,
    sweep_unverified,
    forget_tokens,
    forget_handoffs,
    forget_reports,
    forget_import_jobs,
    reconcile,
    drop_old_events,
    forget_reminders,
    forget_order_codes,
    forget_copies,
)
