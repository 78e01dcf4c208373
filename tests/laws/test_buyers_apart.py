"""The laws of the buyer wallet: a row hangs on a client or a buyer, and each door opens its own rows only."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import get_resolver
from rest_framework.views import APIView

from accounts.models import User
from buyers.admin_doors import ClientAdminDoor
from buyers.api import WalletView
from buyers.authentication import BuyerBearer, ClientBasic
from buyers.models import Client
from tests.laws.test_brands_apart import routes, view_class
from walletapp.middleware import WALLET_API

ROOT = Path(__file__).resolve().parent.parent.parent
MODELS = list(apps.get_app_config("buyers").get_models())
OWNERLESS = {"Client", "Authority"}  # a partner itself; the installation's own
API = {
    route: view_class(callback)
    for route, callback in routes(get_resolver().url_patterns)
    if f"/{route}".startswith(WALLET_API)
}
EDGES = [*ROOT.glob("buyers/*views.py"), *ROOT.glob("buyers/pages/*.py")]


def owners_of(model, seen=()):
    """The clients and buyers that a row of this model leads to, over keys that are never empty."""
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model not in seen:
            if field.related_model in {Client, User}:
                yield field.related_model
            elif field.related_model._meta.app_label == "buyers" and not field.null:
                yield from owners_of(field.related_model, (*seen, model))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_row_leads_to_a_client_or_a_buyer(model):
    assert model.__name__ in OWNERLESS or list(owners_of(model))


def test_every_view_of_the_wallet_api_goes_through_its_door():
    views = {route: view for route, view in API.items() if isinstance(view, type) and issubclass(view, APIView)}
    assert len(views) >= 6
    assert [route for route, view in views.items() if not issubclass(view, WalletView)] == []
    kinds = {route: view.authentication_classes for route, view in views.items()}
    assert [route for route, kind in kinds.items() if kind not in ([BuyerBearer], [ClientBasic])] == []
    assert {route for route, view in API.items() if route not in views} == {".well-known/oauth-authorization-server"}


def test_every_admin_of_the_wallets_rows_is_the_door_for_developers():
    pages = {model: page for model, page in admin.site._registry.items() if model in MODELS}
    assert Client in pages
    assert [model for model, page in pages.items() if not isinstance(page, ClientAdminDoor)] == []


@pytest.mark.parametrize("path", EDGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_edges_never_query_a_whole_table(path):
    wide = {"objects", "_default_manager", "_base_manager"}
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
    empty = [id(node.value) for node in found if node.attr == "none"]  # what a form starts from
    assert [node.lineno for node in found if node.attr in wide and id(node) not in empty] == []
