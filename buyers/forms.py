"""What a buyer fills in: a card, an address. The rules are those of cards.py and addresses.py."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from buyers.addresses import LENGTHS, MOST_LINES, add_address, change_address, checked, countries, details_of, summary
from buyers.cards import LONGEST_NAME, MOST_YEARS, add_card, expiry_fault, number_fault
from buyers.models import Address, Card
from shops.errors import InvalidInput
from shops.focus import FaultFirst

LINES = [f"line{number}" for number in range(1, MOST_LINES + 1)]
# The form's fields by the API's members.
FIELDS = {
    "country": "country",
    "addressLine": LINES[0],
    "region": "region",
    "city": "city",
    "dependentLocality": "dependent_locality",
    "postalCode": "postal_code",
    "sortingCode": "sorting_code",
    "organization": "organization",
    "recipient": "recipient",
    "phone": "phone",
}


class NumberInput(forms.TextInput):
    """A field for a card number, which is never sent back to the browser."""

    def format_value(self, value: Any) -> None:
        """Nothing, whatever was written."""


def _text(label: Any, member: str, autocomplete: str, **options: Any) -> forms.CharField:
    widget = options.pop("widget", forms.TextInput)({"autocomplete": autocomplete})
    required = options.pop("required", False)
    return forms.CharField(label=label, max_length=LENGTHS[member], required=required, widget=widget, **options)


class AddressForm(forms.Form):
    """An address. `section` is "shipping" or "billing", for browsers that fill forms in (HTML, autofill)."""

    bound_field_class: type[forms.BoundField] = FaultFirst
    recipient = _text(_("Name"), "recipient", "name", required=True)
    organization = _text(_("Company"), "organization", "organization")
    country = forms.ChoiceField(label=_("Country"), widget=forms.Select({"autocomplete": "country"}))
    line1 = _text(_("Street and number"), "addressLine", "address-line1", required=True)
    line2 = _text(_("Flat, floor, building"), "addressLine", "address-line2")
    line3 = _text(_("More of the address"), "addressLine", "address-line3")
    line4 = _text(_("Still more of the address"), "addressLine", "off")
    dependent_locality = _text(_("Neighbourhood"), "dependentLocality", "address-level3")
    postal_code = _text(_("Postal code"), "postalCode", "postal-code")
    city = _text(_("Town"), "city", "address-level2", required=True)
    region = _text(_("State or province"), "region", "address-level1")
    sorting_code = _text(_("Sorting code"), "sortingCode", "off")
    phone = forms.CharField(
        label=_("Phone"),
        max_length=30,
        required=False,
        help_text=_("With the country code, such as +31201234567."),
        widget=forms.TextInput({"autocomplete": "tel", "type": "tel"}),
    )

    def __init__(self, *args: Any, section: str = "shipping", address: Address | None = None, **kwargs: Any) -> None:
        if address is not None:
            kwargs["initial"] = _initial(details_of(address)) | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        named = countries(get_language() or "en")
        self.fields["country"].choices = [("", _("Choose a country")), *named.items()]  # type: ignore[attr-defined]
        self.address = address
        for field in self.fields.values():
            word = field.widget.attrs["autocomplete"]
            field.widget.attrs["autocomplete"] = word if word == "off" else f"{section} {word}"

    @property
    def details(self) -> dict[str, Any]:
        """The address by the API's members."""
        data = self.cleaned_data
        lines = [data.get(line, "") for line in LINES]
        return {**{member: data.get(name, "") for member, name in FIELDS.items()}, "addressLine": lines}

    def clean(self) -> dict[str, Any]:
        """Apply the rules for addresses."""
        data = super().clean() or self.cleaned_data
        try:
            checked(self.details)
        except InvalidInput as error:
            for member, reasons in error.errors.items():
                if FIELDS[member] not in self.errors:
                    self.add_error(FIELDS[member], reasons[0])
        return data

    def save(self, buyer: User) -> Address:
        """Add the address, or change the one that the form was opened for."""
        return change_address(self.address, self.details) if self.address else add_address(buyer, self.details)


def _initial(details: dict[str, Any]) -> dict[str, str]:
    lines = dict(zip(LINES, details["addressLine"], strict=False))
    return {name: details[member] for member, name in FIELDS.items() if member != "addressLine"} | lines


def _years() -> list[tuple[int, str]]:
    this = timezone.now().year
    return [(year, str(year)) for year in range(this, this + MOST_YEARS + 1)]


class CardForm(forms.Form):
    """A card. Its billing address is one of the buyer's addresses, or what `billing` asks for if none is chosen.

    There is no field for a verification value, which nobody may keep. Views that take this form must be marked with
    sensitive_post_parameters("number").
    """

    bound_field_class = FaultFirst
    number = forms.CharField(
        label=_("Card number"),
        max_length=40,
        widget=NumberInput({"autocomplete": "cc-number", "inputmode": "numeric", "spellcheck": "false"}),
    )
    month = forms.TypedChoiceField(
        label=_("Expires in month"),
        coerce=int,
        choices=[(month, f"{month:02}") for month in range(1, 13)],
        widget=forms.Select({"autocomplete": "cc-exp-month"}),
    )
    year = forms.TypedChoiceField(
        label=_("Year"), coerce=int, choices=_years, widget=forms.Select({"autocomplete": "cc-exp-year"})
    )
    name = forms.CharField(
        label=_("Name on the card"), max_length=LONGEST_NAME, widget=forms.TextInput({"autocomplete": "cc-name"})
    )
    address = forms.ChoiceField(label=_("Billing address"), required=False)

    def __init__(self, *args: Any, buyer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.buyer = buyer
        self.known = {str(one.uuid): details_of(one) for one in buyer.addresses.all()}
        choices = [(key, summary(details)) for key, details in self.known.items()]
        self.fields["address"].choices = [*choices, ("", _("Another address"))]  # type: ignore[attr-defined]
        prefix = f"{self.prefix}-billing" if self.prefix else "billing"
        self.billing = AddressForm(self.data if self.is_bound else None, prefix=prefix, section="billing")
        self.billing.bound_field_class = forms.BoundField  # a fault in it is one of `address` here, which comes first
        self.billing.use_required_attribute = False  # it may stay empty while an address is chosen

    def clean_number(self) -> str:
        """Let published test cards pass; the others go no further."""
        number: str = self.cleaned_data["number"]
        if fault := number_fault(number):
            raise forms.ValidationError(fault)
        return number

    def clean(self) -> dict[str, Any]:
        """Look at the date, and at the address if a new one is given."""
        data = super().clean() or self.cleaned_data
        if "month" in data and "year" in data and (fault := expiry_fault(data["month"], data["year"])):
            self.add_error("month", fault)
        if not data.get("address") and not self.billing.is_valid():
            self.add_error("address", _("Choose an address, or fill in another one."))
        return data

    def save(self) -> Card:
        """Add the card."""
        data = self.cleaned_data
        billing = self.known[data["address"]] if data["address"] else self.billing.details
        return add_card(
            self.buyer,
            number=data["number"],
            month=data["month"],
            year=data["year"],
            name=data["name"],
            billing_address=billing,
        )
