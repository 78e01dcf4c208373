"""Below /shops/<brand_id>/webhooks."""

from django.urls import path

from webhooks.views import EndpointViewSet

urlpatterns = [
    path("", EndpointViewSet.as_view({"get": "list", "post": "add"}), name="webhooks"),
    path(
        "/<str:endpoint_id>",
        EndpointViewSet.as_view({"get": "retrieve", "patch": "change", "delete": "remove"}),
        name="webhook",
    ),
    path("/<str:endpoint_id>/test", EndpointViewSet.as_view({"post": "test"}), name="webhook-test"),
    path("/<str:endpoint_id>/rotate-key", EndpointViewSet.as_view({"post": "rotate_key"}), name="webhook-rotate-key"),
    path("/<str:endpoint_id>/replay", EndpointViewSet.as_view({"post": "replay"}), name="webhook-replay"),
    path("/<str:endpoint_id>/resend", EndpointViewSet.as_view({"post": "resend"}), name="webhook-resend"),
    path("/<str:endpoint_id>/clinic", EndpointViewSet.as_view({"post": "clinic"}), name="webhook-clinic"),
    path("/<str:endpoint_id>/exams", EndpointViewSet.as_view({"get": "exams", "post": "exam"}), name="webhook-exams"),
]
