"""Staff's jobs: exports of 1,000,000 orders, imports of 100,000 members, beside PostgreSQL's own COPY of those rows."""

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if Path(folder).resolve() != HERE)]

from bench.support.jobs import Seeded, add_limit, copied_out, member_file, seed, update_limit  # noqa: E402
from bench.support.machine import asked, database, running  # noqa: E402 -- "jobs" is the app's name, and not this file's
from bench.support.program import run  # noqa: E402

ORDERS, MEMBERS = 1_000_000, 100_000  # a sheet of a workbook has room for 1,048,576 rows, a member file for 100,000
Figures = dict[str, Any]


def done(job: int) -> Figures:
    """Have a process of its own do `job`: seconds, the outcome's rows, and the process's memory before and at most."""
    with running(["-m", "bench.support.jobs"], set(), LOG_LEVEL="WARNING") as worker:
        return asked(worker, str(job))


def export(seeded: Seeded, file_format: str, limit: float) -> Figures:
    """The list of all orders as a file."""
    found = done(seeded.start_export(file_format))
    return {
        f"export_{file_format}_s": round(found["seconds"], 1),
        f"export_{file_format}_rows_per_s": round(found["rows"] / found["seconds"]),
        f"export_{file_format}_to_copy": round(limit / found["seconds"], 3),
        f"export_{file_format}_peak_mb": round(found["peak_mb"]),
        f"export_{file_format}_grew_mb": round(found["peak_mb"] - found["before_mb"]),
    }


def take_in(seeded: Seeded, name: str, content: bytes, limit: float) -> Figures:
    """A member file, checked and taken in."""
    check = seeded.start_check(content)
    checked = done(check)
    found = done(seeded.start_import(check))
    return {
        f"check_{name}_s": round(checked["seconds"], 1),
        f"import_{name}_s": round(found["seconds"], 1),
        f"import_{name}_rows_per_s": round(found["rows"] / found["seconds"]),
        f"import_{name}_to_copy": round(limit / found["seconds"], 3),
        f"import_{name}_peak_mb": round(max(found["peak_mb"], checked["peak_mb"])),
    }


def measure(*, quick: bool) -> Figures:
    """Everything, in one run."""
    orders, members = (ORDERS // 20, MEMBERS // 20) if quick else (ORDERS, MEMBERS)
    seeded = seed(orders)
    with database() as connection:
        connection.execute("VACUUM (ANALYZE)")
    copy_out = copied_out(seeded)
    figures = export(seeded, "csv", copy_out) | export(seeded, "xlsx", copy_out)
    new, known = member_file(members, "New"), member_file(members, "Known")
    copy_in = add_limit(seeded, members)
    figures |= take_in(seeded, "new", new, copy_in)
    copy_over = update_limit(seeded, members)
    figures |= take_in(seeded, "known", known, copy_over)
    limits = {"copy_out_s": copy_out, "copy_in_s": copy_in, "copy_over_s": copy_over}
    figures |= {name: round(seconds, 2) for name, seconds in limits.items()}
    return figures | {"orders": orders, "members": members}


if __name__ == "__main__":
    run(__doc__, measure, quick="a twentieth of the rows")
