"""`manage.py remove_store SLUG`: beside live traffic."""

from argparse import ArgumentParser
from typing import Any

from django.utils.translation import gettext as _

from orders.services.stores import remove_store
from shopmcp.commands import ShopCommand, told_in_one_line


class Command(ShopCommand):
    help = "Remove a store that never sold, with its products and the carts that hold them; pause one that sold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG", help="the slug of the store")

    def handle(self, *args: Any, slug: str, **options: Any) -> str:
        with told_in_one_line():
            done = remove_store(slug)
        if done.orders:
            said = _("Store %(slug)s has sold (orders: %(orders)d), so it is paused and keeps them.")
            return said % {"slug": slug, "orders": done.orders}
        said = _("Store %(slug)s was removed: products: %(products)d, carts: %(carts)d.")
        return said % {"slug": slug, "products": done.products, "carts": done.carts}
