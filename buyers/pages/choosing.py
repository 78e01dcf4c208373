"""What a buyer lets a client have: scopes, a card, an address. Both can be added on the spot."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from buyers.addresses import details_of, summary
from buyers.cards import TEST
from buyers.models import Address, Card, Client, Connection
from buyers.pages.adding import ADDED, Adding
from buyers.scopes import ADDRESS, CARD, CARD_SCOPES, ENCRYPTED, PAYMENT_SESSION

SENTENCES = {
    ADDRESS: _("See the address that you choose."),
    CARD: _("See of the card that you choose its kind and its last four digits."),
    PAYMENT_SESSION: _("Have the card that you choose charged for what you buy."),
    ENCRYPTED: _("Get the number of the card that you choose, encrypted, to charge it for what you buy."),
}


def sentences(scopes: list[str]) -> list[str]:
    """Scopes in words, in the order of the table."""
    return [str(sentence) for scope, sentence in SENTENCES.items() if scope in scopes]


def cards_for(buyer: User, client: Client) -> QuerySet[Card]:
    """The buyer's cards that work with a client: a sandbox knows test cards alone, and only a sandbox does."""
    return buyer.cards.exclude(vault=TEST) if client.is_live else buyer.cards.filter(vault=TEST)


class OwnCards(forms.ModelChoiceField):
    """One of the buyer's cards."""

    def label_from_instance(self, obj: Any) -> str:
        """Network and last digits."""
        return str(obj)


class OwnAddresses(forms.ModelChoiceField):
    """One of the buyer's addresses."""

    def label_from_instance(self, obj: Any) -> str:
        """All of it on a line."""
        return summary(details_of(obj))


class ChoiceForm(forms.Form):
    """The buyer's answer: of `scopes`, which ones, and with what. Its inputs stand outside of their <form>."""

    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple({"form": "choice"}),
        error_messages={"required": _("Leave at least one of these, or cancel.")},
    )
    card = OwnCards(
        Card.objects.none(),
        label=_("Card"),
        required=False,
        empty_label=None,
        to_field_name="uuid",
        widget=forms.RadioSelect({"form": "choice"}),
    )
    address = OwnAddresses(
        Address.objects.none(),
        label=_("Address"),
        required=False,
        empty_label=None,
        to_field_name="uuid",
        widget=forms.RadioSelect({"form": "choice"}),
    )

    def __init__(self, buyer: User, client: Client, scopes: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["scopes"].choices = [(one, text) for one, text in SENTENCES.items() if one in scopes]
        fields["card"].queryset = cards_for(buyer, client)
        fields["address"].queryset = buyer.addresses.all()
        if not CARD_SCOPES.intersection(scopes):
            del fields["card"]
        if ADDRESS not in scopes:
            del fields["address"]

    def clean(self) -> dict[str, Any]:
        """See that what is allowed has its card and its address."""
        found = super().clean() or self.cleaned_data
        scopes = set(found.get("scopes", []))
        for field, needs, text in (
            ("card", bool(scopes & CARD_SCOPES), _("Choose a card, or add one.")),
            ("address", ADDRESS in scopes, _("Choose an address, or add one.")),
        ):
            if needs and field not in self.errors and not found.get(field):
                self.add_error(field, text)
        return found

    @property
    def answer(self) -> dict[str, Any]:
        """What `allow` takes."""
        return {name: self.cleaned_data.get(name) for name in ("scopes", "card", "address")}


class ChoicePage(Adding):
    """A page on which a buyer chooses. Subclasses know `client`, `channel`, `scopes` and what comes of the answer."""

    client: Client
    channel: str
    scopes: list[str]
    template = ""

    def choose(self, status: int = 200, form: ChoiceForm | None = None, **context: Any) -> HttpResponse:
        """Show the page."""
        form = form or ChoiceForm(self.buyer, self.client, self.scopes, initial=self.initial())
        facts = {"client": self.client, "channel": self.channel, "form": form, **self.adding(), **self.missing(form)}
        return self.page(self.template, status, **facts, **context)

    def missing(self, form: ChoiceForm) -> dict[str, bool]:
        """Which forms that add something are open: one after the other, as a card may take the address over."""
        fields: Any = form.fields
        needs = {name: name in fields and not fields[name].queryset.exists() for name in ("address", "card")}
        return {"needs_address": needs["address"], "needs_card": needs["card"] and not needs["address"]}

    def initial(self) -> dict[str, Any]:
        """What is marked: what was just added, else what is in use, else what was added last."""
        connection = self.connection()
        card = (connection and connection.card) or cards_for(self.buyer, self.client).last()
        address = (connection and connection.address) or self.buyer.addresses.last()
        found = {"scopes": self.scopes, "card": card and card.uuid, "address": address and address.uuid}
        return found | self.request.session.pop(ADDED, {})

    def connection(self) -> Connection | None:
        """The connection that there is already, disconnected or not."""
        return self.buyer.connections.filter(client=self.client, channel=self.channel).first()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the answer, or what is added; whatever else is in the form, what was asked for stands in the URL."""
        step = request.POST.get("step", "")
        if step in {"card", "address"}:
            return self.add(step) or self.choose(422)
        if step != "allow":
            return self.refuse()
        form = ChoiceForm(self.buyer, self.client, self.scopes, request.POST)
        return self.accept(form) if form.is_valid() else self.choose(400, form)

    def accept(self, form: ChoiceForm) -> HttpResponse:
        """Do what the buyer chose."""
        raise NotImplementedError

    def refuse(self) -> HttpResponse:
        """Do nothing, and go back."""
        raise NotImplementedError


def host_of(url: str) -> str:
    """Where a URL leads, in the form that a browser's bar shows."""
    return urlsplit(url).netloc.rpartition("@")[2]
