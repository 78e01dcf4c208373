"""Staff find members and their points by how an e-mail address begins, and PostgreSQL by an index."""

import pytest
from django.db import connection

from shops.models import Member
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


def test_along_an_index(db):
    rows = Member.objects.filter(email__lower__startswith="anna@").order_by()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {rows.query.sql_with_params()[0]}", rows.query.sql_with_params()[1])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: ((lower((email)::text) ~>=~ 'anna@'::text)" in plan
