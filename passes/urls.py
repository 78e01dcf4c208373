"""Below /shops/<brand_id>/passes."""

from django.urls import path

from passes.views import PassViewSet

urlpatterns = [
    path("/<str:code>", PassViewSet.as_view({"patch": "change"}), name="pass"),
    path("/<str:code>/redeem", PassViewSet.as_view({"post": "redeem"}), name="pass-redeem"),
]
