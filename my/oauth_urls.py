"""The addresses of the authorization server, by the names that django-oauth-toolkit knows."""

from django.urls import path

from accounts.oauth import views
from my.views.consent import consent

app_name = "oauth2_provider"
urlpatterns = [
    path("o/authorize/", consent, name="authorize"),
    path("o/token/", views.token, name="token"),
    path("o/revoke_token/", views.revoke, name="revoke-token"),
    path("o/register/", views.register, name="dcr-register"),
    path(".well-known/oauth-authorization-server", views.server_metadata, name="oauth-server-metadata"),
    path(".well-known/oauth-protected-resource", views.resource_metadata, name="oauth-resource-metadata"),
    path(".well-known/oauth-protected-resource/mcp", views.resource_metadata),
]
