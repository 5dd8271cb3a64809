"""Commands as the owner types them, for how this server was started."""

import sys
from pathlib import Path

from django.conf import settings

# The Dockerfile leaves it in the folder of the image.
_CONTAINER = ".container"


def runnable(arguments: str) -> str:
    """Return the line that runs a management command: beside compose.yaml for a container, else in the shop's folder.

    It names no folder of the machine, because pages show it to strangers.
    """
    python, home = Path(sys.executable), Path(settings.BASE_DIR)
    if (home / _CONTAINER).exists():
        return f"docker compose exec shop python manage.py {arguments}"
    shown = python.relative_to(home) if python.is_relative_to(home) else Path(python.name)
    return f"{shown} manage.py {arguments}"
