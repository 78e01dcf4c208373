"""The history of what staff change: Django's log of the admin, with what each field was and became."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext as _

LONGEST = 100  # characters of a value
NOTHING = "–"  # noqa: RUF001 -- as everywhere in the admin
SECRET = ("password", "secret", "token", "digest")  # in a field's name


def note(user: Any, row: Model, text: str) -> None:
    """Write into the history of `row` that `user` did something."""
    LogEntry.objects.log_actions(user.pk, [row], CHANGE, text, single_object=True)


def differences(form: forms.BaseForm) -> list[str]:
    """Each field that `form` changed, as “label: from → to”. Never a secret."""
    return [_difference(form, name) for name in form.changed_data]


def _difference(form: forms.BaseForm, name: str) -> str:
    field = form.fields.get(name)
    if field is None:  # the form that sets a password says so without a field
        return name
    label = str(field.label or name)
    is_secret = any(word in name for word in SECRET) or isinstance(field.widget, forms.PasswordInput)
    if is_secret or isinstance(field, forms.FileField):
        return label
    before, after = form.get_initial_for_field(field, name), form.cleaned_data.get(name)
    return f"{label}: {_said(field, before)} → {_said(field, after)}"


def _said(field: forms.Field, value: Any) -> str:
    """A value as the history says it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, forms.ModelChoiceField):
        value = value if isinstance(value, Model) else field.to_python(value)
    elif isinstance(value, date):
        value = formats.localize(timezone.localtime(value) if isinstance(value, datetime) else value)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        value = ", ".join(str(one) for one in value) or NOTHING
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class SaysWhatChanged:
    """An admin whose history tells what each field was and became, in the language of whoever reads it."""

    def in_language(self, text: str) -> str:
        """A text of the history, which is kept as it was written, in the language that is active."""
        return gettext(text)

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> Any:
        """Django's page, with what was done in the reader's language."""
        answer = super().history_view(request, object_id, extra_context)  # type: ignore[misc]
        for entry in getattr(answer, "context_data", {}).get("action_list", ()):
            entry.get_change_message = self._told(entry)
        return answer

    def _told(self, entry: LogEntry) -> str:
        if not entry.change_message.startswith("["):
            return self.in_language(entry.change_message)
        parts = json.loads(entry.change_message)
        for changed in (part["changed"] for part in parts if "fields" in part.get("changed", {})):
            said = (field.partition(": ") for field in changed["fields"])
            changed["fields"] = [f"{self.in_language(label)}{colon}{rest}" for label, colon, rest in said]
        return str(LogEntry(action_flag=entry.action_flag, change_message=json.dumps(parts)).get_change_message())

    def construct_change_message(
        self,
        request: Any,
        form: forms.BaseForm,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 -- Django's signature
    ) -> list[dict[str, Any]]:
        """Django's message, with values beside the fields' names."""
        message: list[dict[str, Any]] = super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]
        for part in message:
            if "changed" in part and "object" not in part["changed"]:
                part["changed"]["fields"] = differences(form)
        return message
