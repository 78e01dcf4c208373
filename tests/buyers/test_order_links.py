"""The track link, the admin's page of a client's orders, and a buyer who is forgotten."""

import json

import pytest

from accounts.models import User
from buyers.erasing import forget_buyer
from buyers.models import AccessToken, Connection, WalletOrder
from buyers.tracking import decode, encode, order_of, track_id
from orders.models import Order
from tests.buyers.making import connect, make_buyer
from tests.buyers.ordering import PATH, VECTORS, confirm, introduce, sample

LINK = VECTORS["track_link"]
HOSTILE = "</pre><script>alert(1)</script>"


def test_the_vector():
    assert f"/po/{encode(LINK['client_id'], LINK['order_id'])}" == LINK["path"]
    assert decode(LINK["path"].removeprefix("/po/")) == (LINK["client_id"], LINK["order_id"])


@pytest.mark.parametrize("order_id", ["1", "a::b", "ü/…", "x" * 128])
def test_every_id_comes_back(order_id):
    assert decode(encode("client", order_id)) == ("client", order_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "Y2xpZW50",  # no separator
        LINK["path"].removeprefix("/po/") + "=",
        LINK["path"].removeprefix("/po/") + "==",
        LINK["path"].removeprefix("/po/")[:-1],
        "ü",
        "____",
        "YQA6OmI",  # a NUL in it
    ],
)
def test_what_is_no_link(db, buyer, text):
    assert order_of(buyer, text) is None


def test_a_link_is_for_its_own_buyer(partner, rival, buyer):
    found = confirm(partner.client, buyer)
    assert order_of(buyer, track_id(found)) == found
    assert order_of(make_buyer(), track_id(found)) is None
    assert order_of(buyer, encode(rival.client.client_id, "1234")) is None


# --- the admin ------------------------------------------------------------------------------------------------------


@pytest.fixture
def stated(partner, buyer, brand):
    introduce(partner.client, brand)
    found = confirm(partner.client, buyer)
    body = sample(paymentStatus="REFUNDED", orderNumber=HOSTILE)
    assert partner.put(PATH, body).status_code == 204
    found.refresh_from_db()
    return found


def page(client, user, path):
    client.force_login(user)
    return client.get(f"/admin/buyers/walletorder/{path}")


def test_developers_see_their_clients_orders(client, partner, stated, buyer):
    developer = User.objects.create_user("dev@partner.example", is_staff=True)
    partner.client.developers.add(developer)
    assert "1234" in page(client, developer, "").content.decode()
    text = page(client, developer, f"{stated.pk}/change/").content.decode()
    for shown in ("paymentStatus", "inconsistent", "Snowboard", f"/po/{track_id(stated)}"):
        assert shown in text, shown
    assert HOSTILE not in text
    assert buyer.email not in text
    assert 'name="_save"' not in text


def test_others_do_not(client, rival, stated):
    stranger = User.objects.create_user("dev@rival.example", is_staff=True)
    rival.client.developers.add(stranger)
    assert "1234" not in page(client, stranger, "").content.decode()
    assert page(client, stranger, f"{stated.pk}/change/").status_code == 302
    assert page(client, User.objects.create_superuser("root@example.com"), f"{stated.pk}/change/").status_code == 200


# --- forgotten ------------------------------------------------------------------------------------------------------


def test_a_forgotten_buyer_leaves_amounts_and_no_name(partner, stated, buyer):
    connect(partner.client, buyer)
    buyer.name = "Emma Brown"
    buyer.save()
    email = buyer.email
    forget_buyer(buyer)
    forget_buyer(buyer)
    buyer.refresh_from_db()
    assert (buyer.name, buyer.is_active, buyer.has_usable_password()) == ("", False, False)
    assert buyer.email == f"{buyer.uuid}@forgotten.invalid"
    assert (Connection.objects.count(), AccessToken.objects.count()) == (0, 0)
    found = WalletOrder.objects.get()
    assert (found.buyer, found.connection, str(found.order.total)) == (buyer, None, "2.20")
    assert email not in json.dumps(found.state)
    assert partner.put(PATH, sample()).status_code == 204
    assert Order.objects.get().status == "paid"
