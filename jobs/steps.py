"""One step with many orders.

Each order changes in a transaction of its own, together with the job's position: a job that is killed goes on with the
next order, and takes no step twice.
"""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from jobs.errors import JobRefused
from jobs.leases import finish, hold, pulse
from jobs.lists import ensure_allowed, listed
from jobs.models import Job, JobLine
from orders.admin_steps import LIST_STEPS, Step
from orders.models import Order
from shops.actors import ActorKind, acting_as
from shops.errors import ShopError

BATCH = 200  # orders in memory


def chosen(job_parameters: dict[str, Any], user: User) -> QuerySet[Order]:
    """The orders that were meant: those that were ticked, or all that the list showed under its filter."""
    asked = job_parameters
    rows: QuerySet[Order] = listed(Order, user, asked["filter"] if asked["ids"] is None else "")
    if asked["ids"] is not None:
        rows = rows.filter(pk__in=asked["ids"])
    return rows.filter(pk__lte=asked["until"]) if asked.get("until") else rows


def take_steps(job: Job) -> None:
    """Take the step with each order that is left. Raises JobRefused and LeaseLost."""
    step = LIST_STEPS.get(job.parameters["step"])
    if step is None:
        raise JobRefused(_("This step does not exist any more."))
    user = ensure_allowed(job, step.permission)
    orders = chosen(job.parameters, user).filter(brand=job.brand).order_by("pk")
    if not job.total:
        job.total = orders.order_by().count()
        pulse(job, total=job.total)
    while batch := list(orders.filter(pk__gt=job.position).select_related("brand", "member")[:BATCH]):
        for order in batch:
            _take_one(job, step, order, user)
        pulse(job)
    refused = job.lines.filter(is_problem=True).count()
    finish(job, total=job.done, outcome={"rows": job.done, "taken": job.done - refused, "problems": refused})


@transaction.atomic
def _take_one(job: Job, step: Step, order: Order, user: User) -> None:
    hold(job)
    reason = ""
    try:
        with acting_as(ActorKind.STAFF, str(user)), transaction.atomic():
            step.take(order)
    except ShopError as error:
        reason = str(error)
    else:
        LogEntry.objects.log_actions(user.pk, [order], CHANGE, str(step.label), single_object=True)
    text = reason or str(step.label)
    JobLine(brand=job.brand, job=job, row=order.number, text=text[:300], is_problem=bool(reason)).save()
    job.position, job.done = order.pk, job.done + 1
    pulse(job, position=job.position, done=job.done)
