"""Whose a token is, and how access ends."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q
from django.utils import timezone
from oauth2_provider.models import (
    AccessToken,
    Application,
    Grant,
    RefreshToken,
    clear_expired,
    revoke_access_token,
)
from oauth2_provider.settings import oauth2_settings

from accounts import ending
from accounts.models import Person
from accounts.oauth.clients import host_of
from accounts.services.people import lock
from shopmcp.db.prepared import Param, Select
from shopmcp.mcp.access import Holder, ended

# A client that no shopper ever allowed anything, and one that got its last token so long ago.
_UNUSED_KEPT: Final = timedelta(days=1)
_USED_KEPT: Final = timedelta(days=366)
_DELETED_AT_ONCE: Final = 500
_Source = Application.RegistrationSource

_by_checksum = Select(
    lambda: AccessToken.objects.filter(
        token_checksum=Param("checksum", AccessToken, "token_checksum"),
        expires__gt=Param("now", AccessToken, "expires"),
        user__is_active=True,
        user__is_staff=False,
    ).values_list("user__person__id", "scope", "resource")
)


class Access(NamedTuple):
    """A client that a person lets see their things."""

    client: Application
    since: datetime
    used_at: datetime

    @property
    def hosts(self) -> list[str]:
        """To which hosts the client has shoppers sent back."""
        return list(dict.fromkeys(host_of(redirect) for redirect in self.client.redirect_uris.split()))


def holder_of(token: str) -> Holder | None:
    """Return whom a token names; None for one that is not good here, for whatever reason. Costs one query.

    A token is good if it is known and not over, if it is for this resource alone, if it opens something, and if its
    person can still sign in.
    """
    checksum = checksum_of(token)
    row = _by_checksum.first(checksum=checksum, now=timezone.now())
    if row is None:
        return None
    person, scope, resource = row
    scopes = frozenset(scope.split()) & oauth2_settings.SCOPES.keys()
    if person is None or not scopes or resource != [oauth2_settings.OAUTH2_PROTECTED_RESOURCE_IDENTIFIER]:
        return None
    return Holder(person, scopes, checksum)


def hold(token: str) -> int | None:
    """Lock the account that a token opens, and return the key of the token's client.

    It was looked up before this transaction began, and its access may have ended since.

    Args:
        token: Its checksum.

    Raises:
        SignInNeeded: If it has ended.
    """
    lock_owners_of(token)
    found = AccessToken.objects.filter(token_checksum=token, expires__gt=timezone.now())
    clients: list[int | None] = list(found.values_list("application", flat=True)[:1])
    if not clients:
        raise ended()
    return clients[0]


def lock_owners_of(*checksums: str, code: str = "") -> None:
    """Lock the accounts that these tokens and this code open. Whoever sends the same at the same time waits here."""
    users = {
        *AccessToken.objects.filter(token_checksum__in=checksums).values_list("user", flat=True),
        *RefreshToken.objects.filter(token_checksum__in=checksums).values_list("user", flat=True),
        *Grant.objects.filter(code=code).values_list("user", flat=True),
    }
    for user in sorted(user for user in users if user is not None):
        lock(user)


def checksum_of(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def family_of(code: str) -> UUID:
    """Return the family of the tokens that a code gave, so that a code that comes again can end them."""
    return UUID(bytes=sha256(b"code " + code.encode("utf-8", "surrogatepass")).digest()[:16])


def burn_code(code: str) -> None:
    """End a code that was misused, and the tokens that it may have given."""
    Grant.objects.filter(code=code).delete()
    RefreshToken.revoke_family(family_of(code))


def accesses_of(person: Person) -> Sequence[Access]:
    """Return the clients that the person lets see their things, the one used last first."""
    given = RefreshToken.objects.filter(user=person.user_id).values("application")
    seen = given.annotate(
        since=Min("created"), used_at=Max("created"), live=Count("pk", filter=Q(revoked=None))
    ).filter(live__gt=0)
    rows = {row["application"]: row for row in seen}
    clients = Application.objects.filter(pk__in=rows)
    found = [Access(client, rows[client.pk]["since"], rows[client.pk]["used_at"]) for client in clients]
    return sorted(found, key=lambda access: access.used_at, reverse=True)


def end_access_of(person: Person, client: int | None = None) -> int:
    """End at once what tokens open of a person; return how many clients lost access.

    Chats that the one client linked see nothing of the person any more.

    Args:
        client: The key of the one client that loses it; None for all.
    """
    of = {"user": person.user_id} | ({} if client is None else {"application": client})
    with transaction.atomic():
        lock(person.user_id)
        lost: int = RefreshToken.objects.filter(revoked=None, **of).values("application").distinct().count()
        Grant.objects.filter(**of).delete()
        RefreshToken.objects.filter(revoked=None, **of).update(revoked=timezone.now())
        AccessToken.objects.filter(**of).delete()
        if client is not None:
            ending.close_chats(person, client)
    return lost


def end_token(token: AccessToken | RefreshToken) -> None:
    """End a token with those that came with it, and the chats that its client linked to its account."""
    with transaction.atomic():
        if token.user_id is not None:
            lock(token.user_id)
        revoke_access_token(token) if isinstance(token, AccessToken) else token.revoke()
        close_chats_of(token)


def end_client(client: Application) -> None:
    """End the access of a client to everybody's things; it can be deleted then."""
    users = RefreshToken.objects.filter(application=client).values("user")
    for person in Person.objects.filter(user__in=users).order_by("user"):
        end_access_of(person, client.pk)


def live_relative(refresh: str, code: str) -> RefreshToken | None:
    """Return the live refresh token that descends from a refresh token, by its checksum, or from a code."""
    family = RefreshToken.objects.filter(token_checksum=refresh).values_list("token_family", flat=True).first()
    family = family or (family_of(code) if code else None)
    return RefreshToken.objects.filter(token_family=family, revoked=None).first() if family else None


def live_token(checksum: str) -> AccessToken | RefreshToken | None:
    """Return the token with this checksum that was not ended."""
    refresh = RefreshToken.objects.filter(token_checksum=checksum, revoked=None).first()
    return refresh or AccessToken.objects.filter(token_checksum=checksum).first()


def close_chats_of(token: AccessToken | RefreshToken) -> None:
    """Close the chats that the token's client linked to its account."""
    person = Person.objects.filter(user=token.user_id).first()
    if person is not None and token.application_id is not None:
        ending.close_chats(person, token.application_id)


def note_given(refresh_token: str, code: str) -> None:
    """Note that a client got these tokens now, and if a code gave them, that a second use of the code ends them."""
    given = RefreshToken.objects.filter(token_checksum=checksum_of(refresh_token), revoked=None)
    if code:
        given.update(token_family=family_of(code))
    Application.objects.filter(pk__in=given.values("application")).update(updated=timezone.now())


def clean_up() -> None:
    """Delete what is over: codes, tokens, and clients that nobody uses."""
    clear_expired()
    now = timezone.now()
    held = [Exists(model.objects.filter(application=OuterRef("pk"))) for model in (AccessToken, RefreshToken, Grant)]
    idle = Application.objects.exclude(registration_source=_Source.MANUAL)
    for taken in held:
        idle = idle.filter(~taken)
    # A registration sets both times alike; only what a shopper allows sets the later one anew.
    unused = idle.filter(updated=F("created"), created__lt=now - _UNUSED_KEPT)
    # Their documents can be fetched anew.
    documented = idle.filter(registration_source=_Source.CIMD, updated__lt=now - _UNUSED_KEPT)
    for rows in (unused, documented, idle.filter(updated__lt=now - _USED_KEPT)):
        while keys := list(rows.values_list("pk", flat=True)[:_DELETED_AT_ONCE]):
            with transaction.atomic():
                # Asked again: one may have got a token meanwhile.
                rows.filter(pk__in=keys).delete()
