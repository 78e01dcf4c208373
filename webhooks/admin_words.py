"""How the admin names and colours the states of webhooks."""

from django.utils.translation import gettext_lazy as _

from webhooks.exam_steps import Mark
from webhooks.models import DeliveryState, ExamGrade, Outcome

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
    DeliveryState.CANCELED: "",
}
OUTCOME_COLORS = {
    Outcome.STARTED: "info",
    Outcome.OK: "success",
    Outcome.FAILED: "danger",
    Outcome.BLOCKED: "danger",
    Outcome.UNKNOWN: "warning",
}
GRADE_COLORS = {ExamGrade.PASSED: "success", ExamGrade.REMARKS: "warning", ExamGrade.FAILED: "danger"}
MARKS = {  # of an exam's steps
    Mark.PASSED: {"text": _("Passed"), "color": "success"},
    Mark.REMARK: {"text": _("Remark"), "color": "warning"},
    Mark.FAILED: {"text": _("Failed"), "color": "danger"},
}
