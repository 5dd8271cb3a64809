"""The addresses of what widgets load."""

from django.urls import path

from widgets import views

urlpatterns = [
    path("widgets/images/<path:product_id>", views.image, name="widget-image"),
    path("widgets/<slug:slug>.css", views.brand, name="widget-brand"),
]
