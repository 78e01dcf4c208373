"""What Django's constraints cannot say: composite foreign keys and append-only tables, as reversible SQL."""

from django.db.migrations import RunSQL


def same_brand(table: str, column: str, target: str) -> RunSQL:
    """Make the database refuse a row whose `column` points at another brand's row of `target`.

    `(brand_id, column) -> target (brand_id, id)`, checked at commit like Django's own foreign keys. The target needs a
    unique constraint over (brand_id, id).
    """
    name = f"{table}_{column}_same_brand"
    return RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (brand_id, {column})"
        f" REFERENCES {target} (brand_id, id) DEFERRABLE INITIALLY DEFERRED",
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
