"""Everything that happened to an order and whose doing it was, in one list, newest first.

The story (OrderEvent) tells each change and its actor. What is no change of the order comes from its own rows: notes,
webhook calls, mails, phones, the payment. Orders from before there was a story are told from their parts' rows; whose
doing that was stands in the admin's log, if staff did it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.translation import gettext as _

from applewallet.models import Push, Subject
from desk.models import About, OrderEvent
from orders.models import (
    Fulfillment,
    MailKind,
    MailState,
    Order,
    OrderMail,
    OrderStatus,
    ProcessingStatus,
    Refund,
    Return,
)
from passes.models import Pass
from shops.actors import ActorKind
from shops.sentences import in_language, state_in_language
from shops.speaking import money
from webhooks.models import Delivery, Trigger

MOST = 200  # entries of each kind
UNKNOWN = "–"  # noqa: RUF001 -- a dash, for people
PARTS: dict[str, Any] = {
    About.FULFILLMENT: Fulfillment,
    About.REFUND: Refund,
    About.RETURN: Return,
    About.PASS: Pass,
}
ICONS = {
    "order": "receipt_long",
    "fulfillment": "local_shipping",
    "refund": "undo",
    "return": "assignment_return",
    "pass": "qr_code_2",
    "tag": "sell",
    "note": "sticky_note_2",
    "webhook": "webhook",
    "mail": "mail",
    "phone": "smartphone",
    "payment": "payments",
    "log": "history",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened."""

    at: datetime
    kind: str
    text: str
    who: str
    detail: str = ""
    url: str = ""

    @property
    def icon(self) -> str:
        """Its picture."""
        return ICONS[self.kind]


def timeline_of(order: Order) -> list[Entry]:
    """What happened to `order`, newest first, in a constant number of statements."""
    story = list(order.brand.order_events.filter(order=order).order_by("-pk")[:MOST])
    entries = [
        *_told(order, story),
        *_untold(order, story),
        *_notes(order),
        *_payment(order),
        *_chargebacks(order),
        *_mails(order),
        *_webhooks(order),
        *_phones(order),
        *_logged(order, story),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def who(kind: str, name: str = "") -> str:
    """An actor in words."""
    label = str(ActorKind(kind).label)
    return f"{label}: {name}" if name else label


def _told(order: Order, story: Iterable[OrderEvent]) -> Iterator[Entry]:
    for event in story:
        kind = event.actor_kind
        is_placed = event.about == About.ORDER and event.version == 1
        if is_placed and kind == ActorKind.SYSTEM:
            kind = ActorKind.MEMBER  # nobody else places orders
        at = order.created_at if is_placed else event.happened_at
        yield Entry(at, event.about, _words(event), who(kind, event.actor_name))


def _words(event: OrderEvent) -> str:
    if event.about == About.TAG:
        added = event.facts.get("added")
        return _("Tag “%s” added") % added if added else _("Tag “%s” removed") % event.facts.get("removed")
    if event.about in PARTS:
        return f"{event.get_about_display()}: {_state(PARTS[event.about], event.facts.get('status', ''))}"
    if event.version == 1:
        return _("Placed")
    return "; ".join(_order_words(event.facts))


def _state(model: Any, value: str) -> str:
    """A state's name as its model has it."""
    return str(dict(model._meta.get_field("status").flatchoices).get(value, value))  # noqa: SLF001 -- Django documents it


def _order_words(facts: dict[str, Any]) -> Iterator[str]:
    if "status" in facts:
        yield _("Status: %s") % OrderStatus(facts["status"]).label
    if "processing_status" in facts:
        yield _("Processing: %s") % ProcessingStatus(facts["processing_status"]).label
    others = [name for name in facts if name not in {"status", "processing_status", "processed_at"}]
    if others:
        fields = {field.name: str(field.verbose_name) for field in Order._meta.fields}  # noqa: SLF001 -- likewise
        yield _("Noted: %s") % ", ".join(fields.get(name, name) for name in others)


def _untold(order: Order, story: list[OrderEvent]) -> Iterator[Entry]:
    """What the rows know of the time before the story began."""
    begins = story[-1].version if story else order.version + 1
    if begins == 1 or len(story) == MOST:
        return
    yield Entry(order.created_at, "order", _("Placed"), who(ActorKind.MEMBER))
    for event in order.brand.events.filter(order_uuid=order.uuid, version__gt=1, version__lt=begins):
        text = _("Status: %s") % OrderStatus(event.order_status).label
        yield Entry(event.occurred_at, "order", text, UNKNOWN)
    told = {(event.about, event.part) for event in story}
    for about, rows in (
        (About.FULFILLMENT, order.fulfillments.all()),
        (About.REFUND, order.refunds.all()),
        (About.RETURN, order.returns.all()),
    ):
        for row in rows:
            if (about, row.pk) not in told:
                text = f"{about.label}: {row.get_status_display()}"
                yield Entry(row.created_at, about.value, text, getattr(row, "by", "") or UNKNOWN)
    yield from _untold_passes(order, told)


def _untold_passes(order: Order, told: set[tuple[str, int | None]]) -> Iterator[Entry]:
    for issued in order.brand.passes.filter(item__order=order).select_related("coupon"):
        if (About.PASS, issued.pk) in told:
            continue
        if issued.redeemed_at:
            yield Entry(issued.redeemed_at, "pass", _("Pass redeemed"), issued.redeemed_by or UNKNOWN, str(issued))
        if issued.blocked_at:
            yield Entry(issued.blocked_at, "pass", _("Pass blocked"), UNKNOWN, issued.blocked_reason)


def _notes(order: Order) -> Iterator[Entry]:
    for note in order.brand.order_notes.filter(order=order).order_by("-pk")[:MOST]:
        yield Entry(note.created_at, "note", _("Note"), who(ActorKind.STAFF, note.by), note.text)


def _payment(order: Order) -> Iterator[Entry]:
    payment = getattr(order, "payment", None)
    if payment is None:
        return
    provider = who(ActorKind.PROVIDER, payment.provider)
    due = _("Payment of %s asked for") % money(payment.amount, payment.currency)
    yield Entry(payment.created_at, "payment", due, who(ActorKind.SYSTEM))
    if payment.status != OrderStatus.OPEN:
        wrong = in_language(payment.last_error)
        yield Entry(
            payment.updated_at, "payment", _("Payment: %s") % state_in_language(payment.status), provider, wrong
        )


def _chargebacks(order: Order) -> Iterator[Entry]:
    for one in order.chargebacks.all()[:MOST]:
        amount = money(one.amount, one.currency)
        provider = who(ActorKind.PROVIDER, order.payment.provider)
        yield Entry(one.charged_at, "payment", _("Charged back: %s") % amount, provider, one.reason)
        if one.reversed_at:
            yield Entry(one.reversed_at, "payment", _("Chargeback of %s reversed") % amount, provider)
        if one.decided_at:
            by = who(ActorKind.STAFF, one.decided_by)
            yield Entry(one.decided_at, "payment", _("Chargeback of %s dealt with") % amount, by)


def _mails(order: Order) -> Iterator[Entry]:
    for mail in order.mails.select_related("issued_pass__coupon").order_by("-pk")[:MOST]:
        by = who(ActorKind.STAFF, mail.asked_by) if mail.asked_by else who(ActorKind.SYSTEM)
        what = str(mail.issued_pass or "")
        yield Entry(mail.created_at, "mail", _mail_words(mail), by, what)
        if mail.sent_at:
            yield Entry(mail.sent_at, "mail", _("Mail accepted by the mail server"), who(ActorKind.SYSTEM), what)
        elif mail.state == MailState.FAILED:
            yield Entry(mail.due_at, "mail", _("Mail given up"), who(ActorKind.SYSTEM), mail.last_error)


def _mail_words(mail: OrderMail) -> str:
    if mail.kind == MailKind.PASS:
        return _("Mail with the link to a pass: to be sent")
    if mail.asked_by:
        return _("Mail of what was bought: to be sent again")
    return _("Mail of what was bought: to be sent")


def _webhooks(order: Order) -> Iterator[Entry]:
    calls = order.brand.calls.filter(delivery__event__brand=order.brand, delivery__event__order_uuid=order.uuid)
    for call in calls.select_related("delivery__event").order_by("-pk")[:MOST]:
        status = OrderStatus(call.delivery.event.order_status).label
        outcome = call.get_outcome_display() + (f" ({call.http_status_code})" if call.http_status_code else "")
        text = _("Webhook “%(status)s”, attempt %(attempt)d: %(outcome)s")
        facts = {"status": status, "attempt": call.attempt, "outcome": outcome}
        by = who(ActorKind.SYSTEM) if call.trigger == Trigger.AUTO else call.get_trigger_display()
        url = reverse("admin:webhooks_call_change", args=[call.pk])
        yield Entry(call.started_at, "webhook", text % facts, by, call.url, url)


def _phones(order: Order) -> Iterator[Entry]:
    """Phones that hold the order or one of its passes, and the pushes to them."""
    passes = order.items.values("issued_pass__uuid")
    subjects = [{"subject": Subject.ORDER, "subject_uuid": order.uuid}]
    packages = list(
        order.brand.packages.filter(**subjects[0])
        | order.brand.packages.filter(subject=Subject.COUPON, subject_uuid__in=passes)
    )
    held = order.brand.registrations.filter(package__in=packages).select_related("device", "package").order_by("-pk")
    registrations = list(held[:MOST])
    tokens: dict[tuple[int, str], datetime] = {}
    for one in registrations:
        name = f"{one.package.get_subject_display()} {one.package.serial}"
        yield Entry(
            one.registered_at, "phone", _("Added to Apple Wallet"), who(ActorKind.DEVICE, str(one.device)), name
        )
        key = (one.device.type_id, one.device.push_token)
        tokens[key] = min(one.registered_at, tokens.get(key, one.registered_at))
    yield from _pushes(order, tokens)


def _pushes(order: Order, tokens: dict[tuple[int, str], datetime]) -> Iterator[Entry]:
    named = {"type__in": {key for key, _token in tokens}, "push_token__in": {token for _key, token in tokens}}
    for push in Push.objects.filter(brand=order.brand, **named).order_by("-pk")[:MOST]:
        since = tokens.get((push.type_id, push.push_token))
        if since and push.created_at >= since:
            text = _("Push to a phone that holds it: %s") % push.get_state_display()
            yield Entry(
                push.done_at or push.created_at, "phone", text, who(ActorKind.SYSTEM), in_language(push.last_reason)
            )


def _logged(order: Order, story: list[OrderEvent]) -> Iterator[Entry]:
    """Staff's doings with its webhooks, and with the order itself before the story began."""
    keys = Delivery.objects.filter(brand=order.brand, order_uuid=order.uuid).values_list("pk", flat=True)
    kinds = ContentType.objects.get_for_models(Order, Delivery)
    about_deliveries = {"content_type": kinds[Delivery], "object_id__in": [str(key) for key in keys[:MOST]]}
    entries = LogEntry.objects.filter(**about_deliveries)
    if not story or story[-1].version > 1:
        entries |= LogEntry.objects.filter(content_type=kinds[Order], object_id=str(order.pk))
    begins = story[-1].happened_at if story else None
    for entry in entries.select_related("user").order_by("-pk")[:MOST]:
        is_of_order = entry.content_type_id == kinds[Order].pk
        if is_of_order and begins and entry.action_time >= begins:
            continue
        text = in_language(entry.get_change_message())
        kind = "log" if is_of_order else "webhook"
        yield Entry(entry.action_time, kind, text, who(ActorKind.STAFF, str(entry.user)))
