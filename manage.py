#!/usr/bin/env python
"""Django's command line, with a mistake in the settings told in one line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopmcp.settings")
    try:
        # Asking Django's settings first: its command line would call a bad value an unknown command.
        import shopmcp.settings  # noqa: F401

        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"shopmcp: {error}")


if __name__ == "__main__":
    main()
