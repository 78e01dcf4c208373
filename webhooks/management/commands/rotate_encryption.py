"""manage.py rotate_encryption: write every secret anew under the newest of ENCRYPTION_KEYS."""

from typing import Any

from django.core.management import BaseCommand
from django.db import transaction

from shops.encryption import rotate
from webhooks.models import Endpoint


class Command(BaseCommand):
    """After it the older keys can be taken out of the settings. May be run again at any time."""

    help = "Encrypt all secrets at rest with the newest of ENCRYPTION_KEYS."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Go through the endpoints one by one, each in its own transaction."""
        count = 0
        for pk in Endpoint.objects.values_list("pk", flat=True):
            with transaction.atomic():
                endpoint = Endpoint.objects.select_for_update().get(pk=pk)
                endpoint.encrypted_key = rotate(bytes(endpoint.encrypted_key))
                if endpoint.previous_key is not None:
                    endpoint.previous_key = rotate(bytes(endpoint.previous_key))
                endpoint.save(update_fields=["encrypted_key", "previous_key"])
            count += 1
        self.stdout.write(f"{count} endpoints' keys are encrypted with the newest key.")
