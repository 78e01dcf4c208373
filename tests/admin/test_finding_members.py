"""Staff find members and their points by how an address begins and by parts of a name, and PostgreSQL by an index."""

import pytest
from django.db import connection

from buyers.models import ClientRequest, WalletOrder
from passes.models import Pass
from shops.admin_lists import find_members
from shops.models import Member, PointsEntry
from shops.services import earn_points
from tests.admin.helping import member_of, text_of


@pytest.fixture
def members(brand, other):
    """Two of the brand, and one of another brand with an address that begins the same way."""
    member_of(other, "anna@example.org")
    return [member_of(brand, "Anna@Example.com"), member_of(brand, "joanna@example.com")]


@pytest.mark.parametrize("name", ["shops_member", "shops_pointsentry"])
@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("anna@", ["Anna@Example.com"]),
        (" ANNA@example.c ", ["Anna@Example.com"]),
        ("@example.com", []),
        ("ann%@", []),
        ("Anna", ["Anna@Example.com"]),
    ],
)
def test_by_the_beginning_of_an_address(staff, members, name, term, found):
    page = text_of(staff("viewer").get(f"{name}_changelist", q=term))
    addresses = [
        address for address in ("Anna@Example.com", "joanna@example.com", "anna@example.org") if address in page
    ]
    wanted = [*found, "joanna@example.com"] if name == "shops_member" and term == "Anna" else found  # by her name
    assert addresses == wanted


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("vries", ["Wei de Vries", "Devries Li"]),
        ("VRIES wei", ["Wei de Vries"]),
        ("de vri", ["Wei de Vries", "Devries Li"]),
        ("li", ["Devries Li"]),
        ("e", []),
        ("d w", ["Wei de Vries"]),
        ("100%", []),
        ("  ", ["Wei de Vries", "Devries Li"]),
    ],
)
def test_by_parts_of_a_name(brand, term, found):
    for name in ("Wei de Vries", "Devries Li"):
        brand.members.create(email=f"{name.split()[0]}@example.com", name=name)
    members = find_members(Member.objects.filter(brand=brand), term).order_by("pk")
    assert list(members.values_list("name", flat=True)) == found


def test_points_by_the_beginning_of_a_reference(brand, staff):
    earn_points(member_of(brand, "birthday@example.com"), 10, reference="birthday 2026")
    earn_points(member_of(brand, "anna@example.com"), 10, reference="my birthday")
    page = text_of(staff("viewer").get("shops_pointsentry_changelist", q="birthday"))
    assert "birthday 2026" in page
    assert "my birthday" not in page


def plan_of(rows):
    """How PostgreSQL finds `rows` if it has to go along an index.

    It plans as for a table whose rows nobody counted yet: those of earlier tests must not decide between two indexes.
    """
    table = [rows.model._meta.db_table]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_statistic WHERE starelid = %s::regclass", table)
        cursor.execute(
            "UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = %s::regclass"
            " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = %s::regclass)",
            table * 2,
        )
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {rows.query.sql_with_params()[0]}", rows.query.sql_with_params()[1])
        return "\n".join(line for (line,) in cursor.fetchall())


def drop_others(model, index):
    """Until the test ends: which of two indexes of a table without rows is the better is chance."""
    with connection.cursor() as cursor:
        for name, facts in connection.introspection.get_constraints(cursor, model._meta.db_table).items():
            if facts["index"] and not facts["unique"] and not name.startswith(index):
                cursor.execute(f'DROP INDEX "{name}"')


@pytest.mark.parametrize(
    ("model", "condition", "index"),
    [
        (Member, {"email__lower__startswith": "anna@"}, "member_by_email_start"),
        (Member, {"name__icontains": "vries"}, "member_by_part_of_name"),
        (PointsEntry, {"reference__startswith": "order 1"}, "points_entry_by_reference"),
        (PointsEntry, {"reason": "correction"}, "points_entry_of_rare_reason"),
        (Pass, {"member": 1, "status": "active"}, "pass_of_member"),
        (ClientRequest, {"request_id__exact": "abc"}, "client_request_by_id"),
        (ClientRequest, {"status": "422"}, "client_request_refused"),
        (WalletOrder, {"external_id__exact": "abc"}, "wallet_order_by_external_id"),
    ],
)
def test_along_an_index(db, model, condition, index):
    drop_others(model, index)
    assert f" {index}" in plan_of(model.objects.filter(**condition).order_by())


def test_a_name_and_an_address_at_once_go_along_both_indexes(db):
    plan = plan_of(find_members(Member.objects.all(), "vries").order_by())
    assert "BitmapOr" in plan
    assert "member_by_part_of_name" in plan
    assert "member_by_email_start" in plan
