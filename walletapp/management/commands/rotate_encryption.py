"""manage.py rotate_encryption: write every secret anew under the newest of ENCRYPTION_KEYS."""

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management import BaseCommand, CommandError

from accounts.encryption import rotate
from accounts.kept_secrets import encrypted_columns

BATCH = 500  # rows that are read at once


class Command(BaseCommand):
    """After it the older keys can be taken out of the settings. May be run again at any time, while all else runs."""

    help = "Encrypt all secrets at rest with the newest of ENCRYPTION_KEYS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Go through the tables row by row. Raises CommandError with what no key of the settings opens."""
        unread: list[str] = []
        for model, columns in encrypted_columns().items():
            count = 0
            for pk, secrets in _rows(model, columns):
                try:
                    _rotate(model, pk, secrets)
                    count += 1
                except InvalidToken:
                    unread.append(f"{model.__name__} {pk}")
            self.stdout.write(f"{model.__name__}: {count} rows are encrypted with the newest key.")
        if unread:
            raise CommandError(f"No key of ENCRYPTION_KEYS opens {len(unread)} rows: {', '.join(unread[:20])}")


def _rows(model: Any, columns: list[str]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """All rows that hold secrets, by key, read in batches."""
    last = 0
    while batch := list(model.objects.filter(pk__gt=last).order_by("pk").values_list("pk", *columns)[:BATCH]):
        for pk, *secrets in batch:
            last = pk
            if any(secret is not None for secret in secrets):
                yield pk, dict(zip(columns, secrets, strict=True))


def _rotate(model: Any, pk: Any, secrets: dict[str, Any] | None) -> None:
    """Write a row's secrets anew; again, if somebody changed them meanwhile.

    One row at a time, so that it waits for nobody while it holds a lock. Raises InvalidToken.
    """
    row = model.objects.filter(pk=pk)
    while secrets is not None:
        anew = {name: None if secret is None else rotate(bytes(secret)) for name, secret in secrets.items()}
        if row.filter(**secrets).update(**anew):
            return
        secrets = row.values(*secrets).first()
