"""The laws of docs/architecture.md, "One door to a tenant": each is a test over everything."""

import ast
import uuid
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.urls import get_resolver
from rest_framework.views import APIView

from orders.fulfillments import add_fulfillment
from orders.models import Fulfillment, Order, OrderItem, Payment, Refund, Return
from orders.refunds import request_refund
from orders.returns import open_return
from orders.services import set_status
from passes.models import Pass
from shops.api import BrandAPIView
from shops.brand_admin import BrandAdmin
from shops.models import BrandOwned
from shops.services import issue_token
from shops.token_admin import ABILITIES
from tests.making import make_coupon, make_endpoint, make_member, make_order, make_paid_order
from webhooks.models import Call, Delivery, Event

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ("accounts", "shops", "passes", "orders", "applewallet", "webhooks", "jobs", "storefront")
SHARED = {"User", "Brand", "SecondFactor", "RecoveryCode", "SignInTry", "LinkMail"}
EDGES = [
    path
    for app in OURS
    for name in ("*views", "*serializers", "services", "parts", "fulfillments", "refunds", "returns")
    for path in ROOT.glob(f"{app}/{name}.py")
]


def routes(patterns, prefix=""):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        else:
            yield prefix + str(pattern.pattern), pattern.callback


def view_class(callback):
    return getattr(callback, "cls", None) or getattr(callback, "view_class", callback)


BRAND_ROUTES = {route: callback for route, callback in routes(get_resolver().url_patterns) if "brand_id" in route}


def test_every_brand_route_goes_through_the_door():
    assert len(BRAND_ROUTES) >= 6
    strangers = [
        route for route, callback in BRAND_ROUTES.items() if not issubclass(view_class(callback), BrandAPIView)
    ]
    assert strangers == []


def test_every_action_of_the_api_names_its_ability():
    known = {name for name, _label in ABILITIES} - {"*"}
    for route, callback in routes(get_resolver().url_patterns):
        view = view_class(callback)
        if route.startswith(("shops", "passes", "search")) and isinstance(view, type) and issubclass(view, APIView):
            for action in getattr(callback, "actions", {"get": ""}).values():
                assert view.abilities.get(action, view.ability) in known, (route, action)


@pytest.mark.parametrize("path", EDGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_edges_never_query_a_whole_table(path):
    wide = {"objects", "_default_manager", "_base_manager"}
    tree = ast.parse(path.read_text())
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in wide] == []


def test_every_model_belongs_to_a_brand_or_is_shared():
    models = {model for app in OURS for model in apps.get_app_config(app).get_models()}
    assert {model.__name__ for model in models if not issubclass(model, BrandOwned)} == SHARED


def test_every_admin_of_a_brands_rows_is_the_door_for_staff():
    registered = admin.site._registry.items()
    assert [
        model for model, page in registered if issubclass(model, BrandOwned) and not isinstance(page, BrandAdmin)
    ] == []


def foreign_keys_between_brand_owned():
    for app in OURS:
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                if issubclass(model, BrandOwned) and field.is_relation and issubclass(field.related_model, BrandOwned):
                    yield model, field


@pytest.mark.parametrize(
    ("model", "field"),
    list(foreign_keys_between_brand_owned()),
    ids=lambda x: getattr(x, "__name__", getattr(x, "name", "")),
)
def test_the_database_has_a_composite_key_for_every_relation(db, model, field):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [model._meta.db_table],
        )
        keys = [row[0] for row in cursor.fetchall()]
    wanted = f"FOREIGN KEY (brand_id, {field.column}) REFERENCES {field.related_model._meta.db_table}(brand_id, id)"
    assert [key for key in keys if key.startswith(wanted)]


@pytest.fixture
def theirs(other):
    make_endpoint(other)
    order = make_order(other)
    delivery = Delivery.objects.get()
    Call.objects.create(brand=other, delivery=delivery, attempt=1, url="http://127.0.0.1:9/", interval=0)
    return order


def mixed_rows(brand, order):
    """Each relation once, from a row of `brand` to a row of another."""
    item = order.items.get()
    mine = make_order(brand)
    event = Event.objects.get(brand=order.brand)
    endpoint, _key = make_endpoint(brand)
    yield lambda: brand.orders.filter(pk=mine.pk).update(member=order.member)
    yield lambda: Pass.objects.filter(brand=brand).update(coupon=item.issued_pass.coupon)
    yield lambda: Pass.objects.filter(brand=brand).update(member=order.member)
    yield lambda: OrderItem.objects.filter(brand=order.brand).update(brand=brand)
    yield lambda: Payment.objects.filter(brand=order.brand).update(brand=brand)
    yield lambda: brand.points_entries.create(member=order.member, points=1, balance=1, reason="earned", reference="x")
    yield lambda: brand.events.create(order_uuid=order.uuid, order_status="paid", version=9, body=b"")
    yield lambda: brand.deliveries.create(event=event, endpoint=endpoint, order_uuid=order.uuid, version=1)
    yield lambda: Call.objects.filter(brand=order.brand).update(brand=brand)
    token, _text = issue_token(order.brand, name="x", abilities=["*"])
    yield lambda: brand.idempotency_keys.create(token=token, key="x", request_digest="")


def mixed_parts(brand, order):
    """The same for a paid order's parts."""
    set_status(order, "paid")
    theirs = {
        "fulfillment": add_fulfillment(order, "shipping"),
        "refund": request_refund(order, by="x", passes="all"),
        "of_return": open_return(order, passes="all"),
    }
    mine = make_paid_order(brand)
    for part in theirs.values():
        yield lambda part=part: type(part).objects.filter(pk=part.pk).update(order=mine)
        yield lambda part=part: part.items.update(brand=brand)
    item = mine.items.get()
    yield lambda: brand.fulfillment_items.create(fulfillment=theirs["fulfillment"], item=item)
    yield lambda: brand.refund_items.create(refund=theirs["refund"], item=item, pass_was="active")
    yield lambda: brand.return_items.create(of_return=theirs["of_return"], item=item)
    ours = open_return(mine, passes="all")
    yield lambda: brand.returns.filter(pk=ours.pk).update(refund=theirs["refund"])
    free = make_paid_order(order.brand).items.get()
    for rows in (
        add_fulfillment(mine, "shipping").items,
        request_refund(mine, by="x", passes="all").items,
        ours.items,
    ):
        yield lambda rows=rows: rows.update(item=free)


def test_the_database_refuses_parts_that_mix_brands(brand, theirs):
    refused = 0
    for write in mixed_parts(brand, theirs):
        with pytest.raises(IntegrityError, match="same_brand"), transaction.atomic():
            write()
            connection.check_constraints()
        refused += 1
    assert refused == 13


def test_the_database_refuses_rows_that_mix_brands(brand, theirs):
    refused = 0
    for write in mixed_rows(brand, theirs):
        with pytest.raises(IntegrityError, match="same_brand"), transaction.atomic():
            write()
            connection.check_constraints()
        refused += 1
    assert refused == 10


BODIES = {
    "patch": {"processing_status": "archived", "status": "cancelled"},
    "post": {"kind": "shipping", "passes": []},
}
ROWS = (Order, Fulfillment, Refund, Return, Pass, Event, Call)


@pytest.mark.parametrize(
    ("route", "method"),
    [(route, method) for route, callback in BRAND_ROUTES.items() for method in callback.actions if method != "head"],
)
def test_no_route_opens_another_brands_rows(api, other, theirs, route, method):
    set_status(theirs, "paid")
    code = theirs.items.get().issued_pass.qr_code
    path = route.replace("<str:order_id>", str(theirs.uuid)).replace("<str:code>", code)
    path = path.replace("<str:fulfillment_id>", str(add_fulfillment(theirs, "shipping").uuid))
    path = path.replace("<str:return_id>", str(open_return(theirs, passes="all").uuid))
    before = [list(model.objects.order_by("pk").values()) for model in ROWS]
    through_their_door = api.call(
        method.upper(), "/" + path.replace("<str:brand_id>", str(other.uuid)), BODIES.get(method)
    )
    assert through_their_door.status_code == 404
    if "order_id" in route or "code" in route:
        through_mine = api.call(
            method.upper(), "/" + path.replace("<str:brand_id>", str(api.base.split("/")[2])), BODIES.get(method)
        )
        assert through_mine.status_code == 404
    assert [list(model.objects.order_by("pk").values()) for model in ROWS] == before


def test_a_token_opens_no_brand_that_does_not_exist(api):
    assert api.get(f"/shops/{uuid.uuid4()}/orders").status_code == 404


def test_making_is_what_it_seems(brand):
    """The helpers of these tests stay within a brand themselves."""
    assert make_member(brand).brand == make_coupon(brand).brand == brand
