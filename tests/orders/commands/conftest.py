"""A buyer with orders, and mail about them."""

import pytest
from django.core.management import call_command

from tests.carts.shop import honey, make_product, store, tea
from tests.orders.commands.people import buy
from tests.orders.ordering import courier, details, fill, order, pickup, to_haifa

__all__ = ["buy", "courier", "details", "fill", "honey", "make_product", "order", "pickup", "store", "tea", "to_haifa"]


@pytest.fixture(autouse=True)
def forgotten_file(settings, tmp_path):
    settings.FORGOTTEN_FILE = tmp_path / "forgotten"
    return settings.FORGOTTEN_FILE


@pytest.fixture
def manage(capsys):
    """Run a command; return what it printed on standard output."""

    def manage(*arguments):
        capsys.readouterr()
        call_command(*arguments)
        return capsys.readouterr().out

    return manage
