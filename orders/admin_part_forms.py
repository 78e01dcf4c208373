"""What staff fill in of fulfilments and returns."""

from functools import partial
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db.models import DateTimeField, Field
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from orders.models import Fulfillment, Order, OrderItem, Return
from shops.errors import InvalidInput

ADDRESS = [
    "address_lines",
    "postal_code",
    "locality",
    "sub_locality",
    "administrative_area",
    "sub_administrative_area",
    "country_code",
]
WORDS = ["status_description", "notes"]
GROUPS: dict[str, list[tuple[Any, list[str]]]] = {  # kind -> headings and their fields
    "shipping": [
        (
            _("Parcel"),
            [
                "carrier",
                "tracking_number",
                "tracking_url",
                "estimated_delivery_at",
                "estimated_delivery_window",
                "shipped_at",
                "delivered_at",
                "shipping_type",
            ],
        ),
        (_("To"), ["given_name", "family_name", "organization_name", *ADDRESS]),
        (_("For the member"), WORDS),
    ],
    "pickup": [
        (_("Place"), ["display_name", *ADDRESS, "latitude", "longitude"]),
        (_("Time"), ["pickup_at", "pickup_window", "picked_up_at"]),
        (_("For the member"), WORDS),
    ],
    "return": [
        (_("On its way back"), ["carrier", "initiated_at", "drop_off_by", "returned_at", "refund"]),
        (_("For the member"), WORDS),
    ],
}


class LinesField(forms.CharField):
    """Some lines of text."""

    widget = UnfoldAdminTextareaWidget({"rows": 2})

    def prepare_value(self, value: Any) -> Any:
        """The lines as text."""
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        """The lines that are not empty. Raises ValidationError."""
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class MinuteField(forms.DateTimeField):
    """A time to the minute. What was kept more exactly stays so until another minute is chosen."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}
        super().__init__(widget=forms.DateTimeInput(attributes, "%Y-%m-%dT%H:%M"), **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another minute was chosen."""
        return super().has_changed(initial and initial.replace(second=0, microsecond=0), data)


class PartForm(forms.ModelForm):
    """A new or known part of an order."""

    groups: list[tuple[Any, list[str]]]

    def facts(self) -> dict[str, Any]:
        """What the verbs take: what was filled in or changed, by column, and the passes of a new one."""
        names = self.changed_data if self.instance.pk else self.cleaned_data
        return {name: self.cleaned_data[name] for name in names}

    def grouped(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Its fields under their headings."""
        first: list[tuple[Any, list[str]]] = [
            (_("What"), [name for name in ("passes", "status") if name in self.fields])
        ]
        return [(heading, [self[name] for name in names]) for heading, names in [*first, *self.groups] if names]

    def refuse(self, error: Exception) -> None:
        """Say what a verb refused, beside the field that it is about."""
        reasons: dict[str, Any] = error.errors if isinstance(error, InvalidInput) else {"status": [str(error)]}
        for field, texts in reasons.items():
            self.add_error(field if field in self.fields else None, texts)

    def clean(self) -> dict[str, Any]:
        """Check each field as its column asks."""
        for name, value in list(self.cleaned_data.items()):
            if name in (self._meta.fields or []):
                try:
                    self.instance._meta.get_field(name).run_validators(value)  # noqa: SLF001 -- Django documents it
                except ValidationError as error:
                    self.add_error(name, error)
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Leave the row alone: the verbs check the whole of it, and write it."""


def _form_field(db_field: Field, *, model_admin: Any, request: HttpRequest, order: Order, **kwargs: Any) -> Any:
    """Unfold's field for a column, where it has a good one."""
    label = capfirst(db_field.verbose_name)
    if isinstance(db_field, DateTimeField):
        return MinuteField(
            label=f"{label} ({timezone.get_current_timezone_name()})", required=db_field.name == "initiated_at"
        )
    if isinstance(db_field, ArrayField):
        return LinesField(label=label, required=False, max_length=500)
    if db_field.name == "refund":
        refunds = order.refunds.order_by("pk")
        return forms.ModelChoiceField(refunds, label=label, required=False, widget=UnfoldAdminSelectWidget())
    field = model_admin.formfield_for_dbfield(db_field, request=request, **kwargs)
    if db_field.name == "country_code":
        field.validators.append(RegexValidator("^[A-Z]{2}$", _("Write two capital letters, such as NL.")))
    return field


def part_form(
    model_admin: Any, request: HttpRequest, part: Fulfillment | Return, items: list[OrderItem] | None = None
) -> PartForm:
    """The form for `part`: for a new one with the passes of these `items` to choose from."""
    groups: list[tuple[Any, list[str]]] = GROUPS[part.kind if isinstance(part, Fulfillment) else "return"]
    callback = partial(_form_field, model_admin=model_admin, request=request, order=part.order)
    names = [name for _heading, names in groups for name in names]
    made: Any = forms.modelform_factory(type(part), PartForm, fields=names, formfield_callback=callback)
    made.groups = groups
    form: PartForm = made(request.POST or None, instance=part)
    states = type(part)._meta.get_field("status").choices or []  # noqa: SLF001 -- Django documents it
    form.fields["status"] = forms.ChoiceField(
        label=_("Status"),
        choices=[choice for choice in states if choice[0] == part.status or part.may_become(choice[0])],
        initial=part.status,
        widget=UnfoldAdminSelectWidget(),
    )
    if items is not None:
        form.fields["passes"] = passes_field(items)
    return form


def passes_field(items: list[OrderItem], *, required: bool = True) -> forms.MultipleChoiceField:
    """A choice among the passes of `items`, by QR code; all of them at first."""
    codes = {item.issued_pass.qr_code: item.issued_pass for item in items}
    return forms.MultipleChoiceField(
        label=_("Passes"),
        required=required,
        choices=[(code, f"{one.coupon.title} ({one.get_status_display()}) {code}") for code, one in codes.items()],
        initial=list(codes),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
