"""`manage.py export_person`: for a buyer who asks what is kept."""

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from offers.buyers import Buyer
from orders.exporting import export
from orders.management.about_person import PersonCommand


class Command(PersonCommand):
    help = "Write all that is kept about a buyer to standard output, as one JSON file."

    def about(self, who: Buyer, **options: Any) -> str:
        found = export(who)
        if not (found["orders"] or found["messages"] or found["coupon_uses"]):
            self.stderr.write(_("Nothing is kept about this person."))
        return json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
