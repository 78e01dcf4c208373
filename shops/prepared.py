"""Statements that PostgreSQL plans once for each connection: for those whose planning costs more than their running."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

Row = tuple[Any, ...]


def run(statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[Row]:
    """Run `statement` and return its rows, none if it gives none. Raises Django's database errors."""
    connection.ensure_connection()
    # Django's own cursors cannot prepare on the server.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return [] if cursor.rownumber is None else cursor.fetchall()  # `description` would be made for each column
