"""What has to be done from time to time: warn of certificates that expire, forget what phones wrote long ago."""

from datetime import timedelta

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.outgoing import REFUSALS
from applewallet.credentials import days_left
from applewallet.models import Credential
from shops.models import Role

WARN_AT = [30, 14, 7]  # days before the end (apple-wallet.md §B.8)
KEPT_DAYS = 14  # of the device log
BATCH = 1000
MOST_BATCHES = 200  # in one run
logger = structlog.get_logger(__name__)

# Keys grow with time, so the oldest lines come first in the index of keys, and no other is needed.
FORGET_LINES = """
DELETE FROM applewallet_devicelog
WHERE id IN (SELECT id FROM applewallet_devicelog ORDER BY id LIMIT %(batch)s)
  AND received_at < now() - make_interval(days => %(days)s)
"""


def warn_of_expiry() -> int:
    """Mail the owners of brands whose certificate expires within 30, 14 and 7 days; returns how many mails were sent.

    Of those for tests nobody is warned. A mail may be sent twice if this dies between the mail and the note of it, and
    a mail server that refuses one brand's mail does not keep the others from theirs: it is asked again next time.
    """
    sent = 0
    now = timezone.now()
    near = Credential.objects.filter(
        is_active=True, is_test=False, valid_until__lt=now + timedelta(days=WARN_AT[0] + 1)
    )
    for credential in near.select_related("type", "brand"):
        days = days_left(credential, now)
        due = _due(credential, days)
        owners = credential.brand.staff.filter(role=Role.OWNER)
        addresses = list(owners.values_list("user__email", flat=True))
        if due is None or not addresses:
            continue
        try:
            with override(credential.brand.language):
                _warn(credential, days, addresses)
        except REFUSALS as error:
            logger.warning("no mail of a certificate that expires", type=str(credential.type), error=str(error))
            continue
        credential.brand.credentials.filter(pk=credential.pk).update(warned_days=due)
        sent += 1
    return sent


def _due(credential: Credential, days: int) -> int | None:
    """The warning to be sent now, by its days before the end; None if it was sent, or is too early."""
    due = min((limit for limit in WARN_AT if days <= limit), default=None)
    was_sent = due is not None and credential.warned_days is not None and credential.warned_days <= due
    return None if was_sent else due


def _warn(credential: Credential, days: int, addresses: list[str]) -> None:
    facts = {
        "brand": credential.brand.name,
        "identifier": credential.type.identifier,
        "day": f"{credential.valid_until:%Y-%m-%d}",
        "days": days,
        "page": f"{settings.PUBLIC_URL}/admin/applewallet/credential/",
    }
    if days >= 0:
        subject = _("The certificate of %(brand)s for Apple Wallet expires on %(day)s")
    else:
        subject = _("The certificate of %(brand)s for Apple Wallet has expired")
    text = _(
        "%(identifier)s: the certificate that signs its packages is valid until %(day)s. After that no new ones can be"
        " made, those on members' phones are not updated any more, and phones are not told of changes.\n\n"
        "Renew it at Apple for the same identifier, and upload it here: %(page)s"
    )
    send_mail(subject % facts, text % facts, settings.DEFAULT_FROM_EMAIL, addresses)
    logger.warning("a certificate expires", type=facts["identifier"], days=days)


def forget_device_log() -> int:
    """Delete what phones wrote more than two weeks ago; returns how many lines.

    In small batches, each a transaction of its own, so that nobody waits for it. May run twice at once.
    """
    deleted = 0
    for _batch in range(MOST_BATCHES):
        with connection.cursor() as cursor:
            cursor.execute(FORGET_LINES, {"days": KEPT_DAYS, "batch": BATCH})
            found = cursor.rowcount
        deleted += found
        if found < BATCH:
            break
    return deleted
