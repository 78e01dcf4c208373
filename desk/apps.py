"""Where staff see what there is to do."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """The app."""

    name = "desk"
    verbose_name = _("Desk")

    def ready(self) -> None:
        """Follow what happens to orders."""
        from desk import receivers  # noqa: F401, PLC0415 -- connects them; models are ready only now
