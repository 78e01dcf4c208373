"""Below /shops/<brand_id>/orders."""

from django.urls import path

from orders.views import OrderViewSet

urlpatterns = [
    path("", OrderViewSet.as_view({"get": "list", "post": "place"}), name="orders"),
    path("/by-email", OrderViewSet.as_view({"get": "by_email"}), name="orders-by-email"),
    path("/by-member-id", OrderViewSet.as_view({"get": "by_member_id"}), name="orders-by-member-id"),
    path("/unacknowledged", OrderViewSet.as_view({"get": "unacknowledged"}), name="orders-unacknowledged"),
    path("/<str:order_id>", OrderViewSet.as_view({"get": "retrieve", "patch": "change"}), name="order"),
    path("/<str:order_id>/cancel", OrderViewSet.as_view({"post": "cancel"}), name="order-cancel"),
    path("/<str:order_id>/webhooks", OrderViewSet.as_view({"get": "webhooks"}), name="order-webhooks"),
]
