"""What an endpoint would be sent of an order, before the endpoint is kept. Nothing is sent, and nothing kept."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from orders.models import Order
from shops.errors import InvalidInput
from shops.models import Brand
from shops.permissions import brands_where
from webhooks.admin_request import body_shown, curl_of, headers_shown
from webhooks.admin_words import STATUSES
from webhooks.models import Delivery, Endpoint, Event
from webhooks.services import body_of, check_destination

PERMISSION = "add endpoint"


class DryRunForm(forms.Form):
    """Which order, and what the endpoint's own form asks."""

    brand = forms.ModelChoiceField(Brand.objects.none(), label=gettext_lazy("Brand"), widget=UnfoldAdminSelectWidget())
    url = forms.URLField(
        label=gettext_lazy("URL"), max_length=2000, assume_scheme="https", widget=UnfoldAdminTextInputWidget()
    )
    statuses = forms.MultipleChoiceField(
        label=gettext_lazy("Statuses"), choices=STATUSES, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    order_number = forms.IntegerField(
        label=gettext_lazy("Order number"),
        required=False,
        min_value=1,
        max_value=2**62,
        help_text=gettext_lazy("Empty: the newest order."),
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    order: Order | None = None

    def __init__(self, data: Any, brands: QuerySet[Brand]) -> None:
        super().__init__(data)
        choice: Any = self.fields["brand"]
        choice.queryset = brands
        only = list(brands[:2])
        if len(only) == 1:
            choice.initial, choice.required, choice.widget = only[0], False, choice.hidden_widget()

    def clean_brand(self) -> Brand:
        """The only one, or the one that was chosen."""
        brand: Brand = self.cleaned_data["brand"] or self.fields["brand"].initial
        return brand

    def clean_url(self) -> str:
        """Refuse what could not be kept."""
        url: str = self.cleaned_data["url"]
        try:
            check_destination(url)
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from error
        return url

    def clean(self) -> dict[str, Any]:
        """Find the order."""
        data = super().clean() or self.cleaned_data
        if not self.errors:
            orders = data["brand"].orders.order_by("-number")
            number = data.get("order_number")
            self.order = (orders.filter(number=number) if number else orders).first()
            if self.order is None:
                self.add_error("order_number", _("There is no such order."))
        return data


class EndpointDryRun:
    """Adds the page to the endpoints' admin, with a button beside their form."""

    admin_site: Any
    opts: Any
    change_form_after_template = "desk/dry_run_button.html"

    def get_urls(self: Any) -> list[Any]:
        """Put the page beside the list."""
        page = path("dry-run/", self.admin_site.admin_view(self.dry_run), name="webhooks_endpoint_dry_run")
        return [page, *super().get_urls()]  # type: ignore[misc]

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer it to those who may add endpoints."""
        context["can_dry_run"] = self.may(request, PERMISSION, context.get("original"))
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def dry_run(self: Any, request: HttpRequest) -> HttpResponse:
        """Show it."""
        if not self.may(request, PERMISSION):
            raise PermissionDenied
        form = DryRunForm(request.POST or None, brands_where(request.user, PERMISSION))
        order = form.order if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Dry run of a webhook endpoint"),
            "form": form,
            "order": order,
            "messages_shown": messages_of(order, form.cleaned_data) if order else [],
        }
        return TemplateResponse(request, "desk/dry_run.html", context)


def messages_of(order: Order, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """The request for each chosen status of `order`, as it would be sent to `url`."""
    told = set(order.brand.events.filter(order_uuid=order.uuid).values_list("order_status", flat=True))
    shown = []
    for status in chosen["statuses"]:
        body = body_of(order.brand, order_uuid=order.uuid, order_status=status)
        event = Event(order_uuid=order.uuid, order_status=status, version=order.version, body=body)
        endpoint = Endpoint(url=chosen["url"])
        delivery = Delivery(uuid=uuid4(), event=event, endpoint=endpoint, version=order.version)
        shown.append(
            {
                "label": dict(STATUSES)[status],
                "was_told": status in told,
                "headers": headers_shown(delivery),
                "body": body_shown(delivery),
                "curl": curl_of(delivery),
            }
        )
    return shown
