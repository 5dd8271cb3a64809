"""The composition root: it names each app's tools and resources, and the functions that run around their calls."""

from analytics.services import catch_up
from carts import tools as carts
from carts.call_log import record
from carts.caller import remark, shop_language
from catalog import resources, tools
from shopmcp.mcp.resources import Resources
from shopmcp.mcp.server import make_endpoint
from shopmcp.mcp.tools import Toolbox

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
    record=record,
)
endpoint = make_endpoint(toolbox, Resources([resources.stores, resources.store, resources.category, resources.product]))

# Each is called before `cleanup_sessions` deletes anything.
BEFORE_CLEANUP = (catch_up,)
