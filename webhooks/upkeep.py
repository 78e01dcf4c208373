"""What has to be done from time to time: warn of endpoints that fail, forget what was delivered long ago."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from accounts.outgoing import REFUSALS
from shops.models import Role
from webhooks.models import Endpoint

WARN_AFTER = [timedelta(days=1), timedelta(days=3), timedelta(days=5)]  # of only failures; the last one disables
BATCH = 1000
MOST_BATCHES = 200  # in one run
logger = structlog.get_logger(__name__)

# Deliveries that ended well, and nothing else: what was never delivered stays until somebody has dealt with it.
FORGET = """
WITH old AS (
    SELECT id, event_id FROM webhooks_delivery
    WHERE state = 'delivered' AND done_at < now() - make_interval(days => %(days)s)
    ORDER BY done_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), calls AS (
    DELETE FROM webhooks_call c USING old WHERE c.delivery_id = old.id
)
DELETE FROM webhooks_delivery d USING old WHERE d.id = old.id
"""
FORGET_EVENTS = """
DELETE FROM webhooks_event WHERE id IN (
    SELECT v.id FROM webhooks_event v
    WHERE v.occurred_at < now() - make_interval(days => %(days)s)
      AND NOT EXISTS (SELECT 1 FROM webhooks_delivery d WHERE d.event_id = v.id)
    ORDER BY v.id LIMIT %(batch)s
)
"""


def forget_delivered() -> int:
    """Delete deliveries, with their calls, that arrived more than WEBHOOK_KEPT_DAYS ago; returns how many.

    In small batches, each in its own transaction, so that nobody waits for it. May run twice at once.
    """
    deleted = 0
    for statement in (FORGET, FORGET_EVENTS):
        for _batch in range(MOST_BATCHES):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, {"days": settings.WEBHOOK_KEPT_DAYS, "batch": BATCH})
                found = cursor.rowcount
            deleted += found if statement is FORGET else 0
            if found < BATCH:
                break
    return deleted


def warn_of_failing() -> int:
    """Mail the owners of endpoints that have only failed for one, three and five days; after five, disable them.

    Returns how many mails were sent. A mail may be sent twice if this dies between the mail and the note of it, and
    a mail server that refuses one brand's mail does not keep the others from theirs: it is asked again next time.
    """
    sent = 0
    for endpoint in Endpoint.objects.filter(is_active=True, failing_since__lt=Now() - WARN_AFTER[0]):
        since = endpoint.failing_since or timezone.now()
        due = sum(timezone.now() - since >= age for age in WARN_AFTER)
        if due > endpoint.warnings_sent:
            try:
                with override(endpoint.brand.language):
                    _warn(endpoint, is_last=due == len(WARN_AFTER))
            except REFUSALS as error:
                logger.warning("no mail of an endpoint that fails", endpoint=str(endpoint.uuid), error=str(error))
                continue
            _note(endpoint, due)
            sent += 1
    return sent


def _warn(endpoint: Endpoint, *, is_last: bool) -> None:
    team = endpoint.brand.staff.filter(role__in=[Role.OWNER, Role.MANAGER])
    addresses = list(team.values_list("user__email", flat=True))
    facts = {"brand": endpoint.brand.name, "url": endpoint.url, "since": f"{endpoint.failing_since:%Y-%m-%d %H:%M} UTC"}
    if is_last:
        subject = _("Webhooks of %(brand)s are switched off") % facts
        text = _("%(url)s has not confirmed a webhook since %(since)s. It is called no more until you switch it on.")
    else:
        subject = _("Webhooks of %(brand)s do not arrive") % facts
        text = _("%(url)s has not confirmed a webhook since %(since)s. After five days it is switched off.")
    if addresses:
        send_mail(subject, text % facts, settings.DEFAULT_FROM_EMAIL, addresses)
    logger.warning("webhook endpoint fails", endpoint=str(endpoint.uuid), since=facts["since"], disabled=is_last)


def _note(endpoint: Endpoint, warnings: int) -> None:
    """Only if it is still failing: it may have recovered while the mail was on its way."""
    changes: dict[str, object] = {"warnings_sent": warnings}
    if warnings == len(WARN_AFTER):
        reason = gettext_noop("Five days of only failures.")
        changes |= {"is_active": False, "disabled_at": Now(), "disabled_reason": reason}
    endpoint.brand.endpoints.filter(pk=endpoint.pk, failing_since=endpoint.failing_since).update(**changes)
