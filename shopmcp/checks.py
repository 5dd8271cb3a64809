"""What `manage.py check --deploy` looks at besides Django's own checks.

A weak SECRET_KEY and DEBUG never get this far with an https address: the settings refuse them (shopmcp/env.py).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ValidationError
from django.db import DatabaseError
from django.template import TemplateSyntaxError, engines

from shopmcp.data_dir import exposed
from shopmcp.passwords import guessable


@register("templates", deploy=True)
def templates_parse(**kwargs: Any) -> list[CheckMessage]:
    """Report each template of the project that does not compile."""
    return [Error(fault, id="shopmcp.E001") for fault in _template_faults()]


@register(Tags.security, deploy=True)
def files_are_private(**kwargs: Any) -> list[CheckMessage]:
    """No other user of the machine reads carts in the database, or the key that opens them."""
    files = exposed(settings.DATA_DIR, settings.DATABASES["default"])
    # SQLite makes the files beside an open database as readable as that is, so naming the database is enough.
    database = str(settings.DATABASES["default"]["NAME"])
    if Path(database) in files:
        files = [file for file in files if not str(file).startswith(f"{database}-")]
    return [
        Error(f"Other users of this machine can open {file}.", hint=f"chmod 600 '{file}'", id="shopmcp.E002")
        for file in files
    ]


@register(Tags.security, deploy=True)
def passwords_are_checked(**kwargs: Any) -> list[CheckMessage]:
    """No member of staff can choose a password that is guessed at once."""
    try:
        validate_password("1")
    except ValidationError:
        return []
    hint = "Name Django's validators in AUTH_PASSWORD_VALIDATORS."
    return [Error("Staff may choose passwords such as “1”.", hint=hint, id="shopmcp.E003")]


@register(Tags.security, deploy=True)
def no_password_is_guessed_at_once(**kwargs: Any) -> list[CheckMessage]:
    """No superuser signs in by their name, or by a password that everybody tries."""
    try:
        users = list(guessable())
    except DatabaseError:  # there are no tables yet, or there is no database
        return []
    hint = "Let them set another one in the admin, or: manage.py changepassword NAME"
    return [
        Error(f"The password of {user.username} is guessed at once.", hint=hint, id="shopmcp.E004") for user in users
    ]


def _template_faults() -> Iterator[str]:
    engine = engines["django"]
    own = [Path(app.path) / "templates" for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    for folder in [settings.BASE_DIR / "templates", *own]:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            try:
                engine.from_string(file.read_text())
            except TemplateSyntaxError as error:
                yield f"{file.relative_to(settings.BASE_DIR)}: {error}"
