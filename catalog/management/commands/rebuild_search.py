"""`manage.py rebuild_search`: make the search index anew."""

from typing import Any

from django.utils.translation import ngettext

from catalog.management.commands.import_products import watched
from catalog.search.rebuild import rebuild
from shopmcp.commands import ShopCommand


class Command(ShopCommand):
    help = "Make the search index anew from the products, beside live traffic: after copying a database, or an upgrade."

    def handle(self, *args: Any, **options: Any) -> str:
        size = rebuild(watched)
        return ngettext("%(count)d product indexed.", "%(count)d products indexed.", size) % {"count": size}
