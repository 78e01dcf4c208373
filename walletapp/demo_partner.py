"""The demo's part in the buyer wallet: a partner's sandbox client, and a buyer with a test card and an address."""

from typing import Any
from urllib.parse import urlencode

from accounts.models import User
from buyers.addresses import add_address
from buyers.cards import add_card
from buyers.clients import new_client
from buyers.models import Client
from buyers.scopes import ADDRESS, CARD, ENCRYPTED, PAYMENT_SESSION
from shops.models import Brand

NAME = "Demo partner"
EMAIL = "buyer@example.com"
HOME = {
    "country": "NL",
    "addressLine": ["Prinsengracht 263"],
    "region": "NH",
    "city": "Amsterdam",
    "dependentLocality": "",
    "postalCode": "1016 GV",
    "sortingCode": "",
    "organization": "",
    "recipient": "Bo Buyer",
    "phone": "+31205567100",
}


def make_partner(brand: Brand, redirect_uri: str, password: str) -> dict[str, Any]:
    """Make both once; later the client only learns where its redirects go now. The secret is told once, then null.

    `password` is a digest. The client's merchant "cafe" is `brand`.
    """
    client, secret = Client.objects.filter(name=NAME).first(), None
    if client is None:
        scopes = [ADDRESS, CARD, PAYMENT_SESSION, ENCRYPTED]
        client, secret = new_client(NAME, redirect_uris=[redirect_uri], allowed_scopes=scopes)
        client.merchants.create(merchant_id="cafe", brand=brand)
        _make_buyer(password)
    Client.objects.filter(pk=client.pk).update(redirect_uris=redirect_uri)
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": f"{ADDRESS} {CARD} {PAYMENT_SESSION}",
        "state": "demo",
        "login_hint": EMAIL,
    }
    return {
        "client_id": client.client_id,
        "client_secret": secret,
        "redirect_uri": redirect_uri,
        "buyer": EMAIL,
        "authorize_url": f"/pay/authorize?{urlencode(asked)}",
        "wallet_url": "/wallet",
    }


def _make_buyer(password: str) -> None:
    buyer, is_new = User.objects.get_or_create(email=EMAIL, defaults={"name": "Bo Buyer", "password": password})
    if is_new:
        add_address(buyer, HOME)
        add_card(buyer, number="4242424242424242", month=12, year=2035, name="Bo Buyer", billing_address=HOME)
