"""Payment sessions: for an hour the platform's own checkout may charge a card for orders that were confirmed (§C.7)."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from buyers.models import Card, Connection, PaymentSession

LIFE = timedelta(minutes=60)
KEPT = timedelta(days=30)  # after their end, for questions
PREFIX = "west-"


class SessionRefused(Exception):
    """A session that does not let this order be charged. Says why; nothing was changed."""


def open_session(connection: Connection, card: Card, order_ids: list[str]) -> str:
    """Let these orders be charged to this card, each once. Returns the id, which is kept by nobody here."""
    session_id = PREFIX + secrets.token_hex(16)
    connection.payment_sessions.create(
        digest=digest(session_id),
        card=card,
        order_ids=order_ids,
        expires_at=timezone.now() + LIFE,
    )
    return session_id


def redeem_session(session_id: str, order_id: str) -> PaymentSession:
    """Use a session for one of its orders: its `card` is to be charged now, and never again by this session.

    For the platform's checkout; whatever a test card does, buyers.cards.behaviour_of tells. Raises SessionRefused.
    """
    with transaction.atomic():
        rows = PaymentSession.objects.select_for_update(of=("self",))
        rows = rows.select_related("card", "connection__client", "connection__buyer")
        session = rows.filter(digest=digest(session_id)).first()
        if session is None:
            raise SessionRefused(_("There is no such payment session."))
        if fault := _fault(session, order_id):
            raise SessionRefused(fault)
        session.redeemed.append(order_id)
        session.save(update_fields=["redeemed"])
    return session


def forget_sessions() -> int:
    """Delete sessions that ended long ago; returns how many."""
    return PaymentSession.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()[0]


def digest(session_id: str) -> str:
    """What is stored of a session's id: SHA-256 in hex."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def _fault(session: PaymentSession, order_id: str) -> str:
    """Why an order cannot be charged, or nothing."""
    connection = session.connection
    if session.expires_at <= timezone.now():
        return _("The payment session has expired.")
    if order_id not in session.order_ids:
        return _("The payment session is not for this order.")
    if order_id in session.redeemed:
        return _("The payment session was used for this order already.")
    if connection.revoked_at is not None:
        return _("The buyer has disconnected the client.")
    if not (connection.client.is_active and connection.buyer.is_active):
        return _("The client or the buyer is not active any more.")
    return ""
