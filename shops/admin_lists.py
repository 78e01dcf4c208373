"""How staff find members and lines of the ledger: by what an index can find."""

from typing import Any

from django.db.models import Q, QuerySet

from shops.models import Member, PointsEntry

TRIGRAM = 3  # letters: of fewer, the index knows only how words begin


def find_members(members: QuerySet[Member], term: str) -> QuerySet[Member]:
    """Those of `members` whose address begins with `term`, or in whose name all its words stand, also as parts.

    A term with an @ is an address. If no word of it has three letters, they must begin words of the name.
    """
    words = term.split()
    if not words:
        return members
    address = Q(email__lower__startswith=term.strip().lower())
    if "@" in term:
        return members.filter(address)
    named = Q(*[(("name__icontains", word)) for word in words])
    if max(map(len, words)) < TRIGRAM:
        named = Q(*[Q(name__istartswith=word) | Q(name__icontains=f" {word}") for word in words])
    return members.filter(address | named)


def find_entries(entries: QuerySet[PointsEntry], term: str) -> QuerySet[PointsEntry]:
    """Those of `entries` whose reference begins with `term`; if there are none, whose member's address does.

    One after the other: no index leads to both.
    """
    term = term.strip()
    if not term:
        return entries
    booked: Any = entries.filter(reference__startswith=term) if "@" not in term else entries.none()
    return booked if booked.exists() else entries.filter(member__email__lower__startswith=term.lower())
