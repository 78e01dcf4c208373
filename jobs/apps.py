"""Work that staff start and that takes a while."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    """The app."""

    name = "jobs"
    verbose_name = _("Jobs")
