"""What an owner does about a warning. Its calls are counted in every state."""

from datetime import datetime
from typing import Literal

from django.utils import timezone
from django.utils.translation import gettext

from carts.models import SessionWarning
from shopmcp.errors import NotFound

WarningState = Literal["fixed", "muted", "unmuted", "open"]


def settle(pk: int, state: WarningState) -> SessionWarning:
    """Change the state of a warning and return it.

    Args:
        pk: The warning's primary key.
        state: `fixed` closes it until it happens again. `muted` closes it until it is opened. `unmuted` takes the mute
            back, and `open` the mark as fixed too.

    Raises:
        NotFound: If there is no such warning.
    """
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
