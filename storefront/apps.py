"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StorefrontConfig(AppConfig):
    """Storefront."""

    name = "storefront"
    verbose_name = _("Storefront")
