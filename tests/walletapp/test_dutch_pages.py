"""Every page in Dutch, with rows in every state: no English is left, neither ours of today nor what rows keep."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from buyers.tracking import track_id
from tests.buyers.flow import query_of
from tests.storefront.shopping import put_in_cart, signed_in
from tests.walletapp.every_row import Everything, admin_addresses, further_pages
from tests.walletapp.test_languages import TERM, TEXTS, texts

# Words that Dutch has not, nor the names and codes of the rows.
ENGLISH = re.compile(
    r"\b(?:the|not|this|that|which|cannot|must|with|from|has|have|been|and|are|were|by|for|you|your|it|its|than|they|an|to)\b",
    re.IGNORECASE,
)
SAME = {"English"}  # as the choice of languages calls it
HIDDEN = re.compile(r"<(script|style|pre|code|svg|template)\b.*?</\1>|<!--.*?-->", re.DOTALL)
CODE = re.compile(r'<(\w+)[^>]*class="[^"]*(?:wa-code|wa-block|material-symbols)[^"]*"[^>]*>.*?</\1>', re.DOTALL)
SAID = re.compile(r'\b(?:title|alt|placeholder|aria-label|data-label)="([^"]+)"')


def sentences_of(page):
    """The texts of a page, one for each piece between tags, and those of attributes that are read out."""
    shown = HIDDEN.sub(" ", page)
    pieces = [*re.split(r"<[^>]*>", CODE.sub(" ", shown)), *SAID.findall(shown)]
    return {" ".join(unescape(piece).split()) for piece in pieces}


def english_texts():
    """What the catalogue translates: texts that stand alone, and of those with facts in them the longest piece."""
    dutch = {text for one in TEXTS for text in texts(one.string)}
    whole = {text for one in TEXTS for text in texts(one.id) if not TERM.search(text)} - dutch - SAME
    pieces = {max(TERM.split(text), key=len).strip() for one in TEXTS for text in texts(one.id) if TERM.search(text)}
    return whole, {piece for piece in pieces if piece.count(" ") >= 2 and not any(piece in text for text in dutch)}


WHOLE, PIECES = english_texts()


def english_in(page):
    """What a page says in English: texts of the catalogue, and whatever else has two of the words of ENGLISH."""
    found = sentences_of(page)
    told = {text for text in found if text in WHOLE or len({word.lower() for word in ENGLISH.findall(text)}) > 1}
    everything = "\n".join(found)
    return sorted(told | {piece for piece in PIECES if piece in everything})


@pytest.fixture
def everything(db):
    return Everything()


def browser():
    return Client(headers={"Accept-Language": "nl", "Accept": "text/html"})


def left_in_english(client, addresses):
    """The English of pages, by address. One that is not there at all is a mistake in this test."""
    found = {}
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code in {200, 403} and answer["Content-Type"].startswith("text/html"), address
        found[address] = english_in(answer.content.decode())
    return {address: texts for address, texts in found.items() if texts}


def test_every_page_of_the_admin_speaks_dutch(everything):
    eva = browser()
    eva.force_login(everything.owner)
    assert left_in_english(eva, [*admin_addresses(), *further_pages(eva)]) == {}


def test_every_page_of_a_member_speaks_dutch(everything):
    brand, order = everything.brand, everything.order
    member = signed_in(browser(), everything.member)
    put_in_cart(member, everything.coupon)
    rows = [
        ("coupon", everything.coupon),
        ("quick", everything.coupon),
        *(("my-order", one) for one in everything.orders),
    ]
    rows += [("my-order", order), *(("my-pass", one) for one in brand.passes.filter(item__order=order))]
    names = ("shop", "cart", "checkout", "my-wallet", "my-orders", "my-points")
    pages = [*(reverse(name, args=[brand.slug]) for name in names)]
    pages += [reverse(name, args=[brand.slug, row.uuid]) for name, row in rows]
    assert left_in_english(member, pages) == {}
    assert left_in_english(browser(), [reverse("sign-in", args=[brand.slug])]) == {}


def test_every_page_of_a_buyer_speaks_dutch(everything):
    emma = browser()
    pages = ["/pay/sign-in"]
    assert left_in_english(emma, pages) == {}
    emma.post("/pay/sign-in", {"email": everything.buyer.email, "password": "geheim geheim"})
    names = ("buyer-wallet", "buyer-connections", "buyer-account", "buyer-password", "buyer-close", "buyer-orders")
    asked = f"/pay/authorize?{urlencode(query_of(everything.client))}"
    pages = [*map(reverse, names), reverse("buyer-order", args=[track_id(everything.stated)]), asked]
    assert left_in_english(emma, pages) == {}


def test_faults_are_told_in_dutch(everything):
    """What is answered with an error, and is a page all the same."""
    pages = ["/nowhere", f"/s/{everything.brand.slug}/nowhere", "/pay/authorize", "/pay/authorize?client_id=x"]
    for address in pages:
        answer = browser().get(address)
        assert answer.status_code in {400, 404}
        assert english_in(answer.content.decode()) == []
