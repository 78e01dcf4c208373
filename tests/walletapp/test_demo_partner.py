"""The demo's client and buyer can be used at once, and are made once."""

import json
from urllib.parse import urlsplit

from django.core.management import call_command
from django.http import QueryDict

from accounts.models import User
from buyers.authentication import find_client, secret_is_right
from buyers.authorizing import read_request
from buyers.models import Client, Merchant


def seed(capsys, url):
    call_command("seed_demo", "--receiver-url", url)
    return json.loads(capsys.readouterr().out)["partner"]


def test_the_demo_has_a_partner_and_a_buyer(db, capsys, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    first = seed(capsys, "http://127.0.0.1:9001/")
    assert secret_is_right(find_client(first["client_id"]), first["client_secret"])
    asked = read_request(QueryDict(urlsplit(first["authorize_url"]).query))
    assert (asked.redirect_uri, asked.login_hint, asked.client.is_live) == (
        "http://127.0.0.1:9001/",
        first["buyer"],
        False,
    )
    buyer = User.objects.get(email=first["buyer"])
    assert buyer.check_password("walletapp-demo")
    assert not buyer.is_staff
    assert (buyer.cards.get().last_four, buyer.cards.get().is_test, buyer.addresses.count()) == ("4242", True, 1)
    assert Merchant.objects.get().brand.slug == "cafe-noord"
    again = seed(capsys, "http://127.0.0.1:9002/")
    assert (again["client_id"], again["client_secret"]) == (first["client_id"], None)
    assert Client.objects.get().redirect_uris == "http://127.0.0.1:9002/"
    assert buyer.cards.count() == 1
