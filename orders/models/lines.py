"""What a partner says was bought, of orders that did not come from our own shop: no coupon of ours, no pass."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.fulfillments import Fulfillment
from orders.models.orders import Order
from orders.models.refunds import Refund
from shops.fields import MoneyField
from shops.models import Brand, BrandOwned

ID_LENGTH = 270  # a partner's identifier, and what tells a second one with the same from the first


class SumKind(models.TextChoices):
    """What a sum beside the total is of."""

    SUBTOTAL = "subtotal", _("Subtotal")
    SHIPPING = "shipping", _("Shipping")
    TAX = "tax", _("Tax")


class OrderLine(BrandOwned):
    """So many of one product, as the partner names it. `external_id` is the partner's and stays the same."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines", verbose_name=_("order"))
    external_id = models.CharField(_("the partner's ID"), max_length=ID_LENGTH)
    position = models.PositiveIntegerField(_("position"))
    title = models.TextField(_("product"))
    variant_title = models.TextField(_("variant"), blank=True)
    gtin = models.TextField(_("GTIN"), blank=True)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = MoneyField(_("price of one"), help_text=_("With discounts, without tax."))
    total_price = MoneyField(_("price"), help_text=_("With discounts, without tax."))
    currency = models.CharField(_("currency"), max_length=3)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_lines", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="order_line_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["order", "external_id"], name="order_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="order_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return self.title


class OrderSum(BrandOwned):
    """A part of the total, as the partner names it: subtotal, shipping, or one tax."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="sums", verbose_name=_("order"))
    kind = models.CharField(_("kind"), max_length=8, choices=SumKind)
    label = models.TextField(_("name"), blank=True)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_sums", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("sum")
        verbose_name_plural = _("sums")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SumKind.values), name="order_sum_kind_known"),
        ]
        indexes = [models.Index(fields=["order"], name="order_sum_of_order")]

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"


class FulfillmentLine(BrandOwned):
    """A line in a fulfilment. Partners may send a line in several."""

    fulfillment = models.ForeignKey(Fulfillment, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="fulfillment_lines")

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="fulfillment_lines")

    class Meta:
        ordering = ["line__position"]
        constraints = [
            models.UniqueConstraint(fields=["fulfillment", "line"], name="fulfillment_line_once"),
        ]

    def __str__(self) -> str:
        return str(self.line)


class RefundLine(BrandOwned):
    """A line of which a refund gives something back. `quantity` is null where the partner does not say how many."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="refund_lines")
    quantity = models.PositiveBigIntegerField(null=True)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="refund_lines")

    class Meta:
        ordering = ["line__position"]
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="refund_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} \u00d7 {self.line}" if self.quantity else str(self.line)

    @property
    def shown_quantity(self) -> int:
        """How many of it: where the partner does not say, all."""
        return self.line.quantity if self.quantity is None else self.quantity
