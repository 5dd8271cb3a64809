"""The addresses of the project's pages and apps."""

from django.contrib import admin
from django.urls import include, path, re_path

from catalog.views import logo
from shopmcp import monitoring, views
from shopmcp.api import api, nothing_here

admin.autodiscover()
urlpatterns = [
    path("", views.landing, name="landing"),
    # Browsers ask for it on pages that name no icon.
    path("favicon.ico", views.favicon),
    path("healthz", views.healthz, name="healthz"),
    path("metrics", monitoring.metrics_page),
    path("mcp", views.mcp_elsewhere),
    path("mcp/", views.mcp_elsewhere),
    path("sign-in/", views.link_by_mail, name="link-by-mail"),
    path("sign-in/<str:token>/", views.sign_in_by_link, name="sign-in"),
    path("logos/<slug:slug>/<slug:digest>.png", logo, name="logo"),
    path("", include("orders.urls")),
    path("", include("offers.urls")),
    path("my/", include("my.urls")),
    path("", include("my.oauth_urls")),
    path("", include("widgets.urls")),
    path("dashboard/", include("dashboard.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/", nothing_here),
    path("api/", api.urls),
    # `path` does not match line breaks.
    re_path(r"^api/[\s\S]*$", nothing_here),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.failed
