"""App configuration."""

from django.apps import AppConfig
from django.db.models import CharField
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "accounts"
    verbose_name = _("Accounts")

    def ready(self) -> None:
        """Offer `email__lower=`, which uses the indexes on lower(email) where `iexact` would use UPPER()."""
        CharField.register_lookup(Lower)
