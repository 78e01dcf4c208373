"""Where to (Endpoint), what happened (Event), one event to one endpoint (Delivery), one attempt (Call)."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from shops.models import Brand, BrandOwned
from shops.sentences import in_language

DEFAULT_STATUSES = ("open", "paid", "failed", "canceled")
MOST_CONCURRENCY = 50  # calls at once that one endpoint may ask for


def default_statuses() -> list[str]:
    """The four cases that the original product documents; `expired` is ours, by choice."""
    return list(DEFAULT_STATUSES)


class Endpoint(BrandOwned):
    """A partner's URL that hears of a brand's orders."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    url = models.URLField(_("URL"), max_length=2000)
    statuses = ArrayField(models.CharField(max_length=10), verbose_name=_("statuses"), default=default_statuses)
    is_active = models.BooleanField(_("active"), default=True)
    is_validated = models.BooleanField(_("validated"), default=False, editable=False)
    encrypted_key = models.BinaryField(editable=False)
    key_hint = models.CharField(_("key ends in"), max_length=4, editable=False)
    previous_key = models.BinaryField(null=True, editable=False)  # encrypted; signs beside the new one for a while
    previous_key_until = models.DateTimeField(_("old key signs until"), null=True, editable=False)
    concurrency = models.PositiveSmallIntegerField(
        _("calls at once"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CONCURRENCY)],
        help_text=_("From 1 to 50: how many messages the receiver can take at the same moment."),
    )
    last_served_at = models.DateTimeField(null=True, editable=False)
    # How it has been doing: delivery.finish keeps these.
    failures_in_a_row = models.PositiveIntegerField(_("failures in a row"), db_default=0, editable=False)
    failing_since = models.DateTimeField(_("only failures since"), null=True, editable=False)
    times_opened = models.PositiveIntegerField(db_default=0, editable=False)  # of the breaker, since the last success
    open_until = models.DateTimeField(_("not called until"), null=True, editable=False)
    disabled_at = models.DateTimeField(_("disabled"), null=True, editable=False)
    disabled_reason = models.CharField(_("disabled because"), max_length=200, blank=True, db_default="", editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)  # its deliveries and calls stay in the log
    warnings_sent = models.PositiveSmallIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="endpoint_brand_id"),  # target of composite keys
            models.CheckConstraint(
                condition=Q(concurrency__gte=1, concurrency__lte=MOST_CONCURRENCY), name="endpoint_concurrency_bounds"
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def state(self) -> str:
        """healthy; failing: called less often until it answers; disabled."""
        if not self.is_active:
            return "disabled"
        return "failing" if self.failing_since else "healthy"


class Event(BrandOwned):
    """A change of an order's status, with the exact bytes that tell of it. Written in that change's transaction."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    order_uuid = models.UUIDField()
    order_status = models.CharField(_("status"), max_length=10)
    version = models.PositiveIntegerField(
        _("version"), help_text=_("The order's version; its events come in this order.")
    )
    body = models.BinaryField(editable=False)
    occurred_at = models.DateTimeField(_("occurred at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="event_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["brand", "order_uuid", "version"], name="event_once_per_version"),
        ]
        indexes = [
            models.Index(
                fields=["brand", "order_status"],
                name="event_of_rare_status",  # the log's filter; every order tells of the two
                condition=~Q(order_status__in=["open", "paid"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_status} {self.order_uuid}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending", _("Pending")
    SENDING = "sending", _("Sending")
    DELIVERED = "delivered", _("Delivered")
    EXHAUSTED = "exhausted", _("Given up")
    CANCELED = "canceled", _("Canceled")


class Trigger(models.TextChoices):
    """Who asked for an attempt."""

    AUTO = "auto", _("Schedule")
    MANUAL = "manual", _("Staff or API")
    TEST = "test", _("Test")


class Delivery(BrandOwned):
    """One event on its way to one endpoint. Its uuid is the message id, the same on every attempt."""

    uuid = models.UUIDField(_("message id"), default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries", verbose_name=_("event"))
    endpoint = models.ForeignKey(
        Endpoint, models.PROTECT, related_name="deliveries", verbose_name=_("webhook endpoint")
    )
    order_uuid = models.UUIDField()  # of the event, for "earlier ones of the same order first"
    version = models.PositiveIntegerField()  # of the event, likewise
    state = models.CharField(_("state"), max_length=10, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    first_attempt = models.PositiveIntegerField(db_default=0)  # attempts before somebody had it sent again
    interval = models.PositiveIntegerField(default=0)  # seconds that the schedule puts before the next attempt
    trigger = models.CharField(max_length=10, choices=Trigger, db_default=Trigger.AUTO)  # of the next attempt
    due_at = models.DateTimeField(_("due at"), db_default=Now())
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    done_at = models.DateTimeField(_("done at"), null=True, editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="deliveries", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["brand", "id"], name="delivery_brand_id"),  # target of composite keys
            models.UniqueConstraint(fields=["event", "endpoint"], name="delivery_once_per_endpoint"),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False, lease_token__isnull=False)
                | (~Q(state="sending") & Q(lease_until__isnull=True, lease_token__isnull=True)),
                name="delivery_lease_while_sending",
            ),
        ]
        indexes = [
            models.Index(fields=["endpoint", "due_at"], name="delivery_due", condition=Q(state="pending")),  # claim
            models.Index(fields=["lease_until"], name="delivery_leased", condition=Q(state="sending")),  # give_back
            models.Index(fields=["endpoint"], name="delivery_in_flight", condition=Q(state="sending")),  # claim
            # claim: an order's earlier news first; an order's log
            models.Index(fields=["order_uuid", "endpoint", "version"], name="delivery_of_order"),
            models.Index(
                fields=["endpoint", "created_at"], name="delivery_unconfirmed", condition=~Q(state="delivered")
            ),  # unacknowledged, replay
            models.Index(fields=["done_at"], name="delivery_old", condition=Q(state="delivered")),  # forget_delivered
        ]

    def __str__(self) -> str:
        return str(self.uuid)


class Outcome(models.TextChoices):
    """How an attempt ended."""

    STARTED = "started", _("In flight")
    OK = "ok", _("Delivered")
    FAILED = "failed", _("Failed")
    BLOCKED = "blocked", _("Address not allowed")
    UNKNOWN = "unknown", _("Unknown: the worker was lost")


class Call(BrandOwned):
    """One attempt. Written with the claim, before anything is sent, and finished with what happened."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="calls", verbose_name=_("delivery"))
    attempt = models.PositiveIntegerField(_("attempt"))
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.AUTO)
    url = models.URLField(_("URL"), max_length=2000)
    interval = models.PositiveIntegerField(_("seconds waited before it"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.STARTED)
    http_status_code = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    response = models.CharField(_("response"), max_length=1000, blank=True)
    response_headers = models.CharField(
        _("response headers"), max_length=2000, blank=True, db_default="", help_text=_("Without cookies.")
    )
    remote_ip = models.GenericIPAddressField(_("address"), null=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    started_at = models.DateTimeField(_("started"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        constraints = [models.UniqueConstraint(fields=["delivery", "attempt"], name="call_once_per_attempt")]
        indexes = [BrinIndex(fields=["started_at"], name="call_recent", autosummarize=True)]  # metrics, health

    def __str__(self) -> str:
        return f"{self.url} #{self.attempt}"

    @property
    def said(self) -> str:
        """What the receiver answered; where nothing came back, why not, in the reader's language."""
        return in_language(self.response) if self.http_status_code is None else self.response


class ExamGrade(models.TextChoices):
    """How a receiver did in an exam."""

    PASSED = "passed", _("Passed")
    REMARKS = "remarks", _("Passed, with remarks")
    FAILED = "failed", _("Failed")


class ExamReport(BrandOwned):
    """How a receiver did in the scripted exam, with the very messages: evidence before it goes live. Written once."""

    uuid = models.UUIDField(_("identifier"), default=uuid.uuid4, unique=True, editable=False)
    endpoint = models.ForeignKey(
        Endpoint, models.PROTECT, related_name="exam_reports", verbose_name=_("webhook endpoint")
    )
    url = models.CharField(_("URL"), max_length=2000)
    grade = models.CharField(_("grade"), max_length=10, choices=ExamGrade)
    steps = models.JSONField(_("steps"), default=list)  # exam.Step as JSON; neither keys nor the brand's own orders
    by = models.CharField(_("held by"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("started"), editable=False)
    finished_at = models.DateTimeField(_("finished"), editable=False)

    brand = models.ForeignKey(Brand, models.PROTECT, related_name="exam_reports", verbose_name=_("brand"))

    class Meta:
        verbose_name = _("exam report")
        verbose_name_plural = _("exam reports")

    def __str__(self) -> str:
        return f"{self.url} {self.get_grade_display()}"


class ProbeKind(models.TextChoices):
    """What somebody asked us to send."""

    TEST = "test", _("Test call")
    EXAM = "exam", _("Receiver exam")


class Probe(BrandOwned):
    """A test call or an exam that was asked for: counted, so that nobody hammers a URL by way of us."""

    endpoint = models.ForeignKey(Endpoint, models.PROTECT, related_name="probes")
    kind = models.CharField(max_length=10, choices=ProbeKind)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    busy_until = models.DateTimeField(null=True, editable=False)  # of an exam, until it ends; a lost one ends then

    class Meta:
        verbose_name = _("probe")
        verbose_name_plural = _("probes")
        constraints = [
            models.UniqueConstraint(
                fields=["brand"], condition=Q(kind="exam", busy_until__isnull=False), name="probe_one_exam_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["brand", "started_at"], name="probe_recent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at}"
