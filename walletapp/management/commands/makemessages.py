"""Collect the texts to translate: `manage.py makemessages -l nl`, then `compilemessages -l nl`."""

from typing import Any

from django.core.management.commands import makemessages

NOT_SHOWN = ["tests", "bench", "demo", "devtools", "docs", "media"]  # folders without texts for people in a browser


class Command(makemessages.Command):
    """Django's own, with one text a line and without guesses: a text that changed waits for its translation anew."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect them."""
        ours = {"no_wrap": True, "add_location": "file", "no_obsolete": True}
        ours["ignore_patterns"] = [*options["ignore_patterns"], *NOT_SHOWN]
        super().handle(*args, **{**options, **ours})
