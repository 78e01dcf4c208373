"""POST /oauth/token: codes and refresh tokens (buyer-wallet.md §A.3, §A.4; the attacks of §B.5)."""

import base64
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from buyers import clients, tokens
from buyers.models import AccessToken, ClientRequest, Connection, Grant, RefreshToken
from buyers.scopes import ADDRESS, CARD, PAYMENT_SESSION
from tests.buyers.flow import CHALLENGE, VECTORS, VERIFIER, code_for, exchange, refresh
from tests.buyers.making import age, basic, connect, make_buyer, make_client

ERROR_KEYS = {"error", "error_message", "error_description"}


def is_active(partner, token):
    answer = partner.form("/oauth/introspect", token=token, token_type_hint="access_token")
    return answer.json()["active"]


def test_a_code_becomes_a_pair_of_tokens(partner, buyer):
    answer = exchange(partner, code_for(partner.client, buyer))
    assert answer.status_code == 200
    body = answer.json()
    assert {name: body[name] for name in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": f"{ADDRESS} {CARD}",
    }
    assert set(body) == {"token_type", "expires_in", "scope", "access_token", "refresh_token"}
    assert answer["Cache-Control"] == "no-store"
    assert len(answer["X-Request-Id"]) == 36
    access = AccessToken.objects.get()
    assert (access.user, access.application, access.connection.channel) == (buyer, partner.client, "")
    assert timedelta(seconds=3590) < access.expires - timezone.now() <= timedelta(seconds=3600)


def test_of_secrets_only_digests_are_kept(partner, buyer):
    code = code_for(partner.client, buyer)
    body = exchange(partner, code).json()
    secrets = {code, body["access_token"], body["refresh_token"], partner.secret}
    with connection.cursor() as cursor:
        for table in ("grant", "accesstoken", "refreshtoken", "client", "clientrequest"):
            cursor.execute(f"SELECT row_to_json(t)::text FROM buyers_{table} t")  # noqa: S608 -- names of ours
            text = " ".join(row[0] for row in cursor.fetchall())
            assert text
            assert not [secret for secret in secrets if secret in text]


def test_a_replayed_code_ends_its_tokens_and_no_others(partner, buyer):
    code = code_for(partner.client, buyer)
    first = exchange(partner, code).json()
    second_access = refresh(partner, first["refresh_token"]).json()["access_token"]
    others = exchange(partner, code_for(partner.client, buyer)).json()
    again = exchange(partner, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert set(again.json()) == ERROR_KEYS
    assert not is_active(partner, first["access_token"])
    assert not is_active(partner, second_access)
    assert refresh(partner, first["refresh_token"]).json()["error"] == "invalid_refresh_token"
    assert is_active(partner, others["access_token"])
    assert ClientRequest.objects.filter(cause__contains="used before", client=partner.client).count() == 1


def test_another_clients_code_stays_good_for_its_own(partner, rival, buyer):
    code = code_for(partner.client, buyer)
    stolen = exchange(rival, code)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert AccessToken.objects.count() == 0
    assert exchange(partner, code).status_code == 200


def test_a_code_lasts_five_minutes(partner, buyer):
    code = code_for(partner.client, buyer)
    age(Grant.objects.get(), seconds=301)
    answer = exchange(partner, code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert AccessToken.objects.count() == 0
    fresh = code_for(partner.client, buyer)
    age(Grant.objects.order_by("pk").last(), seconds=290)
    assert exchange(partner, fresh).status_code == 200


WRONG = [
    ({"redirect_uri": "https://partner.example/other"}, {}, "invalid_grant"),  # registered, but not this code's
    ({"redirect_uri": "https://partner.example/callback/"}, {}, "invalid_grant"),
    ({"code_verifier": VERIFIER}, {}, "invalid_grant"),  # somebody took the challenge out
    ({"code_verifier": "x" * 43}, {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, "invalid_grant"),
    ({"code_verifier": CHALLENGE}, {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, "invalid_grant"),
    ({}, {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}, "invalid_request"),
]


@pytest.mark.parametrize(("mistake", "asked", "error"), WRONG)
def test_a_mistake_with_a_code_uses_it_up(db, buyer, partner, mistake, asked, error):
    partner.client.redirect_uris += " https://partner.example/other"
    partner.client.save()
    code = code_for(partner.client, buyer, **asked)
    answer = exchange(partner, code, **mistake)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    right = {"code_verifier": VERIFIER} if asked else {}
    assert exchange(partner, code, **right).json()["error"] == "invalid_grant"
    assert AccessToken.objects.count() == RefreshToken.objects.count() == 0


def test_the_published_pkce_vector(partner, buyer):
    code = code_for(partner.client, buyer, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert exchange(partner, code, code_verifier=VERIFIER).status_code == 200


INCOMPLETE = [
    ({"grant_type": None}, "invalid_request"),
    ({"code": None}, "invalid_request"),
    ({"code": ""}, "invalid_request"),
    ({"redirect_uri": None}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unsupported_grant_type"),
    ({"client_id": "somebody-else"}, "invalid_request"),
    ({"code": "x" * 10_000}, "invalid_request"),
    ({"code": "a\x00b"}, "invalid_request"),
    ({"code_verifier": "é" * 43}, "invalid_grant"),
]


@pytest.mark.parametrize(("change", "error"), INCOMPLETE)
def test_what_is_missing_or_unreadable(partner, buyer, change, error):
    code = code_for(partner.client, buyer)
    answer = exchange(partner, code, **change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert set(answer.json()) == ERROR_KEYS
    assert answer.json()["error_message"] == answer.json()["error_description"] != ""
    assert AccessToken.objects.count() == 0


BODIES = [
    (b"grant_type=refresh_token&refresh_token=a&refresh_token=b", "application/x-www-form-urlencoded"),
    (b"grant_type=refresh_token&grant_type=refresh_token&refresh_token=a", "application/x-www-form-urlencoded"),
    (b"grant_type=refresh_token&refresh_token=%ff%fe", "application/x-www-form-urlencoded"),
    (b"grant_type=refresh_token&refresh_token=\xff\xfe", "application/x-www-form-urlencoded"),
    (b"grant_type=refresh_token&refresh_token=%00", "application/x-www-form-urlencoded"),
    (b"grant_type=refresh_token&refresh_token=a", "application/x-www-form-urlencoded; charset=utf-16"),
    (b"x=1&" * 60, "application/x-www-form-urlencoded"),
    (b"x" * 40_000, "application/x-www-form-urlencoded"),
    (b"", "application/x-www-form-urlencoded"),
    (b'{"grant_type": "refresh_token", "refresh_token": "a"}', "application/json"),
    (b"grant_type=refresh_token&refresh_token=a", "text/plain"),
    (b"grant_type=refresh_token&refresh_token=a", ""),
    (b"--x\r\n", "multipart/form-data; boundary=x"),
]


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
@pytest.mark.parametrize(("body", "kind"), BODIES)
def test_bodies_that_nobody_can_read(partner, path, body, kind):
    answer = partner.call("POST", path, body, content_type=kind)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_json_body_is_told_what_it_should_be(partner):
    answer = partner.call("POST", "/oauth/token", b"{}")
    text = "The Content-Type must be application/x-www-form-urlencoded, in UTF-8."
    assert answer.json() == {"error": "invalid_request", "error_message": text, "error_description": text}


def test_parameters_in_the_url_are_refused(partner, buyer):
    _access, token = connect(partner.client, buyer)
    body = b"grant_type=refresh_token&refresh_token=" + token.encode()
    path = "/oauth/token?scope=x"
    answer = partner.call("POST", path, body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert AccessToken.objects.count() == 1


# --- Refresh ---


def test_a_refresh_adds_a_token_and_lets_the_others_live(partner, buyer):
    access, token = connect(partner.client, buyer, [ADDRESS, CARD])
    answers = [refresh(partner, token).json() for _ in range(3)]
    assert {frozenset(answer) for answer in answers} == {
        frozenset({"access_token", "expires_in", "scope", "token_type"})
    }
    assert {answer["scope"] for answer in answers} == {f"{ADDRESS} {CARD}"}
    assert all(is_active(partner, one) for one in [access, *(answer["access_token"] for answer in answers)])
    assert RefreshToken.objects.count() == 1


def test_a_refresh_may_narrow_the_scope_and_not_widen_it(partner, buyer):
    _access, token = connect(partner.client, buyer, [ADDRESS, CARD])
    assert refresh(partner, token, scope=CARD).json()["scope"] == CARD
    wider = refresh(partner, token, scope=f"{CARD} {PAYMENT_SESSION}")
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    assert refresh(partner, token).json()["scope"] == f"{ADDRESS} {CARD}"


def test_a_refresh_token_lasts_a_year_from_its_issue_however_often_it_is_used(partner, buyer):
    _access, token = connect(partner.client, buyer)
    row = RefreshToken.objects.get()
    age(row, days=364)
    assert refresh(partner, token).status_code == 200
    age(RefreshToken.objects.get(), days=2)
    answer = refresh(partner, token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_refresh_token")
    assert AccessToken.objects.count() == 2


def test_refresh_tokens_that_are_none(partner, rival, buyer):
    access, token = connect(partner.client, buyer)
    for who, text in ((partner, access), (partner, "nonsense"), (partner, "x" * 4096), (rival, token)):
        answer = refresh(who, text)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert AccessToken.objects.count() == 1
    assert refresh(partner, token).status_code == 200


@pytest.mark.parametrize("end", ["revoke", "disconnect", "disable", "end_all"])
def test_ones_own_that_has_ended_says_so(partner, buyer, end):
    _access, token = connect(partner.client, buyer)
    if end == "revoke":
        partner.form("/oauth/revoke", token=token, token_type_hint="refresh_token")
    elif end == "disconnect":
        tokens.disconnect(Connection.objects.get())
    elif end == "end_all":
        assert tokens.end_all(partner.client) == 1
    else:
        buyer.is_active = False
        buyer.save()
    before = AccessToken.objects.count()
    answer = refresh(partner, token)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_refresh_token")
    assert AccessToken.objects.count() == before


def test_a_scope_that_the_client_loses_is_lost_at_once(partner, buyer):
    access, token = connect(partner.client, buyer, [ADDRESS, CARD])
    partner.client.allowed_scopes = [ADDRESS]
    partner.client.save()
    assert tokens.find(partner.client, access).scopes == [ADDRESS]
    assert refresh(partner, token).json()["scope"] == ADDRESS


def test_an_unused_code_ends_with_the_connection(partner, buyer):
    code = code_for(partner.client, buyer)
    tokens.disconnect(Connection.objects.get())
    assert exchange(partner, code).json()["error"] == "invalid_grant"
    again = code_for(partner.client, buyer)
    assert exchange(partner, code).json()["error"] == "invalid_grant"
    assert exchange(partner, again).status_code == 200
    assert Connection.objects.get().revoked_at is None


def test_a_disabled_buyers_code_is_worth_nothing(partner, buyer):
    code = code_for(partner.client, buyer)
    buyer.is_active = False
    buyer.save()
    assert exchange(partner, code).json()["error"] == "invalid_grant"
    assert AccessToken.objects.count() == 0


# --- Who the client is ---


def raw(text):
    return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


NOBODY = ["", "Basic", "Basic !!!", "Bearer x", raw("no-colon"), raw(b"\xff\xfe:x"), raw("a\x00b:c"), raw("%ff:x")]


@pytest.mark.parametrize("header", [*NOBODY, raw("unknown:secret"), raw("x" * 1400 + ":y"), "Basic " + "é" * 20])
def test_credentials_that_are_none(partner, buyer, header):
    _access, token = connect(partner.client, buyer)
    body = b"grant_type=refresh_token&refresh_token=" + token.encode()
    headers = {"Authorization": header} if header else {}
    answer = partner.browser.post(
        "/oauth/token", body, "application/x-www-form-urlencoded", headers={"User-Agent": "x", **headers}
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer["WWW-Authenticate"] == 'Basic realm="wallet", charset="UTF-8"'
    assert AccessToken.objects.count() == 1


def test_credentials_in_the_body_count_for_nothing(partner, buyer):
    _access, token = connect(partner.client, buyer)
    fields = {"client_id": partner.client.client_id, "client_secret": partner.secret}
    answer = partner.form("/oauth/token", auth="Basic ", grant_type="refresh_token", refresh_token=token, **fields)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_the_reason_is_in_the_clients_log_alone(partner, rival, buyer):
    wrong = basic(partner.client, rival.secret)
    unknown = basic("nobody", "x")
    answers = [partner.form("/oauth/token", auth=auth, grant_type="x") for auth in (wrong, unknown)]
    assert answers[0].json() == answers[1].json()
    assert list(ClientRequest.objects.order_by("pk").values_list("client", "status", "cause")) == [
        (partner.client.pk, 401, "The secret is not this client's."),
        (None, 401, "The client is not known."),
    ]


def test_credentials_are_form_url_decoded_and_the_scheme_is_any_case(partner, buyer):
    _access, token = connect(partner.client, buyer)
    escaped = "".join(f"%{ord(letter):02X}" for letter in partner.secret)
    header = raw(f"{partner.client.client_id}:{escaped}").replace("Basic", "bASIC")
    answer = partner.form("/oauth/token", auth=header, grant_type="refresh_token", refresh_token=token)
    assert answer.status_code == 200


def test_the_published_basic_vector():
    assert basic("ch4rl1nh0", "123abc") == "Basic " + VECTORS["basic"]["ch4rl1nh0:123abc"]


def test_a_client_that_is_switched_off(partner, buyer):
    _access, token = connect(partner.client, buyer)
    partner.client.is_active = False
    partner.client.save()
    answer = refresh(partner, token)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert AccessToken.objects.count() == 1


def test_two_secrets_are_valid_at_a_time(partner, buyer):
    _access, token = connect(partner.client, buyer)
    first = partner.secret
    second = clients.rotate_secret(partner.client, days=7)
    statuses = lambda: [  # noqa: E731
        partner.form(
            "/oauth/token", auth=basic(partner.client, one), grant_type="refresh_token", refresh_token=token
        ).status_code
        for one in (first, second)
    ]
    assert statuses() == [200, 200]
    partner.client.previous_secret_until = timezone.now() - timedelta(seconds=1)
    partner.client.save()
    assert statuses() == [401, 200]


def test_a_rotation_without_overlap_and_a_second_one(partner, buyer):
    _access, token = connect(partner.client, buyer)
    all_secrets = [partner.secret, clients.rotate_secret(partner.client), clients.rotate_secret(partner.client)]
    answers = [
        partner.form("/oauth/token", auth=basic(partner.client, one), grant_type="refresh_token", refresh_token=token)
        for one in all_secrets
    ]
    assert [answer.status_code for answer in answers] == [401, 200, 200]
    last = clients.rotate_secret(partner.client, days=0)
    assert refresh(partner, token).status_code == 401
    partner.secret = last
    assert refresh(partner, token).status_code == 200


@pytest.mark.parametrize("agent", [None, "", "   "])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
def test_a_user_agent_is_needed_before_anything_else(partner, path, agent):
    answer = partner.call("POST", path, auth="Basic nonsense", agent=agent)
    assert answer.status_code == 403
    assert answer.json()["error_message"] == "The User-Agent header is missing."


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/introspect"])
def test_only_post(partner, buyer, path, method):
    access, _token = connect(partner.client, buyer)
    answer = partner.call(method, f"{path}?token={access}&token_type_hint=access_token")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert b"active" not in answer.content


# --- How often ---


def test_a_client_is_slowed_down(settings, partner, rival, buyer):
    settings.WALLET_RATE_LIMIT = 3
    answers = [partner.form("/oauth/introspect", token="x", token_type_hint="access_token") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60
    assert set(answers[-1].json()) == ERROR_KEYS
    assert rival.form("/oauth/introspect", token="x", token_type_hint="access_token").status_code == 200


def test_guessing_is_slowed_down_and_locks_nobody_out(settings, partner, buyer):
    settings.WALLET_GUESS_LIMIT = 3
    partner.browser.defaults["REMOTE_ADDR"] = f"198.51.100.{partner.client.pk % 250}"
    guesses = [partner.form("/oauth/token", auth=basic(partner.client, f"guess{n}")) for n in range(5)]
    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429, 429]
    assert 1 <= int(guesses[-1]["Retry-After"]) <= 60
    assert ClientRequest.objects.count() == 3
    assert partner.form("/oauth/introspect", token="x", token_type_hint="access_token").status_code == 200


# --- At the same time ---


@pytest.mark.django_db(transaction=True)
def test_twelve_redeem_one_code(partner, buyer):
    """One gets tokens; the others are replays, so those tokens are dead when the last has been answered."""
    code = code_for(partner.client, buyer)
    answers, barrier = [], threading.Barrier(12)

    def redeem():
        barrier.wait()
        answers.append(exchange(partner, code))
        connection.close()

    threads = [threading.Thread(target=redeem) for _ in range(12)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 11
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    assert not is_active(partner, won["access_token"])
    assert not is_active(partner, won["refresh_token"])
    assert RefreshToken.objects.get().revoked is not None
    assert AccessToken.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_no_token_survives_a_disconnection(partner, buyer):
    """Refreshes and the disconnection meet: whoever comes first, nothing works afterwards."""
    _access, token = connect(partner.client, buyer)
    found = Connection.objects.get()
    barrier = threading.Barrier(7)

    def run(call):
        barrier.wait()
        call()
        connection.close()

    calls = [lambda: refresh(partner, token)] * 6 + [lambda: tokens.disconnect(found)]
    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert AccessToken.objects.count() == 0
    assert refresh(partner, token).json()["error"] == "invalid_refresh_token"
    connect(partner.client, buyer)
    assert refresh(partner, token).json()["error"] == "invalid_refresh_token"


def test_a_client_is_found_in_one_statement(partner, buyer, statements):
    make_client(), make_buyer()
    statements.clear()
    partner.form("/oauth/token", grant_type="password")
    assert len([one for one in statements if "buyers_client " in str(one)]) == 1
    assert len(statements) == 2  # the client, and the line of its log
