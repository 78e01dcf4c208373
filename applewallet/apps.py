"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AppleWalletConfig(AppConfig):
    """Apple Wallet."""

    name = "applewallet"
    verbose_name = _("Apple Wallet")

    def ready(self) -> None:
        """Follow what changes a brand's look."""
        from applewallet import rendering  # noqa: F401, PLC0415 -- connects its receivers; models are ready only now
