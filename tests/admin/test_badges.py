"""Badges of the admin's lists: a state that their colours do not know would be shown by its code, in every language."""

import pytest

from applewallet.admin_words import PUSH_COLORS
from applewallet.models import PushState
from jobs.admin import COLORS as JOB_COLORS
from jobs.models import JobState
from orders.admin import PROCESSING_COLORS, STATUS_COLORS
from orders.admin_parts import COLORS as PART_COLORS
from orders.models import OrderStatus, ProcessingStatus, RefundStatus
from passes.admin import PASS_COLORS
from passes.models import PassStatus
from shops.admin import ROLE_COLORS
from shops.models import Role
from webhooks.admin_words import GRADE_COLORS, OUTCOME_COLORS, STATE_COLORS
from webhooks.models import DeliveryState, ExamGrade, Outcome


@pytest.mark.parametrize(
    ("states", "colors"),
    [
        (OrderStatus, STATUS_COLORS),
        (ProcessingStatus, PROCESSING_COLORS),
        (RefundStatus, PART_COLORS),
        (PassStatus, PASS_COLORS),
        (DeliveryState, STATE_COLORS),
        (Outcome, OUTCOME_COLORS),
        (ExamGrade, GRADE_COLORS),
        (PushState, PUSH_COLORS),
        (JobState, JOB_COLORS),
        (Role, ROLE_COLORS),
    ],
)
def test_every_state_has_a_badge(states, colors):
    assert [state for state in states if state not in colors] == []
