"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    """Orders."""

    name = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        """Follow what happens to passes."""
        from orders import receivers  # noqa: F401, PLC0415 -- connects them; models are ready only now
