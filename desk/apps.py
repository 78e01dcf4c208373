"""Where staff see what there is to do."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    """The app."""

    name = "desk"
    verbose_name = _("Desk")
