"""Statements that are planned once, on a connection that may have gone meanwhile."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection, connections

from shops.prepared import run


def terminate(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.fixture
def other_thread(db):
    with ThreadPoolExecutor(1) as thread:
        yield lambda task: thread.submit(task).result()
        thread.submit(connections.close_all).result()


def test_the_first_statement_of_a_request_notices_that_the_server_was_restarted(other_thread):
    [(pid,)] = other_thread(lambda: run("SELECT pg_backend_pid()", ()))
    terminate(pid)
    other_thread(close_old_connections)  # what Django does when a request begins
    [(new,)] = other_thread(lambda: run("SELECT pg_backend_pid()", ()))
    assert new != pid
