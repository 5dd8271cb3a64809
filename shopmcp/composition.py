"""The composition root: it names each app's tools and resources, and the functions that run around their calls."""

from django.contrib.sessions.backends.db import SessionStore

from analytics.services import catch_up
from carts import tools as carts
from carts.call_log import record
from carts.caller import remark, shop_language
from carts.limits import admit, admit_reading
from carts.models import SessionWarning
from catalog import resources, tools
from shopmcp import metrics
from shopmcp.mcp.call import Call
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.server import make_endpoint
from shopmcp.mcp.tools import Toolbox


async def _keep(call: Call, outcome: str, seconds: float) -> None:
    metrics.count_call(call.tool, outcome, seconds)
    await record(call, outcome, seconds)
    # The record finds out who called where the tool did not ask.
    if SessionWarning.Kind.UNKEYED in call.notes.warnings:
        metrics.count_unkeyed()


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
        tools.search,
        tools.fetch,
        tools.get_store_info,
    ],
    language=shop_language,
    remark=remark,
    admit=admit,
    record=_keep,
)
endpoint = make_endpoint(
    toolbox,
    Resources(
        [resources.stores, resources.store, resources.category, resources.product],
        admit=admit_reading,
    ),
)

# Each is called before `cleanup_sessions` deletes anything.
BEFORE_CLEANUP = (catch_up, SessionStore.clear_expired)
