"""Verbs on members' points and on API tokens."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from shops.errors import NotEnoughPoints
from shops.models import ApiToken, Brand, Member, PointsEntry, PointsReason
from shops.signals import points_changed
from shops.tokens import digest, new_secret


def issue_token(
    brand: Brand, *, name: str, abilities: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a bearer token for `brand`. Returns the row and the text, which nobody can read again."""
    secret = new_secret()
    token = brand.apitokens.create(
        name=name, digest=digest(secret), hint=secret[-4:], abilities=sorted(set(abilities)), expires_at=expires_at
    )
    return token, f"{token.pk}|{secret}"


def find_or_add_member(brand: Brand, email: str, name: str = "") -> Member:
    """The brand's member with this e-mail address in any case, made if there is none. Two at once make one."""
    try:
        return brand.members.get(email__lower=email.lower())
    except Member.DoesNotExist:
        pass
    try:
        with transaction.atomic():
            return brand.members.create(email=email, name=name)
    except IntegrityError:
        return brand.members.get(email__lower=email.lower())


def lock_member(member: Member) -> Member:
    """The member as it is now, with nobody else changing its points until the transaction ends."""
    return member.brand.members.select_for_update(of=["self"]).select_related("brand").get(pk=member.pk)


@transaction.atomic
def book_points(member: Member, points: int, reason: PointsReason, *, reference: str) -> PointsEntry:
    """Write one line of the ledger and move the balance with it.

    `points` is negative when they are spent. Raises NotEnoughPoints if the balance would fall below zero, and
    django.db.IntegrityError if `reference` was booked for this reason before.
    """
    member = lock_member(member)
    if member.points + points < 0:
        raise NotEnoughPoints(-points, member.points)
    member.points += points
    member.save(update_fields=["points"])
    entry = member.points_entries.create(
        brand=member.brand, points=points, balance=member.points, reason=reason, reference=reference
    )
    points_changed.send(Member, members=[member])
    return entry


def earn_points(member: Member, points: int, *, reference: str) -> PointsEntry:
    """Credit points that the member earned."""
    return book_points(member, points, PointsReason.EARNED, reference=reference)


def spend_points(member: Member, points: int, *, reference: str) -> PointsEntry:
    """Debit points for `reference`. Raises NotEnoughPoints."""
    return book_points(member, -points, PointsReason.SPENT, reference=reference)


def give_back_points(member: Member, points: int, *, reference: str) -> PointsEntry:
    """Credit points that were spent for `reference`."""
    return book_points(member, points, PointsReason.GIVEN_BACK, reference=reference)


@transaction.atomic
def take_back_points(member: Member, points: int, *, reference: str) -> int:
    """Debit points that were earned, as far as the member still has them; returns how many that were."""
    member = lock_member(member)
    taken = min(points, member.points)
    if taken:
        book_points(member, -taken, PointsReason.TAKEN_BACK, reference=reference)
    return taken
