"""What was bought, by mail: the passes to add to Apple Wallet, and links to their QR codes.

Rows say what is to be mailed (orders/models/mails.py), workers send it (accounts/outgoing.py).
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts import outgoing
from applewallet.kinds import MIME_OF_BUNDLE, ORDER, PASS
from applewallet.package import MOST_IN_BUNDLE, bundle
from applewallet.services import NotSignable, built
from orders.models import MailKind, Order, OrderMail, OrderStatus
from orders.phones import order_package
from orders.services import lock_order, note_facts
from passes.links import pass_url
from passes.models import Pass, PassStatus
from passes.phones import pass_package
from passes.services import whole_passes
from shops.errors import ShopError, TooSoon
from shops.speaking import speaking

WAITS = [60, 300, 1800, 7200, 43200, 86400]  # seconds before another attempt
PAUSE = timedelta(minutes=1)  # between two mails about one order that somebody asks for
logger = structlog.get_logger(__name__)


class NothingToMail(ShopError):
    """A mail that would tell of nothing, or that nobody would get; it says why."""


def mail_again(order: Order, *, by: str) -> OrderMail:
    """Mail once more what was bought, because `by` of the staff asks for it.

    Raises NothingToMail, and TooSoon within PAUSE of the last mail about the order.
    """
    return _ask(order, MailKind.BOUGHT, None, by)


def mail_pass(order: Order, issued: Pass, *, by: str) -> OrderMail:
    """Mail the link to a pass of `order`. Raises what `mail_again` raises, also for a pass that cannot be used now."""
    return _ask(order, MailKind.PASS, issued, by)


@transaction.atomic
def _ask(order: Order, kind: MailKind, issued: Pass | None, by: str) -> OrderMail:
    order = lock_order(order)
    if order.status != OrderStatus.PAID or order.is_stated:
        raise NothingToMail(_("Only the passes of a paid order of our own shop are mailed."))
    if order.member.is_erased:
        raise NothingToMail(_("This person was forgotten: there is no address to mail to."))
    if issued and whole_passes(order.brand).get(pk=issued.pk, item__order=order).standing != PassStatus.ACTIVE:
        raise NothingToMail(_("This pass cannot be used any more, so its link is not mailed."))
    if order.mails.filter(created_at__gt=Now() - PAUSE).exists():
        seconds = int(PAUSE.total_seconds())
        raise TooSoon(_("A mail about this order was asked for just now. Wait a minute."), seconds)
    return order.brand.order_mails.create(order=order, kind=kind, issued_pass=issued, asked_by=by)


def send_due() -> int:
    """Send the mails that are due; returns how many the mail server took. May run twice at once."""
    rows = OrderMail.objects.select_related("order__brand", "order__member", "issued_pass__coupon__brand")
    return outgoing.send_due(rows, lambda mail: _written(mail).send(), waits=WAITS, done=_arrived)


def _arrived(mail: OrderMail) -> None:
    if mail.kind == MailKind.BOUGHT and not mail.order.mail_delivered_in_inbox:
        note_facts(mail.order, mail_delivered_in_inbox=True)


def _written(mail: OrderMail) -> EmailMultiAlternatives:
    """The mail. One that was asked for has an id of its own: mail programs hide a second one with the same."""
    message = pass_message_of(mail.order, mail.issued_pass) if mail.issued_pass else message_of(mail.order)
    if mail.asked_by:
        message.extra_headers["Message-ID"] = _message_id(mail.order, f"-{mail.pk}")
    return message


def message_of(order: Order) -> EmailMultiAlternatives:
    """The mail about a paid order, in its brand's language, with its packages attached."""
    with speaking(order.brand.language, order.brand.time_zone):
        return _message_of(order)


def _message_of(order: Order) -> EmailMultiAlternatives:
    items = order.items.select_related("issued_pass__coupon__brand").order_by("pk")
    passes = [item.issued_pass for item in items]
    files = _pass_files(order, passes)
    facts = {
        "order": order,
        "brand": order.brand,
        "files": files,
        "links": [(one, pass_url(one)) for one in passes],
        "url": f"{settings.PUBLIC_URL}/s/{order.brand.slug}/orders/{order.uuid}",
    }
    subject = _("%(brand)s: your order %(number)s") % {"brand": order.brand.name, "number": order.number}
    return _message(order, subject, "orders/mail", facts, [*files, *_order_files(order)])


def pass_message_of(order: Order, issued: Pass) -> EmailMultiAlternatives:
    """The mail with the link to one pass of `order`, in its brand's language, with its package attached."""
    with speaking(order.brand.language, order.brand.time_zone):
        files = _pass_files(order, [issued])
        facts = {"order": order, "brand": order.brand, "pass": issued, "link": pass_url(issued), "files": files}
        names = {"brand": order.brand.name, "title": issued.coupon.title}
        subject = _("%(brand)s: your pass “%(title)s”") % names
        return _message(order, subject, "orders/pass_mail", facts, files)


def _message(
    order: Order, subject: str, template: str, facts: dict[str, Any], files: list[tuple[str, bytes, str]]
) -> EmailMultiAlternatives:
    facts |= {"subject": subject}
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        render_to_string(f"{template}.txt", facts),
        to=[order.member.email],
        headers={"Message-ID": _message_id(order)},
    )
    message.attach_alternative(render_to_string(f"{template}.html", facts), "text/html")
    for name, content, mime in files:
        message.attach(name, content, mime)
    return message


def _message_id(order: Order, more: str = "") -> str:
    return f"<order-{order.uuid}{more}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def _pass_files(order: Order, passes: list[Pass]) -> list[tuple[str, bytes, str]]:
    """What Apple Wallet opens, as attachments: nothing where the brand has no certificate today."""
    attached = []
    try:
        files = [built(pass_package(one)) for one in passes]
    except NotSignable as error:
        logger.info("mail without passes", order=str(order.uuid), reason=str(error))
        return []
    for start in range(0, len(files), MOST_IN_BUNDLE):
        group = files[start : start + MOST_IN_BUNDLE]
        name = f"order-{order.number}-{start // MOST_IN_BUNDLE + 1}"
        if len(group) == 1:
            attached.append((f"{name}.{PASS.extension}", group[0], PASS.mime))
        else:
            attached.append((f"{name}.pkpasses", bundle(group), MIME_OF_BUNDLE))
    return attached


def _order_files(order: Order) -> list[tuple[str, bytes, str]]:
    try:
        return [(f"order-{order.number}.order", built(order_package(order)), ORDER.mime)]
    except NotSignable as error:
        logger.info("mail without the order", order=str(order.uuid), reason=str(error))
        return []
