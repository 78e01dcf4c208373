"""A brand's webhook endpoints, over the API."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from shops.api import BrandAPIView
from webhooks import services
from webhooks.clinic import examine
from webhooks.exam import run_exam
from webhooks.models import Endpoint
from webhooks.schema import described
from webhooks.serializers import (
    ClinicSerializer,
    DiagnosisSerializer,
    EndpointChangeSerializer,
    EndpointSerializer,
    ExamSerializer,
    NewEndpointSerializer,
    ReplaySerializer,
    ReportSerializer,
    ResendSerializer,
)


@described
class EndpointViewSet(BrandAPIView, GenericViewSet[Endpoint]):
    """Endpoints: make, list, change, remove; test them, rotate their keys, send things again."""

    serializer_class = EndpointSerializer
    pagination_class = None
    lookup_url_kwarg = "endpoint_id"
    ability = "shops.webhooks.update"
    abilities: ClassVar[dict[str, str]] = {
        "list": "shops.webhooks.get",
        "retrieve": "shops.webhooks.get",
        "exams": "shops.webhooks.get",
        "add": "shops.webhooks.store",
        "remove": "shops.webhooks.delete",
    }

    def list(self, request: Request, brand_id: str) -> Response:
        """All endpoints of the brand, the oldest first."""
        endpoints = self.brand.endpoints.filter(removed_at=None).order_by("pk")
        return Response({"success": True, "data": EndpointSerializer(endpoints, many=True).data})

    def add(self, request: Request, brand_id: str) -> Response:
        """Make an endpoint. Its key is in this answer and in no other."""
        asked = self._checked(NewEndpointSerializer, request)
        asked["url"] = asked.pop("webhook_url")
        endpoint, key = services.add_endpoint(self.brand, **asked)
        return Response(self._shown(endpoint, key), 201)

    def retrieve(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """One endpoint."""
        return Response(self._shown(self.endpoint(endpoint_id)))

    def change(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Change an endpoint. A new URL has to be validated by a test call anew."""
        endpoint = self.endpoint(endpoint_id)
        asked = self._checked(EndpointChangeSerializer, request)
        if "webhook_url" in asked:
            asked["url"] = asked.pop("webhook_url")
        return Response(self._shown(services.change_endpoint(endpoint, **asked)))

    def remove(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Remove an endpoint. What was pending is canceled; the call log of the orders stays."""
        services.remove_endpoint(self.endpoint(endpoint_id))
        return Response({"success": True})

    def test(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Send a signed test call now; a 2xx validates the URL."""
        endpoint = self.endpoint(endpoint_id)
        result = services.send_test(endpoint)
        endpoint.refresh_from_db()
        data = {
            "delivered": int(result.delivered),
            "http_status_code": result.http_status_code,
            "truncate_response": result.response or None,
            "is_validated": endpoint.is_validated,
        }
        return Response({"success": result.delivered, "data": data})

    def rotate_key(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Give the endpoint a new key. The old one goes on signing beside it for 24 hours."""
        endpoint = self.endpoint(endpoint_id)
        key = services.rotate_key(endpoint)
        endpoint.refresh_from_db()
        return Response(self._shown(endpoint, key))

    def replay(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Send again all that was given up, or all since a time; or only count it."""
        endpoint = self.endpoint(endpoint_id)
        asked = self._checked(ReplaySerializer, request)
        wanted = services.to_replay(endpoint, asked.get("since"))
        if asked["dry_run"]:
            return Response({"success": True, "data": {"count": wanted.count(), "dry_run": True}})
        return Response({"success": True, "data": {"count": services.send_again(wanted), "dry_run": False}})

    def resend(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Send one message again, under its old id."""
        endpoint = self.endpoint(endpoint_id)
        asked = self._checked(ResendSerializer, request)
        one = endpoint.deliveries.filter(uuid=asked["webhook_call_id"])
        if not one.exists():
            raise Http404
        return Response({"success": True, "data": {"count": services.send_again(one), "dry_run": False}})

    def clinic(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Say why a signature does not fit. Makes no call and reveals no signature."""
        endpoint = self.endpoint(endpoint_id)
        diagnosis = examine(endpoint, **self._checked(ClinicSerializer, request))
        return Response({"success": True, "data": DiagnosisSerializer(diagnosis).data})

    def exam(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """Hold the receiver exam now, and keep its report. Takes up to 50 seconds."""
        endpoint = self.endpoint(endpoint_id)
        url = self._checked(ExamSerializer, request).get("url", "")
        report = run_exam(endpoint, url=url, by=f"token {self.token.name}")
        return Response({"success": True, "data": ReportSerializer(report).data}, 201)

    def exams(self, request: Request, brand_id: str, endpoint_id: str) -> Response:
        """The last ten reports, the newest first."""
        reports = self.endpoint(endpoint_id).exam_reports.order_by("-pk")[:10]
        return Response({"success": True, "data": ReportSerializer(reports, many=True).data})

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """The brand's endpoint with this uuid. Raises Http404."""
        try:
            return self.brand.endpoints.select_related("brand").get(uuid=UUID(endpoint_id), removed_at=None)
        except (ValueError, Endpoint.DoesNotExist):
            raise Http404 from None

    def _checked(self, serializer_class: Any, request: Request) -> dict[str, Any]:
        serializer = serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def _shown(self, endpoint: Endpoint, key: str | None = None) -> dict[str, Any]:
        data = dict(EndpointSerializer(endpoint).data)
        return {"success": True, "data": {**data, "webhook_key": key} if key else data}
