"""The first field with a fault has the focus when a form comes back, also without JavaScript.

Programs that read pages out say its label then, and its message, which Django ties to it (`aria-describedby`).
"""

from typing import Any

from django.forms import BoundField, Widget


class FaultFirst(BoundField):
    """For `bound_field_class` of a form; one such form on a page, as a page has one focus (HTML, autofocus)."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        """Mark it, if it is the one."""
        found: dict[str, Any] = super().build_widget_attrs(attrs, widget)
        faulty = (name for name in self.form.fields if name in self.form.errors)
        if self.errors and self.name == next(faulty, None):
            found["autofocus"] = True
        return found
