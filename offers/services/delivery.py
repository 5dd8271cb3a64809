"""Changes of how a store delivers."""

from django.db import transaction

from catalog.models import Store
from offers.models import DeliveryOption
from offers.services.saving import clean_row, revise


def save_option(option: DeliveryOption) -> DeliveryOption:
    """Save a new or changed delivery option; its texts are cleaned, because chats repeat them.

    Raises:
        InvalidArguments: If values are missing, contradict each other, or the store has too many options.
    """
    with transaction.atomic():
        # Two that are added at once wait for each other.
        Store.objects.select_for_update().get(pk=option.store_id)
        clean_row(option)
        option.save()
        revise(option.store_id)
    return option


def delete_option(option: DeliveryOption) -> None:
    """Delete a delivery option. Orders keep the words and the price that they were placed with."""
    with transaction.atomic():
        option.delete()
        revise(option.store_id)
