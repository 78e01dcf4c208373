"""POST /pay/wallet/orders: whose an order is, and how it can be paid (§A.8), with the attacks of §B.5."""

import json
import re
import threading
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from buyers.addresses import remove_address
from buyers.cards import Kept, keep_card, remove_card
from buyers.certificates import receive, revoke
from buyers.models import Connection, Environment, PaymentSession, WalletOrder
from buyers.scopes import ADDRESS, CARD, ENCRYPTED, PAYMENT_SESSION
from buyers.sealing import unseal
from buyers.sessions import SessionRefused, digest, forget_sessions, redeem_session
from buyers.tokens import disconnect
from buyers.vaults import VaultAdapter, VaultError
from tests.buyers.keeping import (
    ECIES,
    HIGH_STREET,
    YEAR,
    certified,
    der,
    header,
    make_address,
    make_card,
    new_key,
    pem,
    requested,
    vector_key,
)
from tests.buyers.making import connect, make_buyer

ORDERS = "/pay/wallet/orders"
BILLING = dict(sorted(HIGH_STREET.items()))


@pytest.fixture
def wallet(buyer):
    return make_card(buyer), make_address(buyer)


@pytest.fixture
def token(partner, buyer, wallet):
    card, address = wallet
    return connect(partner.client, buyer, card=card, address=address)[0]


def session_of(partner, token, *order_ids):
    return partner.post(ORDERS, token, {"order_ids": list(order_ids), "tokenization_type": "SESSION"})


def credential_of(partner, token, certificate, *order_ids):
    body = {"order_ids": list(order_ids), "tokenization_type": "PAYMENT_CREDENTIAL"}
    return partner.post(ORDERS, token, body, Certificate=certificate)


def refused(answer, status, error):
    """Refused so, and nothing was changed."""
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.content
    assert answer.json()["error_message"] == answer.json()["error_description"]
    assert (WalletOrder.objects.count(), PaymentSession.objects.count()) == (0, 0)
    return answer.json()["error_message"]


def test_a_session_is_answered_letter_by_letter(partner, buyer, wallet, token):
    card, address = wallet
    answer = session_of(partner, token, "1234")
    found = answer.json()
    session_id = found["payment"]["paymentSessionId"]
    expected = {
        "user": {"uuid": str(buyer.uuid)},
        "card": {
            "uuid": str(card.uuid),
            "billingAddress": BILLING,
            "lastFourDigits": "1111",
            "network": "VISA",
            "type": "CREDIT",
        },
        "payment": {"paymentSessionId": session_id},
        "shippingAddress": {"uuid": str(address.uuid), **HIGH_STREET},
    }
    assert answer.status_code == 200
    assert answer.content.decode() == json.dumps(expected, separators=(",", ":"), ensure_ascii=False)
    assert answer["Cache-Control"] == "no-store"
    assert re.fullmatch("west-[0-9a-f]{32}", session_id)


def test_orders_and_session_are_written_down(partner, buyer, wallet, token):
    answer = session_of(partner, token, "b/2", "a 1")
    link = buyer.connections.get()
    rows = WalletOrder.objects.order_by("external_id").values_list(
        "external_id", "client", "buyer", "connection", "order", "state", "findings"
    )
    assert list(rows) == [
        ("a 1", partner.client.pk, buyer.pk, link.pk, None, None, []),
        ("b/2", partner.client.pk, buyer.pk, link.pk, None, None, []),
    ]
    session = PaymentSession.objects.get()
    session_id = answer.json()["payment"]["paymentSessionId"]
    assert (session.digest, session.order_ids, session.redeemed) == (digest(session_id), ["b/2", "a 1"], [])
    assert (session.card, session.connection) == (wallet[0], link)
    assert timedelta(minutes=59) < session.expires_at - timezone.now() <= timedelta(minutes=60)


def test_a_credential_is_for_the_partners_key_alone(partner, buyer, wallet, token):
    card, address = wallet
    receive(partner.client, ECIES["certificate_pem"].encode())
    answer = credential_of(partner, token, ECIES["certificate_header_b64_of_pem"], "1234")
    found = answer.json()
    assert answer.status_code == 200
    assert list(found) == ["user", "card", "shippingAddress"]
    assert list(found["card"].items())[:-1] == [
        ("uuid", str(card.uuid)),
        ("billingAddress", BILLING),
        ("lastFourDigits", "1111"),
        ("network", "VISA"),
        ("type", "CREDIT"),
        ("fingerprint", card.fingerprint),
    ]
    assert list(found["card"]["encryptedPayload"]) == ["encryptedMessage", "ephemeralPublicKey", "tag"]
    assert json.loads(unseal(found["card"]["encryptedPayload"], vector_key())) == {
        "type": "card",
        "data": {"full_name": "Jane Doe", "pan": "4111111111111111", "month": 12, "year": YEAR, "brand": "VISA"},
    }
    assert found["shippingAddress"]["uuid"] == str(address.uuid)
    assert (WalletOrder.objects.count(), PaymentSession.objects.count()) == (1, 0)


def test_der_works_like_pem(partner, token):
    receive(partner.client, ECIES["certificate_pem"].encode())
    answer = credential_of(partner, token, ECIES["certificate_header_b64_of_der"], "1")
    assert b'"pan":"4111111111111111"' in unseal(answer.json()["card"]["encryptedPayload"], vector_key())


def test_the_same_buyer_again_gets_a_fresh_session_for_the_same_order(partner, token):
    one, other = (session_of(partner, token, "1", "2").json()["payment"]["paymentSessionId"] for _ in range(2))
    assert one != other
    assert (WalletOrder.objects.count(), PaymentSession.objects.count()) == (2, 2)
    assert session_of(partner, token, "2", "3").status_code == 200
    assert WalletOrder.objects.count() == 3


def test_an_order_never_changes_its_buyer_and_all_is_refused_with_it(partner, buyer, token):
    stranger = make_buyer()
    theirs, _refresh = connect(partner.client, stranger, card=make_card(stranger), address=make_address(stranger))
    assert session_of(partner, theirs, "taken").status_code == 200
    answer = session_of(partner, token, "new", "taken", "newer")
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert answer.json()["error_message"] == "One of order_ids is an order of another buyer."
    assert list(WalletOrder.objects.values_list("external_id", "buyer")) == [("taken", stranger.pk)]
    assert PaymentSession.objects.count() == 1


def test_another_client_may_have_the_same_ids(partner, rival, buyer, wallet, token):
    stranger = make_buyer()
    theirs, _refresh = connect(rival.client, stranger, card=make_card(stranger), address=make_address(stranger))
    assert session_of(rival, theirs, "1").status_code == session_of(partner, token, "1").status_code == 200
    assert WalletOrder.objects.count() == 2


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff",
        [],
        "x",
        {},
        {"tokenization_type": "SESSION"},
        {"order_ids": ["1"]},
        {"order_ids": ["1"], "tokenization_type": "session"},
        {"order_ids": ["1"], "tokenization_type": ["SESSION"]},
        {"order_ids": ["1"], "tokenization_type": None},
        {"order_ids": [], "tokenization_type": "SESSION"},
        {"order_ids": "1", "tokenization_type": "SESSION"},
        {"order_ids": None, "tokenization_type": "SESSION"},
        {"order_ids": {"0": "1"}, "tokenization_type": "SESSION"},
        {"order_ids": [1], "tokenization_type": "SESSION"},
        {"order_ids": [None], "tokenization_type": "SESSION"},
        {"order_ids": [["1"]], "tokenization_type": "SESSION"},
        {"order_ids": ["1", "1"], "tokenization_type": "SESSION"},
        {"order_ids": ["1", ""], "tokenization_type": "SESSION"},
        {"order_ids": ["   "], "tokenization_type": "SESSION"},
        {"order_ids": ["a\x00b"], "tokenization_type": "SESSION"},
        {"order_ids": ["a\nb"], "tokenization_type": "SESSION"},
        {"order_ids": ["x" * 129], "tokenization_type": "SESSION"},
        {"order_ids": [str(number) for number in range(101)], "tokenization_type": "SESSION"},
        b'{"order_ids": ["\\ud800"], "tokenization_type": "SESSION"}',
        b" " * 300_000,
    ],
)
def test_what_cannot_be_read_is_refused_with_400(partner, token, body):
    refused(partner.post(ORDERS, token, body), 400, "invalid_request")


def test_another_content_type_is_refused(partner, token):
    body = b"order_ids=1&tokenization_type=SESSION"
    answer = partner.post(ORDERS, token, body, content_type="application/x-www-form-urlencoded")
    refused(answer, 400, "invalid_request")


def test_ids_of_every_length_and_script_are_kept_as_they_are(partner, token):
    ids = ["x" * 128, "日本/1", "a::b", "<script>", "1"]
    assert session_of(partner, token, *ids).status_code == 200
    assert set(WalletOrder.objects.values_list("external_id", flat=True)) == set(ids)


@pytest.mark.parametrize(
    ("scopes", "kind"),
    [
        ([ADDRESS, CARD, ENCRYPTED], "SESSION"),
        ([ADDRESS, CARD, PAYMENT_SESSION], "PAYMENT_CREDENTIAL"),
        ([ADDRESS, CARD], "SESSION"),
    ],
)
def test_each_way_to_pay_needs_its_scope(partner, buyer, wallet, scopes, kind):
    card, address = wallet
    token, _refresh = connect(partner.client, buyer, scopes, card=card, address=address)
    answer = partner.post(ORDERS, token, {"order_ids": ["1"], "tokenization_type": kind})
    refused(answer, 403, "insufficient_scope")


def test_without_the_address_scope_there_is_no_address(partner, buyer, wallet):
    token, _refresh = connect(partner.client, buyer, [PAYMENT_SESSION], card=wallet[0])
    answer = session_of(partner, token, "1")
    assert (answer.status_code, list(answer.json())) == (200, ["user", "card", "payment"])


@pytest.mark.parametrize("gone", ["card", "address"])
def test_what_was_removed_after_consent_refuses_the_confirmation(partner, wallet, token, gone):  # §B.5 row 22
    card, address = wallet
    if gone == "card":
        remove_card(card)
    else:
        remove_address(address)
    text = refused(session_of(partner, token, "1"), 403, "access_denied")
    assert text == f"The buyer's {gone} is gone. Let the buyer authorize again."


@pytest.mark.parametrize("who", ["buyer", "client", "connection"])
def test_whoever_is_out_confirms_nothing(partner, buyer, token, who):  # §B.5 row 22
    if who == "connection":
        disconnect(buyer.connections.get())
    else:
        row = buyer if who == "buyer" else partner.client
        type(row).objects.filter(pk=row.pk).update(is_active=False)
    refused(session_of(partner, token, "1"), 401, "invalid_token")


def test_a_clients_own_credentials_confirm_nothing(partner, token):  # §B.5 row 11
    body = {"order_ids": ["1"], "tokenization_type": "SESSION"}
    refused(partner.call("POST", ORDERS, body), 401, "invalid_token")
    refused(partner.call("POST", f"{ORDERS}?access_token={token}", body, auth=""), 401, "invalid_token")
    refused(partner.post(ORDERS, token, body, agent=None), 403, "invalid_request")


KEY = new_key()
GOOD = certified(KEY)


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ("", "The header Certificate is missing."),
        ("not base64!", "The header Certificate must be base64 of the certificate, without line breaks."),
        ("AAAA", "The header Certificate holds no X.509 certificate, neither as PEM nor as DER."),
        (header(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "The header Certificate holds no"),
        (header(requested(KEY)), "The header Certificate holds no X.509 certificate"),
        (header(pem(GOOD)), "The certificate is not registered for this client."),
    ],
)
def test_a_certificate_that_does_not_do_is_refused_with_its_reason(partner, token, certificate, reason):
    answer = credential_of(partner, token, certificate, "1")
    assert refused(answer, 400, "invalid_request").startswith(reason)


def test_a_certificate_is_its_clients_own_until_it_is_revoked(partner, rival, token):
    receive(rival.client, pem(GOOD))
    text = refused(credential_of(partner, token, header(der(GOOD)), "1"), 400, "invalid_request")
    assert text == "The certificate is not registered for this client."
    revoke(receive(partner.client, pem(GOOD)))
    text = refused(credential_of(partner, token, header(der(GOOD)), "1"), 400, "invalid_request")
    assert text == "The certificate was revoked."


def test_a_certificate_that_has_expired_since_is_refused(partner, token):
    old = certified(KEY, days=1)
    receive(partner.client, pem(old))
    expired = certified(KEY, days=1, starts=old.not_valid_before_utc - timedelta(days=9))
    partner.client.certificates.update(fingerprint="0" * 64)
    text = refused(credential_of(partner, token, header(pem(expired)), "1"), 400, "invalid_request")
    assert text == "The certificate has expired."


class OurVault(VaultAdapter):
    name = "ours"
    asked = []

    def encrypt_for(self, card, key, order_ids):
        self.asked.append((card.vault_reference, order_ids))
        if card.vault_reference == "down":
            raise VaultError("The vault does not answer.")
        return {"encryptedMessage": "AA==", "ephemeralPublicKey": "x", "tag": "AA=="}


@pytest.fixture
def live(partner, buyer, token):
    """The partner as a live client with a certificate from here, and its buyer's real card."""
    type(partner.client).objects.update(environment=Environment.LIVE)
    partner.client.refresh_from_db()
    kept = Kept("ours", "card_1", "fp_1", "4321")
    card = keep_card(buyer, kept, month=1, year=YEAR, name="Jane Doe", billing_address=HIGH_STREET)
    Connection.objects.update(card=card)
    row = receive(partner.client, requested(KEY))
    OurVault.asked.clear()
    return header(row.certificate.encode())


def test_without_a_vault_live_clients_get_no_numbers(partner, token, live):
    text = refused(credential_of(partner, token, live, "1"), 403, "access_denied")
    assert text == "This service gives no card numbers to live clients."
    assert session_of(partner, token, "1").status_code == 200


def test_with_a_vault_the_vault_encrypts(partner, token, live, settings):
    settings.WALLET_VAULT = "tests.buyers.test_confirm.OurVault"
    answer = credential_of(partner, token, live, "1", "2")
    assert answer.status_code == 200, answer.content
    assert answer.json()["card"]["encryptedPayload"]["encryptedMessage"] == "AA=="
    assert OurVault.asked == [("card_1", ["1", "2"])]


def test_a_vault_that_fails_leaves_nothing_behind(partner, buyer, token, live, settings):
    settings.WALLET_VAULT = "tests.buyers.test_confirm.OurVault"
    buyer.cards.filter(vault="ours").update(vault_reference="down")
    refused(credential_of(partner, token, live, "1"), 503, "temporarily_unavailable")


def test_a_test_card_is_nothing_for_a_live_client_to_charge_by_number(partner, wallet, token, live, settings):
    settings.WALLET_VAULT = "tests.buyers.test_confirm.OurVault"
    Connection.objects.update(card=wallet[0])
    refused(credential_of(partner, token, live, "1"), 403, "access_denied")
    assert OurVault.asked == []


def test_a_live_client_needs_a_certificate_from_here(partner, token, live, settings):
    settings.WALLET_VAULT = "tests.buyers.test_confirm.OurVault"
    partner.client.certificates.update(is_issued_here=False)
    text = refused(credential_of(partner, token, live, "1"), 400, "invalid_request")
    assert text == "The certificate was not issued by this service, as a live client's must be."


def test_a_session_is_redeemed_once_for_each_of_its_orders(partner, wallet, token):
    session_id = session_of(partner, token, "1", "2").json()["payment"]["paymentSessionId"]
    assert redeem_session(session_id, "1").card == wallet[0]
    assert redeem_session(session_id, "2").redeemed == ["1", "2"]
    for order_id, reason in (("1", "used for this order already"), ("3", "not for this order")):
        with pytest.raises(SessionRefused, match=reason):
            redeem_session(session_id, order_id)
    with pytest.raises(SessionRefused, match="no such payment session"):
        redeem_session("west-" + "0" * 32, "1")


def test_a_session_ends_with_its_hour_its_connection_and_its_buyer(partner, buyer, token):
    session_id = session_of(partner, token, "1").json()["payment"]["paymentSessionId"]
    PaymentSession.objects.update(expires_at=timezone.now())
    with pytest.raises(SessionRefused, match="expired"):
        redeem_session(session_id, "1")
    PaymentSession.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    type(buyer).objects.update(is_active=False)
    with pytest.raises(SessionRefused, match="not active"):
        redeem_session(session_id, "1")
    disconnect(buyer.connections.get())
    with pytest.raises(SessionRefused, match="disconnected"):
        redeem_session(session_id, "1")
    assert PaymentSession.objects.get().redeemed == []


def test_sessions_that_ended_long_ago_are_forgotten(partner, token):
    session_of(partner, token, "1")
    session_of(partner, token, "2")
    old = PaymentSession.objects.order_by("pk").first()
    PaymentSession.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=31))
    assert forget_sessions() == 1
    assert PaymentSession.objects.get().order_ids == ["2"]


@pytest.mark.django_db(transaction=True)
def test_two_buyers_at_once_never_share_an_order(partner):
    tokens = []
    for _ in range(4):
        one = make_buyer()
        tokens.append(connect(partner.client, one, card=make_card(one), address=make_address(one))[0])
    answers = []

    def run(token, ids):
        answers.append(session_of(partner, token, *ids).status_code)
        database.close()

    threads = [
        threading.Thread(target=run, args=(token, ids))
        for token, ids in zip(tokens, (["a", "b", "c"], ["c", "b", "a"], ["b", "c", "a"], ["c", "a", "b"]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 403, 403, 403]
    assert WalletOrder.objects.values("buyer").distinct().count() == 1
    assert (WalletOrder.objects.count(), PaymentSession.objects.count()) == (3, 1)
