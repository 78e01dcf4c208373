"""What an authorization request may say, and what becomes of it (buyer-wallet.md §A.2; the attacks of §B.5)."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.db import IntegrityError, connection, transaction
from django.http import QueryDict

from buyers.authorizing import allow, deny, read_request
from buyers.errors import NotRedirected, Redirected
from buyers.models import Address, Card, Connection, Grant
from buyers.scopes import ADDRESS, CARD, ENCRYPTED
from tests.buyers.flow import CHALLENGE, query_of
from tests.buyers.making import REDIRECT_URI, make_buyer

ISSUER = "http://127.0.0.1:8000"


def answer_in(url):
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))


def refusal(query):
    with pytest.raises(NotRedirected) as caught:
        read_request(query)
    assert Grant.objects.count() == 0
    return caught.value


def redirection(query):
    with pytest.raises(Redirected) as caught:
        read_request(query)
    assert caught.value.url.startswith(REDIRECT_URI + "?")
    return answer_in(caught.value.url)


def test_a_request_in_order(partner):
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    more = {"channel": " Web shop ", "login_hint": "emma@shop.example", "prompt": "none", "nonce": "x"}
    asked = read_request(query_of(partner.client, **pkce, **more))
    assert (asked.client, asked.redirect_uri, asked.scopes) == (partner.client, REDIRECT_URI, [ADDRESS, CARD])
    assert (asked.state, asked.channel, asked.login_hint) == ("xyz", "Web shop", "emma@shop.example")
    assert asked.code_challenge == CHALLENGE


def test_scopes_are_read_once_each_in_their_order(partner):
    assert read_request(query_of(partner.client, scope=f"{CARD} {ADDRESS} {CARD}")).scopes == [CARD, ADDRESS]


OTHER_PLACES = [
    "https://evil.example/callback",
    "https://partner.example.evil.example/callback",
    "https://partner.example/callback/more",
    "https://partner.example/callback/",
    "https://partner.example/callback?x=1",
    "https://partner.example/a/../callback",
    "https://partner.example/%63allback",
    "https://partner.example/Callback",
    "https://PARTNER.example/callback",
    "https://partner.example:443/callback",
    "https://partner.example:8443/callback",
    "https://user@partner.example/callback",
    "https://partner.example@evil.example/callback",
    "https://partner.example/callback#fragment",
    "http://partner.example/callback",
    "javascript:alert(1)",
    "//partner.example/callback",
    "https://partner.example/callback ",
    "https://[partner.example/callback",
    "x" * 10_000,
    "https://partner.example/call\x00back",
]


@pytest.mark.parametrize("uri", OTHER_PLACES)
def test_no_other_place_gets_an_answer(partner, uri):
    assert refusal(query_of(partner.client, redirect_uri=uri)).error == "invalid_request"


def test_the_log_says_in_what_a_redirect_uri_differs(partner):
    fault = refusal(query_of(partner.client, redirect_uri="http://partner.example/callback/"))
    assert fault.cause == f"Differs from {REDIRECT_URI} in: scheme, trailing slash."
    assert fault.client == partner.client
    assert "https://partner.example" not in fault.message


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "state"])
def test_given_twice_there_is_nowhere_to_go(partner, name):
    query = query_of(partner.client)
    query.appendlist(name, query[name])
    assert refusal(query).error == "invalid_request"


@pytest.mark.parametrize("state", ["a\x00b", "x" * 4097, QueryDict("state=%ff")["state"]])
def test_a_state_that_cannot_be_handed_back(partner, state):
    assert refusal(query_of(partner.client, state=state)).error == "invalid_request"


def test_clients_that_are_none(partner):
    assert refusal(query_of(partner.client, client_id=None)).error == "invalid_request"
    assert refusal(query_of(partner.client, client_id="")).error == "invalid_request"
    assert refusal(query_of(partner.client, redirect_uri=None)).error == "invalid_request"
    unknown = refusal(query_of(partner.client, client_id="unknown"))
    partner.client.is_active = False
    partner.client.save()
    disabled = refusal(query_of(partner.client))
    assert unknown.body == disabled.body
    assert unknown.error == "invalid_client"
    assert (unknown.client, disabled.client, disabled.cause) == (None, partner.client, "The client is off.")


FAULTS = [
    ({"response_type": None}, "invalid_request"),
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": "code token"}, "unsupported_response_type"),
    ({"scope": None}, "invalid_scope"),
    ({"scope": " "}, "invalid_scope"),
    ({"scope": "openid"}, "invalid_scope"),
    ({"scope": f"{ADDRESS} openid"}, "invalid_scope"),
    ({"scope": ADDRESS.upper()}, "invalid_scope"),
    ({"scope": "x" * 10_000}, "invalid_request"),
    ({"channel": "x" * 65}, "invalid_request"),
    ({"channel": "a\nb"}, "invalid_request"),
    ({"login_hint": "a\x00b"}, "invalid_request"),
    ({"code_challenge": CHALLENGE}, "invalid_request"),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": CHALLENGE, "code_challenge_method": "s256"}, "invalid_request"),
    ({"code_challenge": CHALLENGE + "=", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:42], "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge": CHALLENGE[:42] + "+", "code_challenge_method": "S256"}, "invalid_request"),
    ({"code_challenge_method": "S256"}, "invalid_request"),
]


@pytest.mark.parametrize(("change", "error"), FAULTS)
def test_the_partner_is_told_of_other_faults(partner, change, error):
    told = redirection(query_of(partner.client, **change))
    assert (told["error"], told["state"], told["iss"]) == (error, "xyz", ISSUER)
    assert told["error_description"]
    assert "code" not in told
    assert Grant.objects.count() == 0


@pytest.mark.parametrize("name", ["response_type", "scope", "code_challenge", "channel", "login_hint"])
def test_the_rest_given_twice_is_told(partner, name):
    query = query_of(partner.client)
    query.setlist(name, ["code", "code"])
    assert redirection(query)["error"] == "invalid_request"


def test_a_scope_that_is_not_for_this_client(partner):
    partner.client.allowed_scopes = [ADDRESS]
    partner.client.save()
    assert redirection(query_of(partner.client))["error"] == "invalid_scope"


def test_a_challenge_that_was_taken_out_of_a_request(partner):
    partner.client.require_pkce = True
    partner.client.save()
    assert redirection(query_of(partner.client))["error"] == "invalid_request"
    query = query_of(partner.client, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert read_request(query).code_challenge == CHALLENGE


def test_the_answer_to_a_uri_that_has_a_query_of_its_own(partner, buyer):
    uri = f"{REDIRECT_URI}?shop=a%2Fb"
    partner.client.redirect_uris = uri
    partner.client.save()
    asked = read_request(query_of(partner.client, redirect_uri=uri, state="a b&c=é"))
    url = allow(buyer, asked, scopes=[CARD], card=None, address=None)
    assert url.startswith(uri + "&code=")
    assert answer_in(url)["state"] == "a b&c=é"


def test_what_is_allowed_is_kept(partner, buyer):
    card, address = make_card(buyer), buyer.addresses.create(encrypted_details=b"x")
    asked = read_request(query_of(partner.client, channel="App", scope=f"{ADDRESS} {CARD} {ENCRYPTED}", state=None))
    url = allow(buyer, asked, scopes=[CARD, ADDRESS], card=card, address=address)
    assert set(answer_in(url)) == {"code", "iss"}
    found = Connection.objects.get()
    assert (found.buyer, found.client, found.channel) == (buyer, partner.client, "App")
    assert (found.scopes, found.card, found.address) == ([ADDRESS, CARD], card, address)
    assert Grant.objects.get().scope == f"{ADDRESS} {CARD}"


def test_what_no_scope_opens_is_not_kept(partner, buyer):
    card, address = make_card(buyer), buyer.addresses.create(encrypted_details=b"x")
    asked = read_request(query_of(partner.client))
    allow(buyer, asked, scopes=[ADDRESS], card=card, address=address)
    assert (Connection.objects.get().card, Connection.objects.get().address) == (None, address)


def test_asked_again_the_same_connection_has_the_new_choice(partner, buyer):
    first, second = make_card(buyer, "1"), make_card(buyer, "2")
    asked = read_request(query_of(partner.client))
    allow(buyer, asked, scopes=asked.scopes, card=first, address=None)
    allow(buyer, asked, scopes=[CARD], card=second, address=None)
    found = Connection.objects.get()
    assert (found.card, found.scopes) == (second, [CARD])


def test_nobody_allows_what_is_not_theirs_or_was_not_asked(partner, buyer):
    stranger = make_buyer()
    card, address = make_card(stranger), stranger.addresses.create(encrypted_details=b"x")
    asked = read_request(query_of(partner.client))
    tries = [
        {"card": card, "address": None, "scopes": asked.scopes},
        {"card": None, "address": address, "scopes": asked.scopes},
        {"card": None, "address": None, "scopes": [*asked.scopes, ENCRYPTED]},
        {"card": None, "address": None, "scopes": []},
    ]
    for choice in tries:
        with pytest.raises(NotRedirected):
            allow(buyer, asked, **choice)
    assert Connection.objects.count() == Grant.objects.count() == 0


def test_what_changed_while_the_buyer_was_reading(partner, buyer):
    asked = read_request(query_of(partner.client))
    type(partner.client).objects.update(allowed_scopes=[ADDRESS])
    with pytest.raises(NotRedirected):
        allow(buyer, asked, scopes=asked.scopes, card=None, address=None)
    type(partner.client).objects.update(is_active=False)
    with pytest.raises(NotRedirected):
        allow(buyer, asked, scopes=[ADDRESS], card=None, address=None)
    type(buyer).objects.update(is_active=False)
    type(partner.client).objects.update(is_active=True)
    with pytest.raises(NotRedirected):
        allow(buyer, asked, scopes=[ADDRESS], card=None, address=None)
    assert Connection.objects.count() == 0


def test_the_database_keeps_strangers_cards_and_addresses_out(partner, buyer):
    stranger = make_buyer()
    asked = read_request(query_of(partner.client))
    allow(buyer, asked, scopes=asked.scopes, card=None, address=None)
    theirs = {"card": make_card(stranger), "address": stranger.addresses.create(encrypted_details=b"x")}
    for name, row in theirs.items():
        with pytest.raises(IntegrityError, match="same_buyer"), transaction.atomic():
            Connection.objects.update(**{name: row})
            connection.check_constraints()
    assert (Card.objects.count(), Address.objects.count()) == (1, 1)


def test_a_refusal(partner):
    asked = read_request(query_of(partner.client))
    told = answer_in(deny(asked))
    assert (told["error"], told["state"], told["iss"]) == ("access_denied", "xyz", ISSUER)
    assert Connection.objects.count() == 0


def test_a_code_is_random_and_long(partner, buyer):
    asked = read_request(query_of(partner.client))
    urls = [allow(buyer, asked, scopes=[CARD], card=None, address=None) for _ in range(3)]
    codes = {parse_qs(urlsplit(url).query)["code"][0] for url in urls}
    assert len(codes) == 3
    assert {len(code) for code in codes} == {48}


def make_card(buyer, fingerprint="f"):
    return buyer.cards.create(
        vault="test",
        vault_reference="visa",
        last_four="1111",
        expiry_month=12,
        expiry_year=2030,
        fingerprint=fingerprint,
        encrypted_details=b"x",
    )
