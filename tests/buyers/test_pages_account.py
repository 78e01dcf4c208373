"""A buyer's account: the password, what is held, and the end. What nobody else may do asks who it is."""

import json
import re
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection as database
from django.test import Client as Browser

from accounts.models import User
from buyers import visitors
from buyers.addresses import change_address
from buyers.erasing import close
from buyers.models import BuyerMail, Connection, WalletOrder
from buyers.pages import account, signing_in
from buyers.tasks import send_mails
from orders.models import Order
from shops import throttling
from shops.errors import InvalidInput
from tests.admin.helping import Admin, text_of
from tests.buyers.conftest import Partner
from tests.buyers.keeping import HIGH_STREET, make_address, make_card
from tests.buyers.making import connect, make_buyer, make_client
from tests.buyers.ordering import PATH, introduce, refund, sample
from tests.making import make_brand, make_paid_order
from tests.racing import in_turn

HOME = "/wallet/account"
PAGES = [f"{HOME}/password", f"{HOME}/export", f"{HOME}/close"]
GOOD = "thirteen geese fly south"


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch):
    monkeypatch.setattr(signing_in, "MOST_OF_IP", 10**6)
    monkeypatch.setattr(signing_in, "MOST_OF_ADDRESS", 10**6)
    monkeypatch.setattr(throttling, "WINDOW", 86_400)


@pytest.fixture
def emma(client, db):
    """A buyer who has signed in with `client`."""
    buyer = make_buyer("emma.secret@shop.example", password="a secret", name="Emma Secretperson")
    enter(client)
    return buyer


def enter(client, typed="a secret"):
    return client.post("/pay/sign-in", {"email": "emma.secret@shop.example", "password": typed})


def later(client, seconds):
    """Let so much time pass since `client` signed in."""
    session = client.session
    session[visitors.SINCE] -= seconds
    session.save()


def is_in(client):
    return client.get("/wallet").status_code == 200


def linked(message):
    return re.search(r"http\S+(/pay/sign-in/\S+)", message.body)[1]


class TestFresh:
    """Ten minutes after signing in it is asked again."""

    @pytest.mark.parametrize("path", PAGES)
    def test_later_nothing_is_shown_or_done(self, client, emma, path):
        later(client, 599 - 5)
        assert client.get(path).status_code == 200
        later(client, 10)
        for answer in (client.get(path), client.post(path, {"password": GOOD, "step": "remove"})):
            assert answer.status_code == 403
            assert "Is it you?" in answer.content.decode()
        emma.refresh_from_db()
        assert (emma.is_active, emma.check_password("a secret")) == (True, True)
        assert not BuyerMail.objects.exists()
        assert is_in(client)  # the rest goes on

    def test_a_password_or_a_mailed_link_answers_it(self, client, emma):
        for form in ({"password": "a secret"}, {}):
            later(client, 3600)
            page = client.get(PAGES[0]).content.decode()
            hidden = dict(re.findall(r'type="hidden" name="(next|email)" value="([^"]*)"', page))
            answer = client.post("/pay/sign-in", hidden | form)
            if not form:
                answer = client.post(linked(mail.outbox[-1]))
            assert (answer.status_code, answer.headers["Location"]) == (303, PAGES[0])
            assert client.get(PAGES[0]).status_code == 200

    def test_a_session_from_before_has_no_time(self, client, emma):
        session = client.session
        del session[visitors.SINCE]
        session.save()
        assert is_in(client)
        assert client.get(PAGES[0]).status_code == 403

    @pytest.mark.parametrize("path", [HOME, *PAGES])
    def test_others_are_asked_to_sign_in(self, client, db, path):
        for answer in (client.get(path), client.post(path)):
            assert (answer.status_code, answer.headers["Location"][:18]) == (303, "/pay/sign-in?next=")

    @pytest.mark.parametrize("path", PAGES[::2])
    def test_forms_need_their_token(self, path, emma, client):
        browser = Browser(enforce_csrf_checks=True)
        browser.cookies = client.cookies
        assert browser.post(path, {"password": GOOD}).status_code == 403
        emma.refresh_from_db()
        assert emma.check_password("a secret")


class TestPassword:
    """Set, changed, removed."""

    def test_who_has_none_chooses_one(self, client, db):
        make_buyer("emma.secret@shop.example")
        client.post("/pay/sign-in", {"email": "emma.secret@shop.example"})
        client.post(linked(mail.outbox[0]))
        assert "You have none" in client.get(HOME).content.decode()
        answer = client.post(PAGES[0], {"password": GOOD})
        assert (answer.status_code, answer.headers["Location"]) == (303, HOME)
        assert is_in(client)
        assert enter(Browser(), GOOD).status_code == 303

    def test_another_one_ends_all_other_sessions_and_is_told_by_mail(self, client, emma):
        elsewhere = Browser()
        enter(elsewhere)
        before = client.session.session_key
        later(client, 300)
        agent = {"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
        assert client.post(PAGES[0], {"password": GOOD}, headers=agent).status_code == 303
        assert (is_in(client), is_in(elsewhere)) == (True, False)
        assert client.session.session_key != before
        later(client, 301)  # that it was changed makes nobody fresh
        assert client.get(PAGES[0]).status_code == 403
        assert enter(Browser()).status_code == 422
        assert send_mails() == 1
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([emma.email], "Your wallet has a new password")
        assert "With: Safari, iPhone" in message.body
        assert GOOD not in message.body

    def test_connected_apps_stay(self, client, emma):
        connect(make_client()[0], emma)
        client.post(PAGES[0], {"password": GOOD})
        assert Connection.objects.get().revoked_at is None

    @pytest.mark.parametrize("password", ["", "nine_char", "password1234", "emma.secret@shop.example"])
    def test_a_weak_one_changes_nothing(self, client, emma, password):
        answer = client.post(PAGES[0], {"password": password})
        assert answer.status_code == 422
        assert 'class="errorlist"' in answer.content.decode()
        emma.refresh_from_db()
        assert emma.check_password("a secret")
        assert not BuyerMail.objects.exists()

    def test_removing_it_leaves_links(self, client, emma):
        assert client.post(PAGES[0], {"step": "remove"}).status_code == 303
        emma.refresh_from_db()
        assert not emma.has_usable_password()
        assert is_in(client)
        assert enter(Browser()).status_code == 422
        assert client.post(PAGES[0], {"step": "remove"}).status_code == 303  # there is nothing to remove, or to tell
        assert send_mails() == 1
        assert mail.outbox[0].subject == "Your wallet has no password any more"

    def test_staff_keep_theirs(self, client, emma):
        User.objects.update(is_staff=True)
        answer = client.post(PAGES[0], {"step": "remove"})
        assert answer.status_code == 422
        assert "can only be changed" in answer.content.decode()
        emma.refresh_from_db()
        assert emma.check_password("a secret")

    def test_too_many_attempts(self, client, emma, monkeypatch):
        monkeypatch.setattr(account, "MOST_TRIES", 1)
        assert client.post(PAGES[0], {"password": "short"}).status_code == 422
        answer = client.post(PAGES[0], {"password": GOOD})
        assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
        emma.refresh_from_db()
        assert emma.check_password("a secret")

    def test_a_mail_that_cannot_be_written_down_changes_nothing(self, client, emma, monkeypatch):
        def fail(*_args):
            raise RuntimeError

        monkeypatch.setattr(account.mails, "password_set", fail)
        with pytest.raises(RuntimeError):
            client.post(PAGES[0], {"password": GOOD})
        emma.refresh_from_db()
        assert emma.check_password("a secret")


@pytest.fixture
def known(client, emma):
    """Emma, of whom there is something everywhere: a brand knows her by the wallet alone, another one otherwise too."""
    partner = Partner(*make_client("Nordic Market"))
    card, address = make_card(emma, name="Emma Secretperson"), make_address(emma, recipient="Emma Secretperson")
    token, _refresh = connect(partner.client, emma, card=card, address=address)
    introduce(partner.client, make_brand("Café Noord"))
    shop = make_brand("Velo Works")
    make_paid_order(shop, member=shop.members.create(email=emma.email, name=emma.name))
    introduce(partner.client, shop, "velo")
    for number, merchant in ((1234, None), (5678, "velo")):
        asked = {"order_ids": [str(number)], "tokenization_type": "SESSION"}
        assert partner.post("/pay/wallet/orders", token, asked).status_code == 200
        body = sample(orderUrl="https://x.example/?for=emma.secret@shop.example", extra={"to": "Emma Secretperson"})
        body["merchant"]["merchantId"] = merchant or body["merchant"]["merchantId"]
        body["fulfillments"][0]["description"] = "For Emma Secretperson"
        assert partner.put(f"/pay/wallet/orders/{number}", body).status_code == 204
    client.post(f"/wallet/connections/{Connection.objects.get().pk}/disconnect")
    connect(partner.client, emma, card=card, address=address)
    root = User.objects.create_superuser("root@example.com", "secret")
    LogEntry.objects.log_actions(root.pk, [emma], 2, change_message=[{"changed": {"fields": [emma.name]}}])
    Browser().post("/pay/sign-in", {"email": emma.email})
    return partner


def places_of(*needles):
    """Every table and session that still holds one of `needles`, with its row."""
    with database.cursor() as cursor:
        cursor.execute("SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"SELECT row::text FROM {table} AS row")  # noqa: S608 -- quoted by PostgreSQL
            rows = [(table, text) for (text,) in cursor.fetchall()]
            found += [row for row in rows if any(needle in row[1].lower() for needle in needles)]
    for session in Session.objects.all():
        text = json.dumps(SessionStore().decode(session.session_data)).lower()
        found += [("session", text)] if any(needle in text for needle in needles) else []
    return found


class TestEnd:
    """Export, and closing."""

    def test_all_that_is_held_is_in_the_file(self, client, emma, known):
        answer = client.get(PAGES[1])
        assert answer["Content-Disposition"] == f'attachment; filename="wallet-{emma.uuid}.json"'
        assert "no-store" in answer["Cache-Control"]
        found = json.loads(answer.content)
        assert (found["account"]["email"], found["account"]["has_password"]) == (emma.email, True)
        assert (found["cards"][0]["holder"], found["cards"][0]["last_four"]) == ("Emma Secretperson", "1111")
        assert found["addresses"][0]["details"]["addressLine"] == ["123 High Street"]
        (app,) = found["connections"]
        assert (app["app"], len(app["payment_sessions"]), len(app["refresh_tokens"])) == ("Nordic Market", 2, 2)
        assert [(one["external_id"], one["shop"]) for one in found["orders"]] == [
            ("1234", "Café Noord"),
            ("5678", "Velo Works"),
        ]
        assert found["orders"][0]["state"]["extra"] == {"to": "Emma Secretperson"}
        assert {one["kind"] for one in found["mails"]} == {"disconnected", "sign_in"}
        assert "4111" not in answer.content.decode()

    def test_what_goes_and_stays_is_told_before(self, client, emma, known):
        page = client.get(PAGES[2]).content.decode()
        for told in ("1 card,", "1 address", "Nordic Market", "Who you are at Café Noord", "a member of Velo Works"):
            assert told in page, told
        assert User.objects.get(pk=emma.pk).is_active

    def test_nothing_personal_stays(self, client, emma, known):
        token, refresh = connect(known.client, emma)
        needles = ("emma.secret", "secretperson", "high street", "mont royal", "5551212")
        assert len({table for table, _row in places_of(*needles)}) >= 5
        answer = client.post(PAGES[2])
        assert "Your wallet is closed" in answer.content.decode()
        assert not is_in(client)
        assert send_mails() == 1
        assert (mail.outbox[-1].to, mail.outbox[-1].subject) == (["emma.secret@shop.example"], "Your wallet is closed")
        left = places_of(*needles)
        # The shop where she bought by herself, and its order that the partner stated, know their own member.
        assert {table for table, _row in left} <= {"shops_member", "orders_fulfillment"}
        assert [row for table, row in left if table == "shops_member"] == [
            row for table, row in left if "emma.secret@shop.example" in row
        ]
        assert len(left) == 2
        order = Order.objects.get(wallet_order__external_id="1234")
        assert (str(order.total), order.status, order.member.email[:7]) == ("2.20", "paid", "erased-")
        assert order.fulfillments.get().notes == ""
        # What the partner learns.
        assert known.get("/pay/wallet", token).status_code == 401
        assert known.form("/oauth/introspect", token=token, token_type_hint="access_token").json() == {"active": False}
        answer = known.form("/oauth/token", grant_type="refresh_token", refresh_token=refresh)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert known.put(PATH, sample()).status_code == 204
        assert Order.objects.filter(member=order.member).count() == 1

    def test_what_partners_go_on_telling_names_nobody(self, client, emma, known):
        client.post(PAGES[2])
        before = Order.objects.get(wallet_order__external_id="1234")
        body = sample(orderUrl="https://x.example/?for=emma.secret@shop.example", shipmentStatus="SHIPPED")
        body["paymentStatus"] = "PARTIALLY_REFUNDED"
        body["fulfillments"][0] |= {"description": "For Emma Secretperson", "status": "IN_TRANSIT"}
        body["refunds"] = [refund("r1", "1.10") | {"description": "Emma Secretperson was ill"}]
        for _ in range(2):
            assert known.put(PATH, body).status_code == 204
        send_mails()
        assert [table for table, _row in places_of("secretperson") if table != "shops_member"] == ["orders_fulfillment"]
        found = WalletOrder.objects.get(external_id="1234")
        assert (found.state, found.findings, found.revisions.count()) == (None, [], 0)
        assert (found.order.refunded, found.order.version) == (Decimal("1.10"), before.version + 1)
        assert (found.order.refunds.get().reason, found.order.fulfillments.get().notes) == ("", "")
        assert found.order.fulfillments.get().tracking_number == ""
        # Where she is a member otherwise, it goes on as before.
        other = body | {"merchant": body["merchant"] | {"merchantId": "velo"}}
        assert known.put("/pay/wallet/orders/5678", other).status_code == 204
        member_of = Order.objects.get(wallet_order__external_id="5678")
        assert "Emma Secretperson" in member_of.fulfillments.get().notes

    def test_twice_is_once(self, client, emma):
        close(emma)
        close(User.objects.get(pk=emma.pk))
        close(emma)  # as another tab, or a superuser, still sees her
        assert send_mails() == 1
        assert mail.outbox[-1].to == ["emma.secret@shop.example"]

    def test_the_address_is_free_again(self, client, emma):
        client.post(PAGES[2])
        client.post("/pay/sign-in", {"email": emma.email})
        assert client.post(linked(mail.outbox[-1]), {"name": "New"}).status_code == 303
        assert User.objects.get(email=emma.email).pk != emma.pk

    def test_staff_are_not_forgotten_here(self, client, emma):
        make_card(emma)
        User.objects.update(is_staff=True)
        assert client.post(PAGES[2]).status_code == 409
        emma.refresh_from_db()
        assert (emma.is_active, emma.cards.count(), BuyerMail.objects.count()) == (True, 1, 0)

    def test_looking_closes_nothing(self, client, emma):
        client.get(PAGES[2])
        assert client.put(PAGES[2]).status_code == 405
        assert is_in(client)


class TestAdmin:
    """Superusers do it for a buyer who asks."""

    @pytest.fixture
    def root(self, db):
        return Admin(User.objects.create_superuser("boss@example.com", "secret"))

    def test_a_superuser_exports_and_forgets(self, root, emma, known):
        page = text_of(root.get("accounts_user_change", emma.pk))
        assert f"/admin/accounts/user/{emma.pk}/forget/" in page
        found = json.loads(root.get("accounts_user_export", emma.pk).content)
        assert found["account"]["name"] == "Emma Secretperson"
        page = text_of(root.get("accounts_user_forget", emma.pk))
        assert "Velo Works" in page
        assert User.objects.get(pk=emma.pk).is_active
        assert root.post("accounts_user_forget", emma.pk).status_code == 302
        assert send_mails() == 1
        assert {table for table, _row in places_of("emma.secret")} == {"shops_member"}
        history = text_of(root.get("accounts_user_history", emma.pk))
        assert "Erased." in history
        assert "closed the wallet" in text_of(root.get("buyers_walletorder_change", WalletOrder.objects.first().pk))

    def test_who_opens_the_admin_is_taken_off_the_team_first(self, root):
        answer = root.post("accounts_user_forget", root.user.pk)
        assert "opens the admin" in text_of(answer)
        root.user.refresh_from_db()
        assert (root.user.email, root.user.is_active) == ("boss@example.com", True)

    @pytest.mark.parametrize("name", ["accounts_user_export", "accounts_user_forget"])
    def test_nobody_else(self, emma, partner, name):
        somebody = User.objects.create_user("dev@partner.example", "secret", is_staff=True)
        partner.client.developers.add(somebody)
        for answer in (Admin(somebody).get(name, emma.pk), Admin(somebody).post(name, emma.pk)):
            assert answer.status_code == 403
        emma.refresh_from_db()
        assert emma.is_active


class TestClosingMeanwhile:
    """Nothing personal comes into a wallet that is being closed."""

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("adding", [make_address, make_card])
    def test_what_is_added_first_goes_as_well(self, adding):
        emma = make_buyer("emma@example.com")
        in_turn(lambda: adding(emma), lambda: close(emma))
        assert (emma.cards.count(), emma.addresses.count()) == (0, 0)

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("adding", [make_address, make_card])
    def test_what_comes_second_is_refused(self, adding):
        emma = make_buyer("emma@example.com")
        assert isinstance(in_turn(lambda: close(emma), lambda: adding(emma)), visitors.WalletClosed)
        assert (emma.cards.count(), emma.addresses.count()) == (0, 0)

    def test_an_address_that_is_gone_is_not_changed(self, emma):
        address = make_address(emma)
        close(emma)
        with pytest.raises(InvalidInput, match="removed"):
            change_address(address, HIGH_STREET)
