"""The Dutch texts: compiled as they are written, complete for what members read."""

import re
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.template.loader import render_to_string
from django.utils import translation

from orders.mails import message_of
from orders.models import FulfillmentKind, FulfillmentStatus, OrderStatus, RefundStatus, ReturnStatus
from passes.models import PassStatus
from shops.errors import NotEnoughPoints
from shops.models import Brand, PointsReason
from tests.making import make_coupon, make_paid_order

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "locale" / "nl" / "LC_MESSAGES"
MEMBERS_READ = re.compile(
    r"storefront/|templates/(storefront/|page|error|orders/(mail|sandbox))"
    r"|orders/(mails|pages|services)\.py|passes/services\.py|shops/(errors|speaking)\.py"
)
TERM = re.compile(r"%\(\w+\)[sd]|</?\w+[^>]*>")


def written():
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file)


CATALOGUE = written()
MEMBERS = [one for one in CATALOGUE if one.id and any(MEMBERS_READ.match(path) for path, _line in one.locations)]


def texts(ids_or_strings):
    return [ids_or_strings] if isinstance(ids_or_strings, str) else list(ids_or_strings)


def test_what_is_compiled_is_what_is_written():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = {texts(one.id)[0]: texts(one.string) for one in read_mo(file) if one.id}
    translated = {texts(one.id)[0]: texts(one.string) for one in CATALOGUE if one.id and all(texts(one.string))}
    assert compiled == translated


def test_nothing_that_members_read_is_left_in_english():
    assert len(MEMBERS) > 100
    assert [one.id for one in MEMBERS if not all(texts(one.string))] == []


def terms_of(ids_or_strings):
    return {term for text in texts(ids_or_strings) for term in TERM.findall(text)}


def test_terms_and_tags_are_kept():
    translated = [one for one in CATALOGUE if one.id and all(texts(one.string))]
    assert [one.id for one in translated if terms_of(one.string) != terms_of(one.id)] == []


def test_there_are_no_guesses():
    assert [one.id for one in CATALOGUE if one.id and one.fuzzy] == []


def in_sources(pattern):
    for folder in ("storefront", "templates/storefront"):
        for path in (ROOT / folder).glob("*.*"):
            yield from re.findall(pattern, path.read_text())


def test_the_catalogue_knows_the_texts_of_the_pages():
    known = {text for one in CATALOGUE if one.id for text in texts(one.id)}
    used = set(in_sources(r'\{% translate "([^"]+)" %\}')) | set(in_sources(r'\b_\("([^"]+)"\)'))
    assert len(used) > 60
    assert used - known == set()


@pytest.mark.parametrize(
    "words", [OrderStatus, PassStatus, FulfillmentKind, FulfillmentStatus, RefundStatus, ReturnStatus, PointsReason]
)
def test_states_have_dutch_names(words):
    english = [str(one.label) for one in words]
    with translation.override("nl"):
        dutch = [str(one.label) for one in words]
    same = {one for one, other in zip(english, dutch, strict=True) if one == other}
    assert same <= {"Open"}


def test_a_dutch_brand_mails_in_dutch(brand):
    brand.language = "nl"
    brand.save()
    order = make_paid_order(brand, coupon=make_coupon(brand, valid_days=30))
    brand.passes.update(expiration_date="2026-12-31T23:30:00Z")
    message = message_of(order)
    assert message.subject == "Café Noord: je bestelling 1"
    assert message.body.startswith("Bedankt voor je bestelling 1 bij Café Noord.")
    assert "geldig tot en met 1 januari 2027" in message.body
    assert "geldig tot en met 1 januari 2027" in message.alternatives[0].content
    assert translation.get_language() == "en"


def test_the_link_to_sign_in_speaks_as_the_page_does():
    with translation.override("nl"):
        text = render_to_string("storefront/sign_in_mail.txt", {"brand": Brand(name="Café Noord"), "url": "x"})
    assert text.startswith("Log in bij Café Noord met deze link.")


def test_the_api_says_it_in_english_whatever_a_page_said_before(api, brand):
    with translation.override("nl"):
        assert str(NotEnoughPoints(3, 2)) == "Er werden 3 punten gevraagd, maar er zijn er 2."
        coupon = make_coupon(brand, stock=0)
        items = [{"coupon": str(coupon.uuid), "quantity": 1}]
        answer = api.post("/orders", {"member": {"email": "a@b.example"}, "items": items})
    assert answer.status_code == 422
    assert "is sold out" in answer.content.decode()
