"""The OpenAPI file says what the API does: schemathesis reads it and tries to prove otherwise."""

import re
from uuid import uuid4

import schemathesis
from django.core.management import call_command
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

from orders.filters import OrderFilter
from orders.fulfillments import add_fulfillment
from orders.models.fulfillments import PICKUP_ONLY, SHIPPING_ONLY
from orders.part_views import FulfillmentViewSet, RefundViewSet, ReturnViewSet
from orders.returns import open_return
from orders.schema import FILTERS, ORDER_ID_PATTERN
from orders.views import OrderViewSet
from passes.views import PassInspection, PassViewSet
from shops.token_admin import ABILITIES
from tests.making import codes_of, make_coupon, make_endpoint, make_member, make_order, make_paid_order, make_pass
from walletapp.wsgi import application
from webhooks.views import EndpointViewSet

whole = schemathesis.openapi.from_wsgi("/openapi.json", application)
whole.config.generation.update(allow_x00=False)  # no text may hold one, and not every field says so
schema = whole.exclude(tag="Buyer wallet")  # tests/api/test_openapi_wallet.py
PARTS = re.compile("/(fulfillments|refunds|returns)")
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
    "fulfillments_list": "shops.orders.get",
    "fulfillments_add": "shops.orders.update",
    "fulfillments_change": "shops.orders.update",
    "refunds_list": "shops.orders.get",
    "refunds_add": "shops.orders.update",
    "returns_list": "shops.orders.get",
    "returns_add": "shops.orders.update",
    "returns_change": "shops.orders.update",
    "passes_inspect": "passes.get",
    "passes_search": "search.pass",
    "passes_redeem": "passes.update",
    "passes_change": "passes.update",
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
@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
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
    positive = isinstance(case.body, dict) and case.meta.generation.mode == GenerationMode.POSITIVE
    if "pass" in case.path:
        put_in_a_pass(case, brand, positive=positive)
    elif PARTS.search(case.path):
        put_in_a_part(case, brand, positive=positive)
    elif re.fullmatch(ORDER_ID_PATTERN, str(case.path_parameters.get("order_id", ""))):
        case.path_parameters["order_id"] = str(make_order(brand).uuid)
    if case.method == "POST" and "Idempotency-Key" in case.headers and len(case.headers["Idempotency-Key"]) < 256:
        case.headers["Idempotency-Key"] = str(uuid4())
    if ("/webhooks" in case.path or "unacknowledged" in case.path) and "order_id" not in case.path_parameters:
        put_in_an_endpoint(case, brand, positive=positive)
    elif case.method == "POST" and positive and not PARTS.search(case.path) and "/passes" not in case.path:
        # Nor can it say that an order holds a hundred passes in all, and costs what its points may not exceed.
        case.body["items"] = case.body["items"][:1]
        case.body["items"][0]["coupon"] = str(make_coupon(brand).uuid)
        case.body.pop("points", None)
        if "identifier" in case.body["member"]:
            case.body["member"]["identifier"] = str(make_member(brand).uuid)


def put_in_a_part(case, brand, *, positive):
    """A paid order with parts; of a good body, what makes sense whatever the rest of it says."""
    if not re.fullmatch(ORDER_ID_PATTERN, str(case.path_parameters.get("order_id", ""))):
        return
    order = make_paid_order(brand, quantity=2)
    case.path_parameters["order_id"] = str(order.uuid)
    code = codes_of(order)[0]
    made = {
        "fulfillment_id": lambda: add_fulfillment(order, "shipping", passes=[code]),
        "return_id": lambda: open_return(order, passes=[code]),
    }
    for name in made.keys() & case.path_parameters.keys():
        if UUID_PATTERN.fullmatch(str(case.path_parameters[name])):
            case.path_parameters[name] = str(made[name]().uuid)
    if positive:
        case.body |= {name: "2026-11-22T09:00:00Z" for name in case.body if name.endswith(("_at", "_by"))}
        # It cannot say what belongs to which kind, which passes and refunds there are, nor what was paid.
        for name in (*SHIPPING_ONLY, *PICKUP_ONLY, "recipient", "location", "amount", "points", "refund"):
            case.body.pop(name, None)
        if case.method == "POST":
            case.body["passes"] = "all"
        if case.body.get("kind") == "pickup":
            case.body["display_name"] = "The bar"


def put_in_a_pass(case, brand, *, positive):
    """A pass that was paid for; texts that say something; one of two parameters, or one key where another says so."""
    path = case.meta.components.get(ParameterLocation.PATH)
    if path and path.mode.is_positive:
        case.path_parameters["code"] = make_pass(brand).qr_code
    if positive and "blocked" in case.body:
        case.body["blocked_reason"] = f"x{case.body.get('blocked_reason', '')}"[:200]
    elif positive:
        case.body["redeemed_by"] = f"x{case.body['redeemed_by']}"[:100]
    elif case.method == "GET" and case.meta.generation.mode == GenerationMode.POSITIVE:
        if UUID_PATTERN.fullmatch(str(case.query.get("brand_id", ""))):
            case.query["brand_id"] = str(brand.uuid)
        if not (str(case.query.get("pass_code", "")).strip() or case.query.get("email")):
            case.query["pass_code"] = make_pass(brand).qr_code


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
    views = (OrderViewSet, FulfillmentViewSet, RefundViewSet, ReturnViewSet, EndpointViewSet)
    views += (PassViewSet, PassInspection)
    abilities = {ability for view in views for ability in (view.ability, *view.abilities.values())}
    assert set(OPERATIONS.values()) - {"shops.get"} == abilities - {""}
    assert set(OPERATIONS.values()) == {name for name, _label in ABILITIES} - {"*"}


def test_every_filter_is_described():
    assert set(FILTERS) == {*OrderFilter.base_filters, "page"}


def test_the_file_is_valid_and_made_without_warnings(capsys):
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json")
    assert capsys.readouterr().err == ""
