"""The OpenAPI file says what the API does: schemathesis reads it and tries to prove otherwise."""

import re
from uuid import uuid4

import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

from orders.filters import OrderFilter
from orders.schema import FILTERS, ORDER_ID_PATTERN
from orders.views import OrderViewSet
from tests.making import make_coupon, make_endpoint, make_member, make_order
from walletapp.wsgi import application
from webhooks.views import EndpointViewSet

schema = schemathesis.openapi.from_wsgi("/openapi.json", application)
UUID_PATTERN = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
OPERATIONS = {
    "shops_list": "shops.get",
    "orders_list": "shops.orders.get",
    "orders_by_email": "shops.orders.get",
    "orders_by_member_id": "shops.orders.get",
    "orders_get": "shops.orders.get",
    "orders_webhooks": "shops.orders.get",
    "orders_place": "shops.orders.store",
    "orders_change": "shops.orders.update",
    "orders_cancel": "shops.orders.update",
    "orders_unacknowledged": "shops.orders.get",
    "webhooks_list": "shops.webhooks.get",
    "webhooks_add": "shops.webhooks.store",
    "webhooks_get": "shops.webhooks.get",
    "webhooks_change": "shops.webhooks.update",
    "webhooks_remove": "shops.webhooks.delete",
    "webhooks_test": "shops.webhooks.update",
    "webhooks_rotate_key": "shops.webhooks.update",
    "webhooks_replay": "shops.webhooks.update",
    "webhooks_resend": "shops.webhooks.update",
    "webhooks_clinic": "shops.webhooks.update",
    "webhooks_exam": "shops.webhooks.update",
    "webhooks_exams": "shops.webhooks.get",
}


@schema.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_to_its_description(case, api, brand, one_connection):
    put_in_what_exists(case, brand)
    case.call_and_validate(headers={} if token_was_taken_away(case) else {"Authorization": f"Bearer {api.token}"})


def token_was_taken_away(case):
    """Schemathesis makes bad input of a missing token, too; then it must stay missing."""
    headers = case.meta.components.get(ParameterLocation.HEADER)
    return bool(headers and headers.mode.is_negative and "Authorization" not in case.headers)


def put_in_what_exists(case, brand):
    """A description cannot say which orders, coupons and members there are: good input gets real ones."""
    path = case.meta.components.get(ParameterLocation.PATH)
    if path and path.mode.is_positive:
        case.path_parameters["brand_id"] = str(brand.uuid)
    if re.fullmatch(ORDER_ID_PATTERN, str(case.path_parameters.get("order_id", ""))):
        case.path_parameters["order_id"] = str(make_order(brand).uuid)
    if case.method == "POST" and "Idempotency-Key" in case.headers and len(case.headers["Idempotency-Key"]) < 256:
        case.headers["Idempotency-Key"] = str(uuid4())
    positive = isinstance(case.body, dict) and case.meta.generation.mode == GenerationMode.POSITIVE
    if ("/webhooks" in case.path or "unacknowledged" in case.path) and "order_id" not in case.path_parameters:
        put_in_an_endpoint(case, brand, positive=positive)
    elif case.method == "POST" and positive:
        # Nor can it say that an order holds a hundred passes in all, and costs what its points may not exceed.
        case.body["items"] = case.body["items"][:1]
        case.body["items"][0]["coupon"] = str(make_coupon(brand).uuid)
        case.body.pop("points", None)
        if "identifier" in case.body["member"]:
            case.body["member"]["identifier"] = str(make_member(brand).uuid)


def put_in_an_endpoint(case, brand, *, positive):
    """A real endpoint, one of its messages, and a URL that does not lead into our own network."""
    if case.query and UUID_PATTERN.fullmatch(str(case.query.get("webhook", ""))):
        case.query["webhook"] = str(make_endpoint(brand)[0].uuid)
    if "endpoint_id" in case.path_parameters and UUID_PATTERN.fullmatch(str(case.path_parameters["endpoint_id"])):
        endpoint, _key = make_endpoint(brand)
        case.path_parameters["endpoint_id"] = str(endpoint.uuid)
        if positive and "webhook_call_id" in case.body:
            make_order(brand)
            case.body["webhook_call_id"] = str(endpoint.deliveries.get().uuid)
    if positive:
        case.body.pop("url", None)
    if positive and "webhook_url" in case.body:
        case.body["webhook_url"] = "https://partner.example/hook"


def test_every_operation_is_described_with_its_ability():
    described = {
        operation.ok().definition.raw["operationId"]: operation.ok() for operation in schema.get_all_operations()
    }
    assert set(described) == set(OPERATIONS)
    for name, ability in OPERATIONS.items():
        assert described[name].definition.raw["description"].endswith(f"Ability: `{ability}`")
        assert described[name].definition.raw["security"] == [{"token": []}]
    views = (OrderViewSet, EndpointViewSet)
    abilities = {ability for view in views for ability in (view.ability, *view.abilities.values())}
    assert set(OPERATIONS.values()) - {"shops.get"} == abilities


def test_every_filter_is_described():
    assert set(FILTERS) == {*OrderFilter.base_filters, "page"}


def test_the_file_is_valid_and_made_without_warnings(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    assert capsys.readouterr().err == ""
