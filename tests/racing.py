"""Two at once: real threads, real transactions, real PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, transaction

from shops.errors import ShopError


def at_once(*verbs):
    """Run each verb in a thread of its own, all let go together; gives results or errors in order."""
    start = threading.Barrier(len(verbs))

    def run(verb):
        try:
            start.wait()
            return verb()
        except ShopError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run, verbs))


def in_turn(first, second):
    """Run `first`, and commit only when `second`, in a thread of its own, waits for it; what that returns or raises."""

    def run():
        try:
            return second()
        except ShopError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            future = pool.submit(run)
            while not _is_waited_for() and not future.done():
                threading.Event().wait(0.01)
            assert not future.done()
        return future.result()


def _is_waited_for():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.fetchone()[0] > 0
