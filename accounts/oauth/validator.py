"""What a client is asked to prove, on top of what django-oauth-toolkit asks."""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import Application
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749 import errors

from accounts.models import Person
from accounts.services.people import lock

# Refresh tokens come anyway; clients of other servers have to ask for them.
_NOT_NEEDED: Final = "offline_access"


class Validator(OAuth2Validator):
    """One resource, PKCE by S256, and people who can still sign in."""

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        if _NOT_NEEDED in scopes:
            request.scopes = scopes = [name for name in scopes if name != _NOT_NEEDED] or list(oauth2_settings.SCOPES)
        return bool(super().validate_scopes(client_id, scopes, client, request, *args, **kwargs))

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Always; any other method than S256 is refused before the shopper is asked, not after."""
        if request.code_challenge is not None and request.code_challenge_method != "S256":
            raise errors.UnsupportedCodeChallengeMethodError(request=request)
        return True

    def save_authorization_code(self, client_id: str, code: Any, request: Any, *args: Any, **kwargs: Any) -> None:
        """As django-oauth-toolkit's, for a browser whose session has not been ended since it was let in."""
        with transaction.atomic():
            if not lock(request.user.pk, request.user.password):
                raise errors.AccessDeniedError(request=request)
            super().save_authorization_code(client_id, code, request, *args, **kwargs)
            # `clean_up` keeps it as one that is used.
            Application.objects.filter(pk=request.client.pk).update(updated=timezone.now())

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate_code(client_id, code, client, request, *args, **kwargs)
        return bool(valid) and _is_shopper(request.user)

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return bool(valid) and _is_shopper(request.user)


def _is_shopper(user: Any) -> bool:
    return Person.objects.active().filter(user=user).exists()
