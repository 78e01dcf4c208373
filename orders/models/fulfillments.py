"""How items reach the member. Words and fields are those of Apple's order.json (apple-wallet.md §A.3)."""

import uuid
from enum import nonmember
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order, OrderItem
from shops.models import Brand, BrandOwned


class FulfillmentKind(models.TextChoices):
    """How items reach the member."""

    SHIPPING = "shipping", _("Shipping")
    PICKUP = "pickup", _("Pickup")


class ShippingType(models.TextChoices):
    """How the phone words a shipment."""

    SHIPPING = "shipping", _("Shipping")
    DELIVERY = "delivery", _("Delivery")


class FulfillmentStatus(models.TextChoices):
    """Where a fulfilment stands; each kind knows some of them."""

    OPEN = "open", _("Open")
    PROCESSING = "processing", _("Processing")
    SHIPPED = "shipped", _("Shipped")
    ON_THE_WAY = "onTheWay", _("On the way")
    OUT_FOR_DELIVERY = "outForDelivery", _("Out for delivery")
    DELIVERED = "delivered", _("Delivered")
    READY_FOR_PICKUP = "readyForPickup", _("Ready for pickup")
    PICKED_UP = "pickedUp", _("Picked up")
    ISSUE = "issue", _("Issue")
    CANCELLED = "cancelled", _("Cancelled")

    # Carriers leave steps out, so what comes later may come at once. What has left is cancelled by way of an issue.
    steps = nonmember(
        {
            "shipping": {
                "open": {"processing", "shipped", "onTheWay", "outForDelivery", "delivered", "issue", "cancelled"},
                "processing": {"shipped", "onTheWay", "outForDelivery", "delivered", "issue", "cancelled"},
                "shipped": {"onTheWay", "outForDelivery", "delivered", "issue"},
                "onTheWay": {"outForDelivery", "delivered", "issue"},
                "outForDelivery": {"onTheWay", "delivered", "issue"},
                "issue": {"open", "processing", "shipped", "onTheWay", "outForDelivery", "delivered", "cancelled"},
            },
            "pickup": {
                "open": {"processing", "readyForPickup", "pickedUp", "issue", "cancelled"},
                "processing": {"readyForPickup", "pickedUp", "issue", "cancelled"},
                "readyForPickup": {"pickedUp", "issue", "cancelled"},
                "issue": {"open", "processing", "readyForPickup", "pickedUp", "cancelled"},
            },
        }
    )
    of_kind = nonmember(
        {
            "shipping": [
                "open",
                "processing",
                "shipped",
                "onTheWay",
                "outForDelivery",
                "delivered",
                "issue",
                "cancelled",
            ],
            "pickup": ["open", "processing", "readyForPickup", "pickedUp", "issue", "cancelled"],
        }
    )


# The columns that only one kind has, and what they hold in the other.
SHIPPING_ONLY: dict[str, Any] = {
    "carrier": "",
    "tracking_number": "",
    "tracking_url": "",
    "shipped_at": None,
    "delivered_at": None,
    "estimated_delivery_at": None,
    "estimated_delivery_window": None,
    "shipping_type": "",
    "given_name": "",
    "family_name": "",
    "organization_name": "",
}
PICKUP_ONLY: dict[str, Any] = {
    "display_name": "",
    "latitude": None,
    "longitude": None,
    "pickup_at": None,
    "pickup_window": None,
    "picked_up_at": None,
}


class Fulfillment(BrandOwned):
    """Some items of an order on their way to the member: shipped, or kept ready at a place."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="fulfillments", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=8, choices=FulfillmentKind)
    status = models.CharField(_("status"), max_length=14, choices=FulfillmentStatus, default=FulfillmentStatus.OPEN)
    status_description = models.CharField(_("what the status means"), max_length=200, blank=True)
    notes = models.CharField(_("notes for the member"), max_length=500, blank=True)

    carrier = models.CharField(_("carrier"), max_length=100, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=100, blank=True)
    tracking_url = models.URLField(
        _("tracking page"), max_length=2048, blank=True, validators=[URLValidator(["http", "https"])]
    )
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    estimated_delivery_at = models.DateTimeField(_("expected"), null=True, blank=True)
    estimated_delivery_window = models.PositiveIntegerField(
        _("minutes it may take from then"), null=True, blank=True, help_text=_("Empty: only the day counts.")
    )
    shipping_type = models.CharField(_("worded as"), max_length=8, choices=ShippingType, blank=True)
    given_name = models.CharField(_("recipient's given name"), max_length=100, blank=True)
    family_name = models.CharField(_("recipient's family name"), max_length=100, blank=True)
    organization_name = models.CharField(_("recipient's organization"), max_length=100, blank=True)

    display_name = models.CharField(_("name of the place"), max_length=100, blank=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    pickup_at = models.DateTimeField(_("pickup from"), null=True, blank=True)
    pickup_window = models.PositiveIntegerField(_("minutes to come for it"), null=True, blank=True)
    picked_up_at = models.DateTimeField(_("picked up"), null=True, blank=True)

    # Where it goes, or where it waits.
    address_lines = ArrayField(models.CharField(max_length=100), verbose_name=_("street"), default=list, blank=True)
    locality = models.CharField(_("city"), max_length=100, blank=True)
    sub_locality = models.CharField(_("district"), max_length=100, blank=True)
    administrative_area = models.CharField(_("state or province"), max_length=100, blank=True)
    sub_administrative_area = models.CharField(_("county"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country_code = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Two letters of ISO 3166, such as NL.")
    )

    # The partner's, of orders that a partner states; as long as orders/models/lines.py says.
    external_id = models.CharField(_("the partner's ID"), max_length=270, blank=True, db_default="", editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    holds = models.GeneratedField(
        expression=~Q(status="cancelled"),  # type: ignore[arg-type]  # the stubs do not know that Q is one
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("fulfilment")
        verbose_name_plural = _("fulfilments")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="fulfillment_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["id", "holds"], name="fulfillment_holds"),  # target of its items' key
            models.UniqueConstraint(
                fields=["order", "external_id"], condition=~Q(external_id=""), name="fulfillment_stated_once"
            ),
            models.CheckConstraint(
                condition=Q(~Q(shipping_type=""), kind="shipping", **PICKUP_ONLY)
                | Q(~Q(display_name=""), kind="pickup", **SHIPPING_ONLY),
                name="fulfillment_of_one_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="shipping", status__in=FulfillmentStatus.of_kind["shipping"])
                | Q(kind="pickup", status__in=FulfillmentStatus.of_kind["pickup"]),
                name="fulfillment_status_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                name="fulfillment_location_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_status_display()}"

    def may_become(self, to: str) -> bool:
        """Whether the step from its state to `to` exists. Delivered, pickedUp and cancelled are final."""
        return to in FulfillmentStatus.steps[self.kind].get(self.status, ())


class FulfillmentItem(BrandOwned):
    """An item in a fulfilment. It is in one at most that is not cancelled."""

    fulfillment = models.ForeignKey(Fulfillment, models.PROTECT, related_name="items")
    item = models.ForeignKey(OrderItem, models.PROTECT, related_name="fulfillment_items")
    holds = models.BooleanField(default=True)  # follows the fulfilment's, by the database

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="fulfillment_items")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item"], condition=Q(holds=True), name="fulfillment_item_held_once"),
        ]

    def __str__(self) -> str:
        return str(self.item)
