"""What Django's constraints cannot say: composite foreign keys and append-only tables, as reversible SQL."""

from django.db.migrations import RunSQL


def same_brand(table: str, column: str, target: str) -> RunSQL:
    """Make the database refuse a row whose `column` points at another brand's row of `target`."""
    return same_owner(table, column, target, "brand")


def same_owner(table: str, column: str, target: str, owner: str) -> RunSQL:
    """Make the database refuse a row whose `column` points at a row of `target` that another `owner` has.

    `(owner_id, column) -> target (owner_id, id)`, checked at commit like Django's own foreign keys. The target needs a
    unique constraint over (owner_id, id).
    """
    name = f"{table}_{column}_same_{owner}"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({owner}_id, {column})"
        f" REFERENCES {target} ({owner}_id, id) DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def follows(table: str, column: str, target: str, flag: str) -> RunSQL:
    """Make the database keep `flag` of a row as it is in the row of `target` that its `column` names.

    So a partial unique index can hold what depends on another table. `(column, flag) -> target (id, flag)`, updated by
    the database itself. The target needs a unique constraint over (id, flag).
    """
    name = f"{table}_{flag}_follows"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, {flag})"
        f" REFERENCES {target} (id, {flag}) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def refuse(table: str, action: str, reason: str) -> RunSQL:
    """Make the database refuse `action` (DELETE, UPDATE, UPDATE OF column …) on rows of `table`."""
    name = f"{table}_refuse_{''.join(c if c.isalnum() else '_' for c in action.lower())}"
    return RunSQL(
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE EXCEPTION '{reason}' USING ERRCODE = 'restrict_violation'; END$$;
        CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
        """,
        f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();",
    )
