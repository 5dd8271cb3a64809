"""Sign-in links: a token signs in one member of staff, once, within ten minutes."""

import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core import signing
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shopmcp.errors import InvalidArguments, NotFound, ShopError
from shopmcp.runnable import runnable

OWNER = "owner"
GOOD_FOR = timedelta(minutes=10)
_SALT = "shopmcp.sign_in"
# Between machines that share a shop. A link made by a clock days ahead would be good for days.
_CLOCKS_DIFFER = timedelta(minutes=1)


class LinkExpired(ShopError):
    """The link was valid and is no longer."""

    code = "link_expired"


def staff_user(username: str | None = None) -> User:
    """Return the active member of staff of that name; without a name, the only one, or `owner`.

    Without a name, a shop without any staff gets the superuser `owner`. It has no password: it signs in by links until
    one is set in the admin.

    Raises:
        InvalidArguments: If there is no such member of staff; it lists the others.
    """
    users = get_user_model().objects
    staff = {user.username: user for user in users.filter(is_active=True, is_staff=True).order_by("username")}
    if username is None:
        if not users.filter(Q(is_staff=True) | Q(username=OWNER)).exists():
            return users.create_superuser(OWNER)
        username = next(iter(staff)) if len(staff) == 1 else OWNER
    if username in staff:
        return staff[username]
    raise InvalidArguments(
        _("%(username)s is not an active member of staff.") % {"username": username},
        fix=_("Use one of these: %(names)s.") % {"names": ", ".join(staff)}
        if staff
        else _("There is none: make one with %(command)s.") % {"command": runnable("createsuperuser")},
    )


def link_for(user: User, public_url: str) -> str:
    """Return a link that signs the user in once, within ten minutes.

    The token holds the time of the user's last sign-in. Each sign-in changes it, which spends every earlier link.
    """
    last_login = user.last_login.isoformat() if user.last_login else None
    token = signing.dumps([user.pk, last_login], salt=_SALT)
    return f"{public_url}{reverse('sign-in', args=[token])}"


def user_of(token: str) -> User:
    """Return the token's user without spending the token.

    Raises:
        NotFound: If this server never made such a token.
        LinkExpired: If it was used before, is too old, or comes from the future.
    """
    fix = _new_link()
    try:
        pk, last_login = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
    except signing.SignatureExpired:
        raise LinkExpired(_("This sign-in link is more than ten minutes old."), fix=fix) from None
    except signing.BadSignature:
        raise NotFound(_("This is not a sign-in link of this shop, or a part of it is missing."), fix=fix) from None
    if signing.b62_decode(token.split(":")[-2]) > time.time() + _CLOCKS_DIFFER.total_seconds():
        raise LinkExpired(
            _("This sign-in link is dated in the future: the server's clock was wrong when it was made, or is now."),
            fix=fix,
        )
    last_login = last_login and datetime.fromisoformat(last_login)
    user = get_user_model().objects.filter(pk=pk, last_login=last_login, is_active=True, is_staff=True).first()
    if user is None:
        raise _spent(fix)
    return user


def redeem(token: str) -> User:
    """Check the token, spend it and return its user; of two concurrent calls one succeeds. Raises as `user_of` does."""
    user = user_of(token)
    spent = get_user_model().objects.filter(pk=user.pk, last_login=user.last_login)
    if not spent.update(last_login=timezone.now()):
        raise _spent(_new_link())
    return user


def save_address(user: User, email: str) -> None:
    """Save the address to which a member of staff can have links mailed; empty for none."""
    get_user_model().objects.filter(pk=user.pk).update(email=email)


def same_host(host: str, public_url: str) -> bool:
    """Whether a Host header names the host and port of the public address."""
    public = urlsplit(public_url)
    usual = 443 if public.scheme == "https" else 80
    try:
        asked = urlsplit(f"//{host}")
        return (asked.hostname, asked.port or usual) == (public.hostname, public.port or usual)
    except ValueError:
        return False


def _new_link() -> str:
    return _("Make a new link with: %(command)s") % {"command": runnable("sign_in_link")}


def _spent(fix: str) -> LinkExpired:
    return LinkExpired(_("This sign-in link has been used already, or a newer one has."), fix=fix)
