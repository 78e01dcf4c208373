"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PassesConfig(AppConfig):
    """Passes."""

    name = "passes"
    verbose_name = _("Passes")
