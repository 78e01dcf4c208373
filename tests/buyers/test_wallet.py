"""GET /pay/wallet: what the buyer lets a client see (§A.7), and nobody else (§B.5)."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from buyers.addresses import remove_address
from buyers.cards import Kept, keep_card, remove_card
from buyers.models import Connection, Environment
from buyers.scopes import ADDRESS, CARD, ENCRYPTED, PAYMENT_SESSION
from buyers.tokens import disconnect
from tests.buyers.keeping import HIGH_STREET, YEAR, make_address, make_card
from tests.buyers.making import connect
from tests.making import make_brand, token_for

WALLET = "/pay/wallet"


@pytest.fixture
def wallet(buyer):
    return make_card(buyer), make_address(buyer)


@pytest.fixture
def token(partner, buyer, wallet):
    card, address = wallet
    return connect(partner.client, buyer, card=card, address=address)[0]


def refused(answer, status, error):
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert answer.json()["error_message"] == answer.json()["error_description"]


def test_the_answer_is_the_references_letter_by_letter(partner, buyer, wallet, token):
    card, address = wallet
    answer = partner.get(WALLET, token)
    expected = {
        "user": {"uuid": str(buyer.uuid)},
        "card": {
            "uuid": str(card.uuid),
            "lastFourDigits": "1111",
            "network": "VISA",
            "type": "CREDIT",
            "fingerprint": card.fingerprint,
        },
        "shippingAddress": {"uuid": str(address.uuid), **HIGH_STREET},
    }
    assert answer.status_code == 200
    assert answer.content.decode() == json.dumps(expected, separators=(",", ":"), ensure_ascii=False)
    assert answer["Content-Type"] == "application/json"
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("scopes", "keys"),
    [
        ([CARD], ["user", "card"]),
        ([ADDRESS], ["user", "shippingAddress"]),
        ([PAYMENT_SESSION], ["user"]),
        ([ENCRYPTED], ["user"]),
        ([CARD, ADDRESS], ["user", "card", "shippingAddress"]),
    ],
)
def test_scopes_decide_which_keys_there_are(partner, buyer, wallet, scopes, keys):
    card, address = wallet
    token, _refresh = connect(partner.client, buyer, scopes, card=card, address=address)
    assert list(partner.get(WALLET, token).json()) == keys


def test_what_was_removed_is_left_out(partner, wallet, token):
    card, address = wallet
    remove_card(card)
    assert list(partner.get(WALLET, token).json()) == ["user", "shippingAddress"]
    remove_address(address)
    assert list(partner.get(WALLET, token).json()) == ["user"]


def test_a_new_choice_shows_with_the_old_token(partner, buyer, token):
    other = make_card(buyer, number="5105105105105100")
    connect(partner.client, buyer, card=other)
    card = partner.get(WALLET, token).json()["card"]
    assert (card["network"], card["type"], card["lastFourDigits"]) == ("MASTERCARD", "PREPAID", "5100")


def test_a_sandbox_never_sees_a_real_card(partner, buyer, token):
    kept = Kept("ours", "card_1", "fp_1", "4321")
    real = keep_card(buyer, kept, month=1, year=YEAR, name="Jane Doe", billing_address=HIGH_STREET)
    Connection.objects.update(card=real)
    assert list(partner.get(WALLET, token).json()) == ["user", "shippingAddress"]
    type(partner.client).objects.update(environment=Environment.LIVE)
    assert partner.get(WALLET, token).json()["card"]["lastFourDigits"] == "4321"


def test_the_last_use_is_noted_once_a_minute(partner, buyer, token):
    link = buyer.connections.get()
    assert link.last_used_at is None
    partner.get(WALLET, token)
    link.refresh_from_db()
    first = link.last_used_at
    assert timezone.now() - first < timedelta(seconds=20)
    partner.get(WALLET, token)
    link.refresh_from_db()
    assert link.last_used_at == first
    Connection.objects.update(last_used_at=first - timedelta(seconds=61))
    partner.get(WALLET, token)
    link.refresh_from_db()
    assert link.last_used_at > first - timedelta(seconds=61)


def test_it_takes_one_statement_beside_the_log(partner, token, statements):
    partner.get(WALLET, token)
    statements.clear()
    assert partner.get(WALLET, token).status_code == 200
    assert [text for text in map(str, statements) if "buyers_clientrequest" not in text] == [statements[0]]


def test_no_user_agent_is_refused_before_anything_else(partner, token):
    for agent in (None, "", "  "):
        refused(partner.get(WALLET, token, agent=agent), 403, "invalid_request")
        refused(partner.get(WALLET, "wrong", agent=agent), 403, "invalid_request")


def test_tokens_of_other_kinds_open_nothing(partner, rival, buyer, wallet, token):  # §B.5 row 11
    _access, refresh = connect(rival.client, buyer)
    brand_token = token_for(make_brand())
    for auth in (partner.basic, f"Bearer {refresh}", f"Bearer {brand_token}", "Bearer ", "Bearer x", f"Basic {token}"):
        answer = partner.call("GET", WALLET, auth=auth)
        refused(answer, 401, "invalid_token")
        assert 'error="invalid_token"' in answer["WWW-Authenticate"]
        assert "uuid" not in answer.content.decode()


def test_a_wallet_token_opens_nothing_of_a_brand(partner, token):  # §B.5 row 11
    brand = make_brand()
    answer = partner.get(f"/shops/{brand.uuid}/orders", token)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthenticated."})


def test_a_token_in_the_query_is_refused(partner, token):  # §B.5 row 12
    refused(partner.call("GET", f"{WALLET}?access_token={token}", auth=""), 401, "invalid_token")
    refused(partner.get(f"{WALLET}?access_token={token}", token), 401, "invalid_token")


@pytest.mark.parametrize("who", ["buyer", "client"])
def test_whoever_is_switched_off_is_out_at_once(partner, buyer, token, who):  # §B.5 row 22
    row = buyer if who == "buyer" else partner.client
    type(row).objects.filter(pk=row.pk).update(is_active=False)
    refused(partner.get(WALLET, token), 401, "invalid_token")


def test_whoever_was_disconnected_is_out_at_once(partner, buyer, token):
    disconnect(buyer.connections.get())
    refused(partner.get(WALLET, token), 401, "invalid_token")


def test_another_clients_token_shows_that_connections_own_choice(partner, rival, buyer, token):
    other = make_card(buyer, number="378282246310005")
    theirs, _refresh = connect(rival.client, buyer, [CARD], card=other)
    assert rival.get(WALLET, theirs).json()["card"]["lastFourDigits"] == "0005"
    assert partner.get(WALLET, token).json()["card"]["lastFourDigits"] == "1111"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(partner, token, method):
    answer = partner.call(method, WALLET, auth=f"Bearer {token}")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
