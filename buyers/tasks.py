"""The hint to a worker, and what beat asks of the buyer wallet."""

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import F

from buyers import mailing, requests, sessions, tokens
from buyers.models import WalletOrder
from buyers.updates import lock_wallet_order, map_order
from shops import hints

BATCH = 200
logger = structlog.get_logger(__name__)


@shared_task
def map_waiting_orders() -> int:
    """Give orders their brand whose merchant became known after them; returns how many. May run twice at once."""
    waiting = WalletOrder.objects.filter(order=None, state__isnull=False, buyer__is_active=True)
    known = waiting.filter(client__merchants__merchant_id=F("merchant_id")).select_related("client")
    mapped = 0
    for found in known.order_by("pk")[:BATCH]:
        with transaction.atomic():
            mapped += map_order(lock_wallet_order(found.client, found.external_id))
    if mapped:
        logger.info("orders of partners were given their brand", count=mapped)
    return mapped


@shared_task
def forget_tokens() -> int:
    """Delete old codes, tokens, payment sessions, mails and lines of the request log; returns how many rows."""
    return tokens.forget() + requests.forget() + sessions.forget_sessions() + mailing.forget()


@shared_task
def send_mails() -> int:
    """Send the mails to buyers that are due; returns how many the mail server took."""
    return mailing.send_due()


def hint() -> None:
    """After commit, tell a worker that there is a mail. A broker that is down is nobody's error: beat looks anyway."""
    transaction.on_commit(lambda: hints.give(send_mails), robust=True)
