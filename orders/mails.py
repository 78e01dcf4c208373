"""What was bought, by mail: the passes to add to Apple Wallet, and links to their QR codes.

The rows are the truth (orders/models/mails.py). A worker takes one for LEASE, sends it with no transaction open, and
notes that. If it dies between the mail server's yes and the note, the mail goes out again under the same Message-ID.
"""

from datetime import timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from applewallet.kinds import MIME_OF_BUNDLE, ORDER, PASS
from applewallet.package import MOST_IN_BUNDLE, bundle
from applewallet.services import NotSignable, built
from orders.models import MailState, Order, OrderMail
from orders.phones import order_package
from orders.services import note_facts
from passes.links import pass_url
from passes.models import Pass
from passes.phones import pass_package
from shops.speaking import speaking

LEASE = timedelta(minutes=5)  # longer than a mail server may take
WAITS = [60, 300, 1800, 7200, 43200, 86400]  # seconds before another attempt
BATCH = 100
logger = structlog.get_logger(__name__)


def send_due() -> int:
    """Send the mails that are due; returns how many the mail server took. May run twice at once."""
    sent = 0
    for _turn in range(BATCH):
        mail = _take()
        if mail is None:
            break
        sent += _send(mail)
    return sent


@transaction.atomic
def _take() -> OrderMail | None:
    """Take the mail that has waited longest, for LEASE."""
    due = OrderMail.objects.select_for_update(of=["self"], skip_locked=True, no_key=True)
    due = due.select_related("order__brand", "order__member").filter(state=MailState.PENDING, due_at__lte=Now())
    mail = due.order_by("due_at").first()
    if mail is not None:
        mail.attempts += 1
        mail.due_at = Now() + LEASE
        mail.save(update_fields=["attempts", "due_at"])
    return mail


def _send(mail: OrderMail) -> bool:
    try:
        message_of(mail.order).send()
    except OSError as error:  # what smtplib and sockets raise
        _failed(mail, type(error).__name__)
        return False
    with transaction.atomic():
        done = OrderMail.objects.filter(pk=mail.pk, state=MailState.PENDING)
        if done.update(state=MailState.SENT, sent_at=Now(), last_error=""):
            note_facts(mail.order, mail_delivered_in_inbox=True)
    return True


def _failed(mail: OrderMail, error: str) -> None:
    logger.warning("mail not sent", order=str(mail.order.uuid), attempt=mail.attempts, error=error)
    rows = OrderMail.objects.filter(pk=mail.pk, state=MailState.PENDING)
    if mail.attempts > len(WAITS):
        rows.update(state=MailState.FAILED, last_error=error)
    else:
        rows.update(due_at=Now() + timedelta(seconds=WAITS[mail.attempts - 1]), last_error=error)


def message_of(order: Order) -> EmailMultiAlternatives:
    """The mail about a paid order, in its brand's language, with its packages attached."""
    with speaking(order.brand.language, order.brand.time_zone):
        return _message_of(order)


def _message_of(order: Order) -> EmailMultiAlternatives:
    items = order.items.select_related("issued_pass__coupon__brand").order_by("pk")
    passes = [item.issued_pass for item in items]
    facts = {
        "order": order,
        "brand": order.brand,
        "links": [(one, pass_url(one)) for one in passes],
        "url": f"{settings.PUBLIC_URL}/s/{order.brand.slug}/orders/{order.uuid}",
    }
    subject = _("%(brand)s: your order %(number)s") % {"brand": order.brand.name, "number": order.number}
    host = urlsplit(settings.PUBLIC_URL).hostname
    message = EmailMultiAlternatives(
        subject.replace("\n", " "),
        render_to_string("orders/mail.txt", facts),
        to=[order.member.email],
        headers={"Message-ID": f"<order-{order.uuid}@{host}>"},
    )
    message.attach_alternative(render_to_string("orders/mail.html", facts), "text/html")
    for name, content, mime in _packages(order, passes):
        message.attach(name, content, mime)
    return message


def _packages(order: Order, passes: list[Pass]) -> list[tuple[str, bytes, str]]:
    """What Apple Wallet opens, as attachments: nothing where the brand has no certificate today."""
    attached = []
    try:
        files = [built(pass_package(one)) for one in passes]
        for start in range(0, len(files), MOST_IN_BUNDLE):
            group = files[start : start + MOST_IN_BUNDLE]
            name = f"order-{order.number}-{start // MOST_IN_BUNDLE + 1}"
            if len(group) == 1:
                attached.append((f"{name}.{PASS.extension}", group[0], PASS.mime))
            else:
                attached.append((f"{name}.pkpasses", bundle(group), MIME_OF_BUNDLE))
    except NotSignable as error:
        logger.info("mail without passes", order=str(order.uuid), reason=str(error))
    try:
        attached.append((f"order-{order.number}.order", built(order_package(order)), ORDER.mime))
    except NotSignable as error:
        logger.info("mail without the order", order=str(order.uuid), reason=str(error))
    return attached
