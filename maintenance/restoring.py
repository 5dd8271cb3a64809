"""Restoring a backup into an empty shop."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from catalog.search.rebuild import Progress
from maintenance.archive import Archive, Manifest, mark_of
from maintenance.filling import fill, refuse_unless_empty, replaced_if_all_goes_well
from orders.services.forgetting import forget_again
from outbox.models import Message
from outbox.services import give_up
from shopmcp import data_dir
from shopmcp.db.serving import alone
from shopmcp.errors import ShopError


class WrongKey(ShopError):
    """The shop of the backup had another secret key."""

    code = "wrong_key"


@dataclass(frozen=True)
class Restored:
    """What was restored.

    Attributes:
        former_keys: How many of its SECRET_KEY_FALLBACKS are not set here.
        forgotten: How many orders lost their buyer again, who had been forgotten since the backup.
        parked: How many messages waited in the backup. They may have been delivered since, so they are not sent.
    """

    manifest: Manifest
    key_written: bool
    former_keys: int
    forgotten: int
    parked: int


def restore(file: Path, *, without_key: bool, progress: Progress) -> Restored:
    """Put the shop of a backup into the database, which must be empty; if anything fails, it stays empty.

    Args:
        without_key: Go on without the shop's secret key. What was made with it can never be opened again.

    Raises:
        Damaged: If the file is no backup, or not all of one.
        InUse: If a server runs on the database.
        NotEmpty: If there is a shop already.
        Unknown: If a newer version of the shop made the backup.
        WrongKey: If the shop's secret key is not at hand.
        OSError: If a file cannot be read or written.
    """
    with Archive.open(file) as archive, alone(connection):
        manifest = archive.manifest
        known = {mark_of(key, manifest.salt) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)}
        key = "" if without_key or manifest.marks[0] in known else _missing_key(archive)
        refuse_unless_empty()
        archive.check()
        with replaced_if_all_goes_well():
            fill(archive, progress)
            forgotten = forget_again(key)
            reason = _("A backup was restored: it may have been delivered before.")
            parked = give_up(Message.objects.all(), reason)
            if key:
                # Before the shop is there: an empty shop may have any key, but these carts need this one.
                data_dir.write(settings.KEY_FILE, key)
    former = sum(mark not in known for mark in manifest.marks[1:])
    return Restored(manifest, key_written=bool(key), former_keys=former, forgotten=forgotten, parked=parked)


def _missing_key(archive: Archive) -> str:
    """Return the key in the backup, if it can become the shop's."""
    key, manifest = archive.secret_key, archive.manifest
    if key and mark_of(key, manifest.salt) == manifest.marks[0]:
        if data_dir.kept_key(settings.KEY_FILE) == settings.SECRET_KEY:
            return key
        raise WrongKey(
            _("SECRET_KEY is set, and is not the key of the shop in the backup."),
            fix=_("Do not set it: the backup holds the shop's key."),
        )
    raise WrongKey(
        _("The backup does not hold the shop's secret key, and the key here is another one."),
        fix=_(
            "Set SECRET_KEY to the key that the shop had. If it is lost, --without-key restores the rest; carts, "
            "cart_ids and links that were made with the key can then never be opened again."
        ),
    )
