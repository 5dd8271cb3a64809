"""The owner's pages; below /dashboard/."""

from django.urls import path

from dashboard.views import analytics, live, products, sessions, warnings

urlpatterns = [
    path("", live.live, name="dashboard"),
    path("sessions/", sessions.sessions, name="dashboard-sessions"),
    path("sessions/sessions.csv", sessions.export, name="dashboard-export"),
    path("sessions/<slug:public_id>/", sessions.session, name="dashboard-session"),
    path("analytics/", analytics.analytics, name="dashboard-analytics"),
    path("warnings/", warnings.warnings, name="dashboard-warnings"),
    path("warnings/settle/<int:pk>/", warnings.settle, name="dashboard-settle"),
    path("warnings/<slug:kind>/", warnings.warning, name="dashboard-warning"),
    path("warnings/<slug:kind>/check/", warnings.check, name="dashboard-check"),
    path("products/", products.products, name="dashboard-products"),
]
