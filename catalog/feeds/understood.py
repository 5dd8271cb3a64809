"""What the shop understood of the columns of a file."""

from catalog.feeds.delimited import Table
from catalog.feeds.markup import is_xml
from catalog.feeds.objects import is_json, is_lines
from catalog.feeds.records import Understood
from catalog.feeds.source import Source

_MOST = 120


def understood_of(source: Source) -> Understood:
    """Return what was understood until now; the heading of a table also if none of it was."""
    naming = source.naming
    names = list(naming.seen)
    if not names and not (is_xml(source) or is_json(source) or is_lines(source)):
        names = [name for name in Table(source).heading if name]
    return Understood(names[:_MOST], dict(naming.held), source.options.as_json())
