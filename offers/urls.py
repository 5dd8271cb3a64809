"""Pages for shoppers about who sells, and how."""

from django.urls import path

from offers import views

urlpatterns = [
    path("store/<slug:slug>/", views.store_page, name="store-page"),
    path("privacy", views.privacy, name="privacy"),
    path("terms", views.terms, name="terms"),
]
