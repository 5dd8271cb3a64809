"""Who a session may belong to: one backend knows staff alone, the other shoppers alone.

A session names its backend, so no sign-in of one side ever opens the other, whatever a browser sends.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import User


class StaffBackend(ModelBackend):
    """Members of staff, by name and password or by a sign-in link."""

    def user_can_authenticate(self, user: Any) -> bool:
        return super().user_can_authenticate(user) and user.is_staff


class ShopperBackend(BaseBackend):
    """Shoppers, who sign in by a mailed code alone: there is no password to be checked."""

    def get_user(self, user_id: int) -> User | None:
        return get_user_model().objects.filter(pk=user_id, is_active=True, is_staff=False).first()
