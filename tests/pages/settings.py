"""The shop's settings for looking at its pages: translations with marks, and addresses that fail."""

import os
from pathlib import Path

from shopmcp.settings import *  # noqa: F403

ROOT_URLCONF = "tests.pages.urls"
# The catalogues of `tests.pages.marks`.
LOCALE_PATHS = [Path(os.environ["MARKED_LOCALE"])]
