"""Texts of the admin's theme, which speaks no Dutch of its own. Named here so that makemessages finds them."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

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
# Django's own words for staff, which in its Dutch address strangers ("u"), with an article that not every noun has.
DJANGO_TEXTS = [
    _("Are you sure?"),
    _("You may edit it again below."),
    _("The {name} “{obj}” was added successfully."),
    _("The {name} “{obj}” was added successfully. You may add another {name} below."),
    _("The {name} “{obj}” was changed successfully."),
    _("The {name} “{obj}” was changed successfully. You may edit it again below."),
    _("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    _("The %(name)s “%(obj)s” was deleted successfully."),
    _("%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?"),  # noqa: RUF001 -- its apostrophe
    _("You don’t have permission to view or edit anything."),  # noqa: RUF001 -- its apostrophe
    _(
        "You are authenticated as %(username)s, but are not authorized to access this page. Would "
        "you like to login to a different account?"
    ),
    _(
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"? All of the '
        "following related items will be deleted:"
    ),
    _(
        "Are you sure you want to delete the selected %(objects_name)s? All of the following objects "
        "and their related items will be deleted:"
    ),
    _("Forgotten your password or username?"),
    _("Your password was changed."),
    _(
        "Please enter your old password, for security’s sake, and then enter your new password twice "  # noqa: RUF001 -- its apostrophe
        "so we can verify you typed it in correctly."
    ),
    _("Your old password was entered incorrectly. Please enter it again."),
    _("Your password can’t be too similar to your other personal information."),  # noqa: RUF001 -- its apostrophe
    _("Your password can’t be a commonly used password."),  # noqa: RUF001 -- its apostrophe
    _("Your password can’t be entirely numeric."),  # noqa: RUF001 -- its apostrophe
    ngettext_lazy(
        "Your password must contain at least %(min_length)d character.",
        "Your password must contain at least %(min_length)d characters.",
        "min_length",
    ),
]
