"""The buyer's own wallet, and partners' way to it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BuyersConfig(AppConfig):
    """The app."""

    name = "buyers"
    verbose_name = _("Buyer wallet")

    def ready(self) -> None:
        """Stop at once if the vault's setting makes no sense."""
        from buyers.vaults import live_vault  # noqa: PLC0415 -- models are there only now

        live_vault()
