"""What became of work that was not simply done."""

from django.db.utils import OperationalError


class NotBegun(Exception):
    """The work never began and never will: its time was up, or its client had gone."""


class CutShort(NotBegun):
    """The reading was ended because its time was up; reading changes nothing."""


class TakenBack(NotBegun):
    """The work was rolled back before its commit, because its client had gone and took the call back with it."""


class Unsettled(OperationalError):
    """A COMMIT was under way, and whether its changes exist could not be found out in time."""
