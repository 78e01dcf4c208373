"""Below /shops/<brand_id>/orders."""

from typing import Any

from django.urls import path

from orders.part_views import FulfillmentViewSet, RefundViewSet, ReturnViewSet
from orders.views import OrderViewSet

MANY: dict[str, Any] = {"get": "list", "post": "add"}
ONE: dict[str, Any] = {"patch": "change"}
urlpatterns = [
    path("", OrderViewSet.as_view({"get": "list", "post": "place"}), name="orders"),
    path("/by-email", OrderViewSet.as_view({"get": "by_email"}), name="orders-by-email"),
    path("/by-member-id", OrderViewSet.as_view({"get": "by_member_id"}), name="orders-by-member-id"),
    path("/unacknowledged", OrderViewSet.as_view({"get": "unacknowledged"}), name="orders-unacknowledged"),
    path("/<str:order_id>", OrderViewSet.as_view({"get": "retrieve", "patch": "change"}), name="order"),
    path("/<str:order_id>/cancel", OrderViewSet.as_view({"post": "cancel"}), name="order-cancel"),
    path("/<str:order_id>/webhooks", OrderViewSet.as_view({"get": "webhooks"}), name="order-webhooks"),
    path("/<str:order_id>/fulfillments", FulfillmentViewSet.as_view(MANY), name="order-fulfillments"),
    path(
        "/<str:order_id>/fulfillments/<str:fulfillment_id>", FulfillmentViewSet.as_view(ONE), name="order-fulfillment"
    ),
    path("/<str:order_id>/refunds", RefundViewSet.as_view(MANY), name="order-refunds"),
    path("/<str:order_id>/returns", ReturnViewSet.as_view(MANY), name="order-returns"),
    path("/<str:order_id>/returns/<str:return_id>", ReturnViewSet.as_view(ONE), name="order-return"),
]
