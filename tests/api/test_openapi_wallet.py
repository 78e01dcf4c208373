"""The OpenAPI file says what the wallet API does: as test_openapi.py, with a client and a buyer in a token's place."""

import pytest
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import missing_required_header, positive_data_acceptance

from buyers import examples
from buyers.models import WalletOrder
from tests.api.test_openapi import whole
from tests.buyers.keeping import make_address, make_card
from tests.buyers.making import AGENT, basic, connect, make_buyer, make_client
from tests.buyers.ordering import confirm

schema = whole.include(tag="Buyer wallet")
# An order has two hundred fields, so trying it takes minutes; tests/buyers/test_order_rules.py tries each of them.
small = schema.exclude(path_regex="{id}")
# Each operation, and who may call it.
OPERATIONS = {
    "oauth_token": [{"client": []}],
    "oauth_revoke": [{"client": []}],
    "oauth_introspect": [{"client": []}],
    "wallet_get": [{"wallet": []}],
    "wallet_confirm_orders": [
        {"wallet": ["uma:pay:credit_card:read_payment_session"]},
        {"wallet": ["uma:pay:credit_card:read_encrypted"]},
    ],
    "wallet_update_order": [{"client": []}],
    "wallet_update_order_by_post": [{"client": []}],
}


@pytest.fixture
def callers(db, settings):
    """The Authorization headers of a client and of what a buyer allows it, and who they are."""
    settings.WALLET_RATE_LIMIT = settings.WALLET_GUESS_LIMIT = 0
    client, secret = make_client()
    buyer = make_buyer()
    access, _refresh = connect(client, buyer, card=make_card(buyer), address=make_address(buyer))
    return {"client": basic(client, secret), "wallet": f"Bearer {access}", "who": (client, buyer)}


@small.parametrize()
@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_wallet_api_keeps_to_its_description(case, callers, one_connection):
    operation = case.operation.definition.raw
    if case.meta.generation.mode == GenerationMode.POSITIVE and "orders" in case.path:
        case.body |= {
            "order_ids": ["1234"],
            "tokenization_type": "SESSION",
        }  # which can be printed, without a certificate
    [kind] = {name for one in operation["security"] for name in one}
    header = case.meta.components.get(ParameterLocation.HEADER)
    is_bare = bool(header and header.mode.is_negative and "Authorization" not in case.headers)
    # A description cannot say which codes there are, nor what a missing User-Agent is answered beside 403.
    excluded = [missing_required_header, *([positive_data_acceptance] if "/oauth/token" in case.path else [])]
    given = {} if is_bare else {"Authorization": callers[kind]}
    case.call_and_validate(headers=given, excluded_checks=excluded)


def test_every_operation_of_the_wallet_is_described_with_who_may_call_it():
    described = {one.ok().definition.raw["operationId"]: one.ok().definition.raw for one in schema.get_all_operations()}
    assert {name: raw["security"] for name, raw in described.items()} == OPERATIONS
    for raw in described.values():
        assert {"400", "401", "403", "429"} <= raw["responses"].keys()


def test_the_example_of_an_order_is_in_order(callers, client):
    confirm(*callers["who"], external_id="1234")
    headers = {"Authorization": callers["client"], "User-Agent": AGENT}
    answer = client.put("/pay/wallet/orders/1234", examples.ORDER, content_type="application/json", headers=headers)
    assert answer.status_code == 204
    kept = WalletOrder.objects.get()
    assert (kept.state, kept.findings) == (examples.ORDER, [])


def test_the_flow_and_its_scopes_are_described():
    schemes = whole.raw_schema["components"]["securitySchemes"]
    flow = schemes["wallet"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"].endswith("/pay/authorize")
    assert flow["tokenUrl"].endswith("/oauth/token")
    assert set(flow["scopes"]) == {
        "uma:pay:address:read",
        "uma:pay:credit_card:read",
        "uma:pay:credit_card:read_payment_session",
        "uma:pay:credit_card:read_encrypted",
    }
    assert schemes["client"] == {
        "type": "http",
        "scheme": "basic",
        "description": "The client's ID and secret.",
    }
