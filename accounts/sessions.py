"""The session engine of shoppers' browsers: Django's own for databases, with another table and another salt."""

from datetime import timedelta
from typing import Final

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions

from accounts.models.people import ShopperSession

_HOLDS: Final = timedelta(days=60)


class SessionStore(DatabaseSessions):
    @classmethod
    def get_model_class(cls) -> type[ShopperSession]:
        return ShopperSession

    @property
    def key_salt(self) -> str:
        return "accounts.sessions"

    def get_session_cookie_age(self) -> int:
        return int(_HOLDS.total_seconds())
