"""What the demo store offers."""

from django.db import transaction

from catalog.demo import STORE
from catalog.models import Store
from offers.models import DeliveryOption
from offers.services import delivery, merchants

_OPTIONS = (
    {
        "name": "Home delivery · משלוח עד הבית",
        "kind": DeliveryOption.Kind.DELIVERY,
        "price": "20",
        "free_above": "200",
        "minimum": "30",
        "note": "Within two days, Sunday to Thursday. · תוך יומיים, בימים א׳–ה׳.",
    },
    {
        "name": "Same day in Tel Aviv · באותו יום בתל אביב",
        "kind": DeliveryOption.Kind.DELIVERY,
        "price": "35",
        "minimum": "80",
        "postal_codes": "61-69",
        "cities": "תל אביב, תל אביב יפו, Tel Aviv, Tel Aviv-Yafo",
        "note": "If ordered before noon. · בהזמנה עד השעה 12:00.",
    },
    {
        "name": "Pick-up · איסוף עצמי",
        "kind": DeliveryOption.Kind.PICKUP,
        "price": "0",
        "pickup_place": "1 Market Street, Tel Aviv · רחוב השוק 1, תל אביב",
        "pickup_hours": "Sun–Thu 9:00–19:00, Fri 8:00–13:00 · א׳–ה׳ 9:00–19:00, ו׳ 8:00–13:00",
    },
)


_MERCHANT = {
    "legal_name": "The Corner Shop Ltd. (demo) · המכולת בע״מ (הדגמה)",
    "registration_number": "51-000000-0",
    "address": "1 Market Street, Tel Aviv · רחוב השוק 1, תל אביב",
    "phone": "+972-3-000-0000",
    "email": "shop@example.com",
    "tax_rate": "18",
    "delivery_days": "71234",
    "delivery_hours": "9:00–19:00",
    "cutoff": "12:00",
    "low_stock": 3,
}


@transaction.atomic
def load_demo() -> None:
    """Fill the demo store with what it offers, if it is there and offers nothing yet."""
    store = Store.objects.filter(slug=STORE["slug"]).first()
    if store is None or DeliveryOption.objects.of_store(store).exists():
        return
    for position, fields in enumerate(_OPTIONS):
        delivery.save_option(DeliveryOption(store=store, position=position, **fields))
    merchant = merchants.merchant_of(store)
    for name, value in _MERCHANT.items():
        setattr(merchant, name, value)
    merchants.confirm_pages(merchants.save_merchant(merchant))
