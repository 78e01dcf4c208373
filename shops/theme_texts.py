"""Texts of the admin's theme, which speaks no Dutch of its own. Named here so that makemessages finds them."""

from django.utils.translation import gettext_noop as _

RAW_PASSWORDS = _(
    "Raw passwords are not stored, so there is no way to see this user’s password, but you can change the password"  # noqa: RUF001 -- its apostrophe
    ' using <a href="{}" class="text-primary-600 dark:text-primary-500">this form</a>.'
)
THEME_TEXTS = [
    RAW_PASSWORDS,
    _("%(class_name)s %(instance)s"),
    _("Add new item"),
    _("After you've created a user, you’ll be able to edit more user options."),  # noqa: RUF001 -- its apostrophe
    _("All applications"),
    _("Apply Filters"),
    _("Choose file to upload"),
    _("Click to cancel"),
    _("Click to download"),
    _("Dark"),
    _("Date"),
    _("Date from"),
    _("Date to"),
    _("Expand row"),
    _("False"),
    _("From"),
    _("Filter navigation items"),
    _("General"),
    _("Go back"),
    _("Image preview"),
    _("Light"),
    _("Loading more results..."),
    _("More actions"),
    _("No data"),
    _("No recent searches"),
    _("No results matching your query"),
    _("Not enough data."),
    _("Recent searches"),
    _("Record picture"),
    _("Return to site"),
    _("Run"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("This item will be deleted."),
    _("Toggle password visibility"),
    _("True"),
    _("Type to search"),
    _("Welcome back to"),
]
