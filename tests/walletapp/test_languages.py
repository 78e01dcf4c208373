"""The Dutch texts: compiled as they are written, and complete."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from orders.mails import message_of
from orders.models import FulfillmentKind, FulfillmentStatus, OrderStatus, RefundStatus, ReturnStatus
from passes import services
from passes.models import PassStatus
from shops.errors import NotEnoughPoints
from shops.models import Brand, PointsReason
from shops.sentences import in_language
from tests.making import make_coupon, make_endpoint, make_paid_order
from webhooks import exam_words
from webhooks.exam_steps import STEPS, Exchange
from webhooks.tasks import warn_of_failing

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "locale" / "nl" / "LC_MESSAGES"
TERM = re.compile(r"%(?:\(\w+\))?[+.\d]*[sdf@]|%%|\{\w*\}|</?\w+[^>]*>|whsec_|(?:wllt|webhook)-(?:signature|exam)\b")


def written():
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file)


CATALOGUE = written()
TEXTS = [one for one in CATALOGUE if one.id]


def texts(ids_or_strings):
    return [ids_or_strings] if isinstance(ids_or_strings, str) else list(ids_or_strings)


def key_of(one):
    context = one.context.decode() if isinstance(one.context, bytes) else one.context  # as Babel reads a .mo
    return context, texts(one.id)[0]


def test_what_is_compiled_is_what_is_written():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = {key_of(one): texts(one.string) for one in read_mo(file) if one.id}
    assert compiled == {key_of(one): texts(one.string) for one in TEXTS}


def test_no_text_is_left_in_english():
    assert len(TEXTS) > 2000
    assert [one.id for one in TEXTS if not all(texts(one.string))] == []


def test_there_are_no_guesses():
    assert [one.id for one in TEXTS if one.fuzzy] == []


def pairs(one):
    """Each form of a text with its translation; both languages have two."""
    ids, strings = texts(one.id), texts(one.string)
    assert len(ids) == len(strings)
    return zip(ids, strings, strict=True)


def terms_of(text):
    return sorted(TERM.findall(text))


def test_terms_and_tags_are_kept():
    wrong = [(english, dutch) for one in TEXTS for english, dutch in pairs(one) if terms_of(english) != terms_of(dutch)]
    assert wrong == []


def edges_of(text):
    return re.match(r"\s*", text).group(), re.search(r"\s*$", text).group()


def test_blanks_around_a_text_are_kept():
    wrong = [(english, dutch) for one in TEXTS for english, dutch in pairs(one) if edges_of(english) != edges_of(dutch)]
    assert wrong == []


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


@pytest.fixture
def dutch_page(brand):
    """Get a page of the admin as an owner whose browser asks for Dutch."""
    user = User.objects.create_user("eigenaar@team.example", "secret", is_staff=True, name="Eva")
    brand.staff.create(user=user, role="owner")
    client = Client(headers={"Accept-Language": "nl"})
    client.force_login(user)

    def get(name, *args):
        answer = client.get(reverse(f"admin:{name}", args=args))
        assert answer.status_code == 200
        assert answer["Content-Language"] == "nl"
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))

    return get


def test_the_dashboard_and_the_sidebar_speak_dutch(brand, dutch_page):
    make_paid_order(brand)
    page = dutch_page("index")
    for words in ("Bestellingen vandaag", "Te leveren bestellingen", "Tegoed van leden in punten", "Nu te doen"):
        assert words in page
    for words in ("Terugbetalingen", "Ontvangersexamens", "Koperswallet", "Instellingen", "Medewerkers", "Taken"):
        assert words in page
    for words in ("Orders today", "Needs a hand now", "Refunds", "Receiver exams", "Buyer wallet", "Settings"):
        assert words not in page


def test_the_list_of_orders_speaks_dutch(brand, dutch_page):
    make_paid_order(brand)
    page = dutch_page("orders_order_changelist")
    for words in ("Bestellingen", "Te leveren", "Onbetaald", "Betaald", "Markeren als in verwerking", "verwerking"):
        assert words.lower() in page.lower()
    for words in ("Unpaid", "To fulfil", "Mark as being processed"):
        assert words not in page


def test_the_page_of_an_order_speaks_dutch(brand, dutch_page):
    order = make_paid_order(brand)
    page = dutch_page("orders_order_change", order.pk)
    for words in (
        "Tijdlijn",
        "Artikelen en hun passen",
        "Markeren als in verwerking",
        "Notities en tags van het team",
    ):
        assert words in page
    for words in ("Kloppen punten en geld?", "Webhook-aanroepen", "Er is niets teruggegeven."):
        assert words in page
    for words in ("Timeline", "Items and their passes", "Mark as being processed", "Nothing was given back."):
        assert words not in page


def reports():
    """Every text of a report that is put together, as it is kept."""
    for form in (text for text in vars(exam_words).values() if isinstance(text, str) and "%(" in text):
        outcome = Exchange({}, "", 410).outcome
        yield form % {"status": 500, "slowest": 7000, "limit": 5000, "outcome": outcome}


def test_reports_of_exams_are_read_in_dutch():
    fixed = [text for step in STEPS for text in (step.purpose, step.expected, step.cure) if text]
    kept = [*reports(), *fixed]
    assert [in_language(text) for text in kept] == kept
    with translation.override("nl"):
        assert [text for text in kept if in_language(text) == text] == []
        told = in_language("A 2xx was expected. It answered 410. In life, 410 switches the endpoint off.")
        assert in_language("ConnectionResetError") == "ConnectionResetError"
        assert in_language("") == ""
    assert told == "Een 2xx werd verwacht. Het antwoord was 410. In het echt zet 410 het endpoint uit."


def test_the_team_of_a_dutch_brand_is_warned_in_dutch(brand, mailoutbox):
    brand.language = "nl"
    brand.save()
    brand.staff.create(user=User.objects.create_user("eigenaar@team.example"), role="owner")
    make_endpoint(brand, failing_since=timezone.now() - timedelta(days=2))
    assert warn_of_failing() == 1
    assert mailoutbox[0].subject == "Webhooks van Café Noord komen niet aan"
    assert mailoutbox[0].body.endswith("Na vijf dagen wordt het uitgezet.")
    assert translation.get_language() == "en"


def test_why_a_pass_is_refused_is_said_in_dutch_to_staff_and_in_english_to_partners(api, brand):
    order = make_paid_order(brand)
    [issued] = brand.passes.filter(item__order=order)
    services.block(issued, reason="Gestolen")
    issued.refresh_from_db()
    with translation.override("nl"):
        assert str(services.NotRedeemable(issued)) == "Deze pas is geblokkeerd: Gestolen."
        answer = api.post(f"/passes/{issued.qr_code}/redeem", {"redeemed_by": "Till 2"})
    assert "This pass is blocked: Gestolen." in answer.content.decode()
