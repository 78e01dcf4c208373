"""How the admin names and colours the states of webhooks."""

from django.utils.translation import gettext_lazy as _

from webhooks.models import DeliveryState, Outcome

STATUSES = [  # orders' own list stands above this app
    ("open", _("Open")),
    ("paid", _("Paid")),
    ("failed", _("Failed")),
    ("canceled", _("Canceled")),
    ("expired", _("Expired")),
]
HEALTH = {"healthy": _("Healthy"), "failing": _("Failing"), "disabled": _("Disabled")}
HEALTH_COLORS = {"healthy": "success", "failing": "warning", "disabled": "danger"}
STATE_COLORS = {
    DeliveryState.PENDING: "warning",
    DeliveryState.SENDING: "info",
    DeliveryState.DELIVERED: "success",
    DeliveryState.EXHAUSTED: "danger",
}
OUTCOME_COLORS = {
    Outcome.STARTED: "info",
    Outcome.OK: "success",
    Outcome.FAILED: "danger",
    Outcome.BLOCKED: "danger",
    Outcome.UNKNOWN: "warning",
}
