"""The buyer's own wallet, and partners' way to it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BuyersConfig(AppConfig):
    """The app."""

    name = "buyers"
    verbose_name = _("Buyer wallet")
