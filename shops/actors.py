"""Who acts now: whose doing the changes of this request or task are. Said at the doors, read where history is written.

`act` holds until the request ends; `acting_as` for a block, such as what a payment provider's answer leads to. Nobody
said anything: then it is the system's own doing, such as the clock's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LONGEST_NAME = 200


class ActorKind(models.TextChoices):
    """What somebody is to a brand."""

    STAFF = "staff", pgettext_lazy("one of them", "Staff")
    TOKEN = "token", _("API token")
    MEMBER = "member", _("Member")
    PROVIDER = "provider", _("Payment provider")
    DEVICE = "device", _("Device")
    SYSTEM = "system", _("System")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something. `name`: an e-mail address of staff, a token's name, a provider's; never a member's."""

    kind: ActorKind
    name: str = ""


SYSTEM = Actor(ActorKind.SYSTEM)
_acting: ContextVar[Actor] = ContextVar("acting", default=SYSTEM)


def acting() -> Actor:
    """Who acts now."""
    return _acting.get()


def act(kind: ActorKind, name: str = "") -> None:
    """From now on, until the request ends, what happens is this one's doing."""
    _acting.set(Actor(kind, name[:LONGEST_NAME]))


@contextmanager
def acting_as(kind: ActorKind, name: str = "") -> Iterator[None]:
    """What happens in this block is this one's doing."""
    token = _acting.set(Actor(kind, name[:LONGEST_NAME]))
    try:
        yield
    finally:
        _acting.reset(token)


def forget(**_more: Any) -> None:
    """Nobody acts any more. A thread serves one request after another."""
    _acting.set(SYSTEM)


request_started.connect(forget, dispatch_uid="shops.actors")
request_finished.connect(forget, dispatch_uid="shops.actors")
