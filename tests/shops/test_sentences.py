"""Sentences that rows keep, in the reader's language: of our making they are said anew, all else stays as it is."""

from urllib.parse import quote

import pytest
from django.utils import translation

from orders.services import IllegalTransition, cancel
from shops.sentences import LONGEST, in_language, state_in_language
from tests.making import make_paid_order

KEPT = {
    "There are more cells than columns.": "Er zijn meer cellen dan kolommen.",
    "It has more than 150 characters.": "Het heeft meer dan 150 tekens.",
    "Points corrected by -5.": "Punten gecorrigeerd met -5.",
    "An order that is being processed cannot become paid.": (
        "Een bestelling die in verwerking is, kan niet betaald worden."
    ),
    "A fulfilment that is onTheWay cannot become open.": "Een levering die onderweg is, kan niet open worden.",
    "A 2xx was expected. It answered 500.": "Een 2xx werd verwacht. Het antwoord was 500.",
}

NOT_OURS = ["", "Mollie: 422 The amount is too high", "50% off", "%(asked)s", "ReadTimeout", "x" * 5000]


@pytest.mark.parametrize(("english", "dutch"), KEPT.items())
def test_what_was_kept_in_one_language_is_read_in_the_other(english, dutch):
    with translation.override("nl"):
        assert (in_language(english), in_language(dutch)) == (dutch, dutch)
    assert in_language(english) == english
    if "An order" not in english and "fulfilment" not in english:  # the label of a state may be that of several
        assert in_language(dutch) == english


@pytest.mark.parametrize("text", NOT_OURS)
def test_what_is_not_ours_stays_as_it_is(text):
    with translation.override("nl"):
        assert in_language(text) == text


def test_a_fact_is_never_translated():
    """Somebody's own word in a sentence of ours, though the catalogue knows it."""
    with translation.override("nl"):
        assert in_language("“Paid” is sold out, or fewer are left than were asked for.").startswith("‘Paid’ ")


@pytest.mark.parametrize(("state", "dutch"), [("paid", "betaald"), ("being_processed", "in verwerking"), ("", "")])
def test_a_state_within_a_sentence(state, dutch):
    assert state_in_language(state) == state.replace("_", " ")
    with translation.override("nl"):
        assert state_in_language(state) == dutch


def test_a_refused_step_is_told_in_dutch_to_staff_and_in_english_to_partners(api, brand):
    order = make_paid_order(brand)
    with translation.override("nl"):
        with pytest.raises(IllegalTransition, match=r"Een bestelling die betaald is, kan niet geannuleerd worden\."):
            cancel(order)
        answer = api.post(f"/orders/{order.uuid}/cancel")
    assert (answer.status_code, answer.json()) == (409, {"message": "An order that is paid cannot become canceled."})


def test_what_a_stranger_sends_is_not_compared_for_long():
    """Sixteen thousand characters took two seconds, and a number of five thousand digits failed."""
    with translation.override("nl"):
        for text in (". " * 8000, f"Points corrected by {'9' * 5000}.", "were asked for, but are left to give " * 300):
            assert in_language(text) == text
    assert LONGEST < 2000


@pytest.mark.parametrize("path", ["none", "%s %(x)s", "Paid"])
def test_an_unknown_page_is_told_in_dutch_with_its_own_name(client, db, path):
    nl = {"Accept": "text/html", "Accept-Language": "nl"}
    assert f"Het adres {path} bestaat niet." in client.get(f"/{quote(path)}", headers=nl).content.decode()
    answer = client.get(f"/shops/{quote(path)}", headers=nl)
    assert answer.json() == {"message": f"The route shops/{path} could not be found."}
