"""Statements that PostgreSQL plans once for each connection: for those whose planning costs more than their running."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

Row = tuple[Any, ...]


def run(statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[Row]:
    """Run `statement` and return its rows, none if it gives none. Raises Django's database errors."""
    database = connections[DEFAULT_DB_ALIAS]  # once: django.db.connection looks it up at each attribute
    database.close_if_health_check_failed()  # as Django's cursors do: this may be a request's first statement
    database.ensure_connection()
    # Django's own cursors cannot prepare on the server.
    with database.wrap_database_errors, psycopg.Cursor(database.connection) as cursor:
        cursor.execute(statement, parameters, prepare=True)
        return [] if cursor.rownumber is None else cursor.fetchall()  # `description` would be made for each column
