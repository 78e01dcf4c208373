#!/usr/bin/env python3
"""One command starts everything, one runs the tests. Needs nothing but Python 3.11 or newer.

    python3 dev.py demo [--port 8000] [--fresh]   the shop, the admin, the API and a worker, with demo data
    python3 dev.py demo --check                   start it all on the side, walk through it, say what was seen
    python3 dev.py test [pytest arguments]        linters, types and tests on a real PostgreSQL and a real Redis
    python3 dev.py faults                         kill, stop and break everything on purpose: docs/reliability.md
    python3 dev.py pictures                       take the documents' pictures anew, of a fresh demo
    python3 dev.py bench [NAME [arguments]]       list the measurements, or run one
    python3 dev.py manage ARGUMENTS               manage.py with the demo's servers

Everything lands in .venv/ and .local/. DATABASE_URL and REDIS_URL name servers of your own; PG_BIN (a folder with
initdb and postgres) and REDIS_SERVER (a program) name other binaries for the servers that are started here.
"""

import platform
import sys

if sys.version_info < (3, 11):  # noqa: UP036  an older Python gets this far, and should be told
    sys.exit(f"dev.py needs Python 3.11 or newer, and this is Python {platform.python_version()} ({sys.executable}).")
if sys.platform == "win32":
    sys.exit("dev.py runs on Linux and macOS. On Windows, run it inside WSL.")

from devtools import bench, checks, demo, faults, manage, pictures
from devtools.processes import Failed, stop_on_signals

COMMANDS = {
    "demo": demo.main,
    "test": checks.main,
    "faults": faults.main,
    "pictures": pictures.main,
    "bench": bench.main,
    "manage": manage.main,
}


def main(arguments: list[str]) -> int:
    """Hand the rest of the command line to the command named first."""
    name, *rest = arguments or ["--help"]
    if name in {"-h", "--help", "help"}:
        print(__doc__)
        return 0
    if name not in COMMANDS:
        print(f"There is no command {name!r}.\n\n{__doc__}", file=sys.stderr)
        return 2
    stop_on_signals()
    try:
        return COMMANDS[name](rest)
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
