"""Shops to back up and to fill, each with a data folder and a database of its own."""

from contextlib import ExitStack

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.live import GOODS, LiveServer
from tests.maintenance.backups import chat, names


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A shop with products, a second import, carts and staff; its server is stopped."""
    with LiveServer(tmp_path_factory.mktemp("shop") / "data") as live:
        goods = live.data_dir / "goods.csv"
        for text in (GOODS, GOODS.replace("24.90", "26.90") + "new,Newcomer,,5.00,,,,\n"):
            goods.write_text(text)
            live.manage("import_products", str(goods), "--store", "shop", "--currency", "ILS")
        for n in range(5):
            live.call_tool("add_to_cart", meta=chat(f"chat-{n}"), product_id="shop:honey", quantity=n + 1)
        live.call_tool("add_to_cart", meta=chat("chat-0"), product_id="shop:last", request_id="once")
        live.call_tool("update_cart_item", meta=chat("chat-1"), product_id="shop:honey", quantity=0)
        live.call_tool("search_products", meta=chat("chat-2"), query="tahini")
        live.manage("sign_in_link")
        live.manage("create_api_key", "script")
        live.stop()
        yield live


@pytest.fixture(scope="session")
def backup(shop, tmp_path_factory):
    file = tmp_path_factory.mktemp("backups") / "shop.backup"
    shop.manage("backup", str(file))
    return file


@pytest.fixture
def empty(tmp_path):
    """Make a shop without anything, on the tests' database unless `DATABASE_URL` is given; it is not started."""
    with ExitStack() as stack:

        def make(name="empty", **env):
            live = LiveServer(tmp_path / name, **env)
            stack.callback(live.close)
            live.data_dir.mkdir(mode=0o700)
            return live

        yield make


@pytest.fixture
def refusal(another_database, settings, tmp_path):
    """Run a command on an empty database, see that it changes nothing, and return the sentence that refuses it."""
    settings.KEY_FILE = tmp_path / "secret_key"

    def refusal(*arguments):
        with pytest.raises(CommandError) as refused:
            call_command(*arguments)
        assert "\n" not in str(refused.value)
        assert connection.introspection.table_names() == []
        assert not settings.KEY_FILE.exists()
        assert not {name for name in names(tmp_path) if ".new" in name}
        return str(refused.value)

    return refusal
