"""What an owner does about a warning. Its calls are counted in every state."""

from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext

from carts.conversation import BY_HANDLE, UNKEYED
from carts.models import CallRecord, SessionWarning
from shopmcp.errors import NotFound, NotProven

_PROOF_WITHIN = timedelta(days=1)

WarningState = Literal["fixed", "muted", "unmuted", "open"]


def settle(pk: int, state: WarningState) -> SessionWarning:
    """Change the state of a warning and return it.

    Args:
        pk: The warning's primary key.
        state: `fixed` closes it until it happens again. `muted` closes it until it is opened. `unmuted` takes the mute
            back, and `open` the mark as fixed too.

    Raises:
        NotFound: If there is no such warning.
        NotProven: If carts can meet by it, it happened within a day, and no call shows that this has ended.
    """
    if state == "fixed":
        _demand_proof(pk)
    now = timezone.now()
    moments: dict[WarningState, dict[str, datetime | None]] = {
        "fixed": {"fixed_at": now},
        "muted": {"muted_at": now},
        "unmuted": {"muted_at": None},
        "open": {"fixed_at": None, "muted_at": None},
    }
    # Update only these columns: the call log updates the others at the same time.
    if not SessionWarning.objects.filter(pk=pk).update(**moments[state]):
        raise NotFound(
            gettext("There is no such warning."), fix=gettext("List the warnings and use the id of one of them.")
        )
    return SessionWarning.objects.get(pk=pk)


def _demand_proof(pk: int) -> None:
    """Refuse to close what lets carts meet before the client has called with an id that does not, or stayed away.

    Any stranger can give such a sign once, so it must not stay open for ever.
    """
    recent = SessionWarning.objects.filter(last_at__gt=timezone.now() - _PROOF_WITHIN)
    warning = recent.filter(pk=pk, kind=SessionWarning.Kind.PLACEHOLDER).first()
    if warning is None:
        return
    later = CallRecord.objects.filter(at__gt=warning.last_at, client=warning.client)
    if not later.exclude(source__in=(UNKEYED, BY_HANDLE)).exists():
        raise NotProven(
            gettext("No call of this client has come with another id since, so nothing shows that it is fixed."),
            fix=gettext("Let the client call with an id of its own, or wait for a day, then mark it as fixed."),
        )
