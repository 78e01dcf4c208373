"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PassesConfig(AppConfig):
    """Passes."""

    name = "passes"
    verbose_name = _("Passes")

    def ready(self) -> None:
        """Follow what happens in shops and on phones."""
        from passes import phones  # noqa: F401, PLC0415 -- connects its receivers; models are ready only now
