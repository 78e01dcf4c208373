"""Many members at once: those that are new are added, those that are there get their name and points.

A batch takes six statements, however many they are. The ledger's rule holds: every balance is the sum of its entries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext_noop

from shops.models import Brand, Member, PointsEntry, PointsReason
from shops.signals import points_changed

MOST_POINTS = 1_000_000_000  # that one row may add
LONGEST_REFERENCE = 30  # with the slip it makes a ledger's reference
IMPORT = gettext_noop("import")  # the reference of a row that names none
LOCK = 7_061_963  # of pg_advisory_xact_lock, with the brand

SETTLE = """
UPDATE shops_member SET name = new.name, points = new.points
FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS new (id, name, points) WHERE shops_member.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who becomes a member, or is one."""

    row: int  # in the file
    email: str
    name: str = ""
    points: int = 0
    reference: str = ""

    def ledger_reference(self, slip: str) -> str:
        """What the ledger says the points belong to: once per file and row."""
        return f"{self.reference or IMPORT} #{slip}:{self.row}"


def alone(brand: Brand) -> None:
    """Let nobody else add many members to `brand` until the transaction ends: two at once would wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, brand.pk % 2**31])


def known(brand: Brand, arrivals: Sequence[Arrival]) -> dict[str, Member]:
    """Those of the brand's members who are among `arrivals`, by their address in lower case."""
    emails = [one.email.lower() for one in arrivals]
    return {member.email.lower(): member for member in brand.members.filter(email__lower__in=emails)}


@transaction.atomic
def add_or_update(brand: Brand, arrivals: Sequence[Arrival], *, slip: str) -> int:
    """Add who is new; give names and points. Returns how many are new. An empty name leaves the name as it is.

    No address may stand there twice. Raises django.db.IntegrityError if `slip` was booked for a row before.
    """
    before = known(brand, arrivals)
    new = [Member(brand=brand, email=one.email, name=one.name) for one in arrivals if one.email.lower() not in before]
    brand.members.bulk_create(new, ignore_conflicts=True)  # somebody may have signed up this moment
    emails = [one.email.lower() for one in arrivals]
    locked = brand.members.select_for_update(of=["self"]).filter(email__lower__in=emails).order_by("pk")
    members = {member.email.lower(): member for member in locked}
    entries = []
    for one in arrivals:
        member = members[one.email.lower()]
        member.name = one.name or member.name
        if one.points:
            member.points += one.points
            entries.append(_entry(member, one, slip))
    _settle(members.values())
    brand.points_entries.bulk_create(entries)
    moved = [entry.member for entry in entries if entry.member.email.lower() in before]
    points_changed.send(Member, members=moved)  # nobody else can have a card yet
    return len(new)


def _settle(members: Iterable[Member]) -> None:
    rows = [(member.pk, member.name, member.points) for member in members]
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [list(column) for column in zip(*rows, strict=True)])


def _entry(member: Member, one: Arrival, slip: str) -> PointsEntry:
    return PointsEntry(
        brand=member.brand,
        member=member,
        points=one.points,
        balance=member.points,
        reason=PointsReason.EARNED,
        reference=one.ledger_reference(slip),
    )
