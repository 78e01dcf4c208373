"""What the desk adds to orders: their story (OrderEvent), notes and tags of staff; each user's own filters."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from orders.models import Order
from shops.actors import LONGEST_NAME, ActorKind
from shops.models import Brand, BrandOwned, Member

MOST_TAGS = 20  # of an order
MOST_FILTERS = 12  # of a user: what fits above a list


class About(models.TextChoices):
    """What a change of an order was about."""

    ORDER = "order", _("Order")
    FULFILLMENT = "fulfillment", _("Fulfilment")
    REFUND = "refund", _("Refund")
    RETURN = "return", _("Return")
    PASS = "pass", _("Pass")
    TAG = "tag", _("Tag")


class OrderEvent(BrandOwned):
    """A change of an order and who did it. Written in that change's transaction; the database refuses to change it.

    It holds nothing that names the member: it stays when a member is erased.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="story", verbose_name=_("order"))
    version = models.PositiveIntegerField(_("version"), help_text=_("The order's, after it."))
    about = models.CharField(_("about"), max_length=20, choices=About)
    part = models.BigIntegerField(null=True, editable=False)  # the key of the fulfilment, refund, return or pass
    facts = models.JSONField(_("facts"), default=dict)  # what changed, and states as they were after it
    actor_kind = models.CharField(_("who"), max_length=10, choices=ActorKind)
    actor_name = models.CharField(_("name"), max_length=LONGEST_NAME, blank=True)
    happened_at = models.DateTimeField(_("when"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_events", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("event of an order")
        verbose_name_plural = _("events of orders")
        indexes = [models.Index(fields=["order", "id"], name="order_event_of_order")]

    def __str__(self) -> str:
        return f"{self.about} {self.order_id} v{self.version}"


class OrderNote(BrandOwned):
    """What staff tell each other of an order. Members and partners never see it."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="notes", verbose_name=_("order"))
    text = models.CharField(_("note"), max_length=2000)
    by = models.CharField(_("by"), max_length=LONGEST_NAME)
    created_at = models.DateTimeField(_("written"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_notes", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return f"{self.order_id}: {self.text[:30]}"


validate_tag = RegexValidator(r"^[^,\n]+$", _("A tag has no comma."))


class OrderTag(BrandOwned):
    """A word that staff hang on an order to find it by."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="tags", verbose_name=_("order"))
    text = models.CharField(_("tag"), max_length=30, validators=[validate_tag])

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="order_tags", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(fields=["order", "text"], name="order_tag_once")]
        indexes = [models.Index(fields=["brand", "text"], name="order_tag_by_text")]  # the list's filter

    def __str__(self) -> str:
        return self.text


class SavedFilter(models.Model):
    """A user's own tab above the list of orders: the list's query, under a name."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_filters")
    name = models.CharField(_("name"), max_length=30)
    query = models.CharField(_("filter"), max_length=500, help_text=_("As in the list's address."))
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [models.UniqueConstraint("user", Lower("name"), name="saved_filter_name_once")]

    def __str__(self) -> str:
        return self.name


class PointsFault(BrandOwned):
    """A sum that did not agree when somebody last looked: of an order, or a member's balance (desk/proving.py)."""

    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="points_faults", verbose_name=_("order"))
    member = models.ForeignKey(
        Member, models.CASCADE, null=True, related_name="points_faults", verbose_name=_("member")
    )
    part = models.CharField(_("what does not agree"), max_length=20)
    says = models.DecimalField(_("says"), max_digits=20, decimal_places=3)
    must_be = models.DecimalField(_("must be"), max_digits=20, decimal_places=3)
    found_at = models.DateTimeField(_("found"), db_default=Now(), editable=False)

    brand = models.ForeignKey(Brand, models.CASCADE, related_name="points_faults", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("fault in points")
        verbose_name_plural = _("faults in points")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(order__isnull=False, member=None) | Q(order=None, member__isnull=False),
                name="points_fault_of_one",
            ),
        ]

    def __str__(self) -> str:
        what = f"order {self.order_id}" if self.order_id else f"member {self.member_id}"
        return f"{what}: {self.part} is {self.says}, must be {self.must_be}"
