"""A server that the tests of this folder share; those that stop it or set it up differently start their own."""

import pytest

from tests.live import LiveServer


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with LiveServer(tmp_path_factory.mktemp("live") / "data") as live:
        yield live
