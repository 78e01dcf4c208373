"""What bench/jobs.py starts and compares with. As a program: does the job whose key it reads and tells how it went."""

import contextlib
import csv
import io
import json
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import django
from django.db import connection, transaction

django.setup()

from accounts.models import User  # noqa: E402 -- models need the set-up
from jobs import services  # noqa: E402
from jobs.leases import take  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.running import run  # noqa: E402
from orders import bulk  # noqa: E402
from shops.models import Brand, Role, Staff  # noqa: E402

SLUG = "bench-jobs"
POINTS = 25  # that each row of a file brings

# The columns of jobs/columns.py.
ORDERS = """
COPY (
    SELECT o.number, o.uuid, o.created_at, o.status, o.processing_status, m.email, m.name, o.currency, o.total,
        o.total_order_points_price, o.points_used, o.refunded, o.points_refunded, o.updated_at
    FROM orders_order o JOIN shops_member m ON m.id = o.member_id WHERE o.brand_id = {brand} ORDER BY o.id
) TO STDOUT WITH (FORMAT csv, HEADER)
"""
ADD = """
WITH added AS (
    INSERT INTO shops_member (brand_id, uuid, email, name, points, created_at)
    SELECT {brand}, gen_random_uuid(), email, name, points, now() FROM arrivals RETURNING id, email
)
SELECT count(*) FROM added
"""
OVER = """
UPDATE shops_member SET name = arrivals.name, points = shops_member.points + arrivals.points
FROM arrivals WHERE brand_id = {brand} AND lower(shops_member.email) = lower(arrivals.email)
"""
BOOK = """
INSERT INTO shops_pointsentry (brand_id, member_id, points, balance, reason, reference)
SELECT {brand}, m.id, arrivals.points, m.points, 'earned', 'limit #' || arrivals.reference
FROM arrivals JOIN shops_member m ON m.brand_id = {brand} AND lower(m.email) = lower(arrivals.email)
"""


@dataclass(frozen=True, slots=True)
class Seeded:
    """A brand with many orders, and a manager who starts its jobs."""

    brand: Brand
    user: User

    def start_export(self, file_format: str) -> int:
        """All orders as a file; the job's key."""
        return int(services.start_export(self.brand, self.user, of="orders", query="", file_format=file_format).pk)

    def start_check(self, content: bytes) -> int:
        """A check of a member file; the job's key."""
        return int(services.start_check(self.brand, self.user, io.BytesIO(content), "members.csv").pk)

    def start_import(self, check: int) -> int:
        """The import of a file that was checked; the job's key."""
        return int(services.start_import(Job.objects.get(pk=check), self.user).pk)


def seed(orders: int) -> Seeded:
    """The brand."""
    brand = Brand.objects.create(slug=SLUG, name="Bench")
    bulk.seed_orders(brand, orders, seed=1)
    user = User.objects.create(email="jobs@bench.example", name="Jobs", is_staff=True)
    Staff.objects.create(brand=brand, user=user, role=Role.MANAGER)
    return Seeded(brand, user)


def member_file(count: int, name: str) -> bytes:
    """A CSV of `count` people, always the same, called `name` and a number."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["email", "name", "points", "reference"])
    rows.writerows((f"imported-{i}@seeded.example", f"{name} Member {i}", POINTS, f"file {i}") for i in range(count))
    return file.getvalue().encode()


def copied_out(seeded: Seeded) -> float:
    """Seconds in which PostgreSQL and a client write the same orders to a file: the limit of exports."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as file, connection.cursor() as cursor, cursor.copy(_of(ORDERS, seeded)) as copy:
        for piece in copy:
            file.write(piece)
    return time.monotonic() - started


def add_limit(seeded: Seeded, count: int) -> float:
    """Seconds in which PostgreSQL takes in as many new members with their points, all indexes and checks included."""
    return _undone(seeded, member_file(count, "Limit"), ADD)


def update_limit(seeded: Seeded, count: int) -> float:
    """Likewise for members that are there."""
    return _undone(seeded, member_file(count, "Limit"), OVER)


def _undone(seeded: Seeded, content: bytes, statement: str) -> float:
    """Seconds that it takes to copy a file in and to deal with it in two statements; nothing of it stays."""
    started = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE arrivals (email text, name text, points bigint, reference text)")
        with cursor.copy("COPY arrivals FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
            copy.write(content)
        for each in (statement, BOOK):
            cursor.execute(_of(each, seeded))
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        took = time.monotonic() - started
        transaction.set_rollback(True)
    return took


def _of(statement: str, seeded: Seeded) -> str:
    return statement.format(brand=seeded.brand.pk)


def _memory() -> float:
    """The most that this process ever had in memory, in MB; where it is not Linux, or what its parent had."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Do one job."""
    wanted = int(sys.stdin.readline())
    before, started = _memory(), time.monotonic()
    job = take()
    if job is None or job.pk != wanted:
        raise RuntimeError("the job that waits is another one")
    run(job)
    seconds = time.monotonic() - started
    job.refresh_from_db()
    if job.state != "done" or job.outcome.get("problems"):
        raise RuntimeError(f"the job ended as {job.state}: {job.error} {job.outcome}")
    found = {"seconds": seconds, "rows": job.outcome["rows"], "before_mb": before, "peak_mb": _memory()}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
