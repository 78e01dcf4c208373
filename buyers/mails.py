"""Mails to buyers: written down in the transaction of what they tell of, sent by buyers/mailing.py."""

from typing import Any

from django.utils.translation import get_language

from accounts.models import User
from buyers import mailing, tasks
from buyers.models import BuyerMail, Connection
from buyers.visitors import find_buyer

Kind = BuyerMail.Kind


def sign_in_link(email: str, after: str) -> bool:
    """Mail a link that signs in, or that makes an account, and leads on to the page `after`; not in a transaction.

    Somebody waits for it, so it is sent here and now, without broker or worker. False if the mail server does not take
    it: then it goes out as soon as the server does, for as long as somebody may wait.
    """
    buyer = find_buyer(email)
    row = _write(buyer, Kind.SIGN_IN, buyer.email if buyer else email, after=after)
    return mailing.send_now(row)


def connected(connection: Connection, device: str) -> None:
    """An app was allowed something, with the browser `device`."""
    _tell(connection.buyer, Kind.CONNECTED, **_of(connection), device=device)


def disconnected(connection: Connection, device: str) -> None:
    """An app was disconnected, with the browser `device`."""
    _tell(connection.buyer, Kind.DISCONNECTED, **_of(connection), device=device)


def password_set(buyer: User, device: str) -> None:
    """A password was chosen, the first one or another."""
    _tell(buyer, Kind.PASSWORD_SET, device=device)


def password_removed(buyer: User, device: str) -> None:
    """There is no password any more."""
    _tell(buyer, Kind.PASSWORD_REMOVED, device=device)


def closed(email: str) -> None:
    """The wallet is closed. Nobody's mail: the address goes with it once it was sent."""
    _write(None, Kind.CLOSED, email)
    tasks.hint()


def _of(connection: Connection) -> dict[str, str]:
    return {"app": connection.client.name, "channel": connection.channel}


def _tell(buyer: User, kind: BuyerMail.Kind, **facts: str) -> None:
    _write(buyer, kind, buyer.email, **facts)
    tasks.hint()


def _write(buyer: User | None, kind: BuyerMail.Kind, email: str, **facts: Any) -> BuyerMail:
    language = (get_language() or "en")[:5]
    return BuyerMail.objects.create(buyer=buyer, kind=kind, email=email, language=language, facts=facts)
