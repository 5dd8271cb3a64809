import asyncio
import subprocess
import sys
from itertools import count
from threading import Event

import pytest

from shopmcp.later import Later
from tests.live import ROOT, clean_env

pytestmark = pytest.mark.no_database


def test_it_is_made_once_for_all_who_ask_at_once():
    numbers = count(1)
    later = Later(lambda: next(numbers))

    async def ask():
        return await asyncio.gather(*(later.ready() for _ in range(5)))

    assert asyncio.run(ask()) == [1] * 5
    assert later.get() == 1


def test_one_who_gives_up_waiting_leaves_it_to_the_others():
    may_end = Event()

    def make():
        assert may_end.wait(60)
        return "made"

    later = Later(make)

    async def play():
        first, second = asyncio.create_task(later.ready()), asyncio.create_task(later.ready())
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        may_end.set()
        return await second

    assert asyncio.run(play()) == "made"


def test_what_making_it_raises_each_use_raises():
    def fail():
        raise LookupError("no such module")

    later = Later(fail)

    for _ in range(2):
        with pytest.raises(LookupError):
            later.get()


def test_a_server_starts_without_the_sdk_and_the_pages(tmp_path):
    needless = {"mcp", "mcp_types", "PIL", "babel.messages", "shopmcp.urls", "shopmcp.api", "catalog.admin"}
    code = f"import sys, shopmcp.management.commands.serve, shopmcp.asgi; print(*{needless} & sys.modules.keys())"
    prepared = f"import django; django.setup(); {code}"
    env = clean_env(SHOPMCP_DATA_DIR=str(tmp_path), DATABASE_URL="", DJANGO_SETTINGS_MODULE="shopmcp.settings")
    found = subprocess.run(
        [sys.executable, "-c", prepared], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=True
    )

    assert found.stdout.split() == []
