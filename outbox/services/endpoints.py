"""Making, changing and testing the addresses of the shop's systems."""

import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from outbox.models import KINDS, TEST, Endpoint, Message
from outbox.services.cleanup import delete_messages
from outbox.services.messages import message_for, replay, try_again
from shopmcp.errors import InvalidArguments, Kept
from shopmcp.outgoing import is_public, web_parts

MOST_ENDPOINTS: Final = 20
# For so long the secret before signs too.
ROTATION: Final = timedelta(hours=24)
_LONGEST_NAME, _LONGEST_ADDRESS = 80, 2000


def make_endpoint(
    address: str, event_types: Iterable[str], *, name: str = "", store: str = "", with_people: bool = False
) -> Endpoint:
    """Make an endpoint with a new secret, which its `secret` holds.

    Args:
        store: The slug of a store; empty for all.
        with_people: Whether names, contacts and addresses of buyers are told.

    Raises:
        InvalidArguments: If the address cannot be used, or no event or an unknown one is chosen.
        Kept: If there are as many endpoints as the shop keeps.
    """
    endpoint = Endpoint(secret=_new_secret(), with_people=with_people)
    _fill(endpoint, {"address": address, "event_types": event_types, "name": name, "store": store})
    with transaction.atomic():
        if Endpoint.objects.count() >= MOST_ENDPOINTS:
            raise Kept(
                _("There are %(most)d webhooks, and the shop keeps no more.") % {"most": MOST_ENDPOINTS},
                fix=_("Delete one that is no longer used."),
            )
        endpoint.save()
    return endpoint


def change_endpoint(endpoint: Endpoint, **changes: Any) -> None:
    """Change `address`, `event_types`, `name`, `store` or `with_people`.

    Messages that wait go to the new address.

    Raises:
        InvalidArguments: As for `make_endpoint`; nothing is changed.
    """
    _fill(endpoint, changes)
    endpoint.save(update_fields=list(changes))


def rotate_secret(endpoint: Endpoint) -> str:
    """Give the endpoint a new secret and return it; the one before signs too for a day."""
    with transaction.atomic():
        current = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
        current.previous_secret, current.secret = current.secret, _new_secret()
        current.previous_until = timezone.now() + ROTATION
        current.save(update_fields=["previous_secret", "secret", "previous_until"])
    return current.secret


def pause(endpoint: Endpoint) -> None:
    """Let the endpoint's messages wait until it is resumed."""
    Endpoint.objects.filter(pk=endpoint.pk).update(is_active=False)


def resume(endpoint: Endpoint) -> None:
    """Send to an endpoint that was paused or parked, beginning with what waits for it."""
    Endpoint.objects.filter(pk=endpoint.pk).update(is_active=True, parked_at=None, failures=0, held_until=None)
    try_again(endpoint.messages.waiting())


def send_test(endpoint: Endpoint) -> Message:
    """Write a test event for the endpoint, whatever it asked for.

    Raises:
        Kept: If the endpoint is paused or parked.
    """
    if endpoint.state != "active":
        raise Kept(
            _("Nothing is sent to this webhook: it is paused or parked."), fix=_("Resume it, then test it again.")
        )
    message = message_for(endpoint, TEST, {"text": "A test of this webhook.", "shop": settings.PUBLIC_URL})
    message.save()
    # Not behind a pause after failures: somebody waits for the outcome.
    Endpoint.objects.filter(pk=endpoint.pk).update(held_until=None)
    return message


def replay_failed(endpoint: Endpoint) -> int:
    """Send once more what was given up; return how many messages."""
    return replay(endpoint.messages.failed())


def delete_endpoint(endpoint: Endpoint) -> None:
    """Delete the endpoint with its messages, also those that wait, and its log."""
    # So that no new ones come meanwhile.
    Endpoint.objects.filter(pk=endpoint.pk).update(event_types=[], is_active=False)
    delete_messages(endpoint.messages.order_by("-id"))
    with transaction.atomic():
        # The endpoint is locked before its messages, as delivery does it.
        Endpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
        endpoint.delete()


def _new_secret() -> str:
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def _fill(endpoint: Endpoint, changes: dict[str, Any]) -> None:
    if "address" in changes:
        changes["address"] = _usable(changes["address"].strip())
    if "event_types" in changes:
        changes["event_types"] = _known(changes["event_types"])
    if "name" in changes:
        changes["name"] = " ".join(changes["name"].split())[:_LONGEST_NAME]
    for name, value in changes.items():
        setattr(endpoint, name, value)


def _known(event_types: Iterable[str]) -> list[str]:
    chosen = set(event_types)
    if not chosen or not chosen <= KINDS.keys():
        raise InvalidArguments(
            _("No event is chosen, or one that there is not."),
            fix=_("Choose from: %(names)s.") % {"names": ", ".join(KINDS)},
        )
    return [kind for kind in KINDS if kind in chosen]


def _usable(address: str) -> str:
    """Return the address if a webhook may go there, as far as it tells without a look-up of its host."""
    fix = _("Give an address such as https://erp.example.com/hooks.")
    try:
        scheme, host, _port, _path = web_parts(address)
    except ValueError:
        raise InvalidArguments(_("This is no address of a webhook."), fix=fix) from None
    if settings.SHOPMCP_WEBHOOKS_PRIVATE:
        return address
    if scheme != "https":
        raise InvalidArguments(
            _("A webhook goes to an https address, so that nobody reads it on its way."),
            fix=_("In a network of your own, SHOPMCP_WEBHOOKS_PRIVATE=on allows http too."),
        )
    if _is_private(host):
        raise InvalidArguments(
            _("This address is not on the public network."),
            fix=_("SHOPMCP_WEBHOOKS_PRIVATE=on allows addresses of your own network."),
        )
    return address


def _is_private(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
    return not is_public(host)
