"""What a form would make, shown beside it while somebody types.

The form goes to its own page with `_preview` in it, so that whoever may not save may not ask either, and is read like
any other; but it never counts as valid, so nothing is saved. Of `part` the answer is the preview alone, for
static/desk/preview.js; anything else is answered with the whole page as it was filled in, for browsers without
JavaScript.
"""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applewallet.chosen import MOST_BYTES
from applewallet.faces import Face
from shops.models import Brand
from shops.speaking import speaking


class Restored:
    """In front of a form: what it refuses does not stay on its row, which the page goes on to show."""

    def _post_clean(self: Any) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name in self._errors:
            if name in self.fields:
                column = self.instance._meta.get_field(name)  # noqa: SLF001 -- as Django documents it
                setattr(self.instance, column.attname, self.initial.get(name))


class NotKept:
    """In front of a form: it is read, and never counts as valid."""

    def is_valid(self) -> bool:
        """Never."""
        super().is_valid()  # type: ignore[misc]
        return False


@dataclass(slots=True)
class Preview:
    """What stands beside a form."""

    brand: Brand | None  # None while nobody has chosen one
    language: str
    form_id: str
    may_type: bool
    is_new: bool
    is_typed: bool
    problems: list[tuple[str, str]]  # what to mend before it can be saved, by field
    offer: SafeString | str = ""  # in the shop
    faces: list[tuple[Any, Face]] = field(default_factory=list)  # in Wallet, each with what it is
    notes: list[Any] = field(default_factory=list)

    languages = settings.LANGUAGES
    most_bytes = MOST_BYTES

    @property
    def status(self) -> str:
        """What a screen reader says when it has changed."""
        if not self.is_typed:
            return _("It follows what you type.") if self.is_new else _("As it is saved.")
        return _("Not saved: there is something to mend.") if self.problems else _("As you typed it; not saved.")


class Previewed:
    """In front of an admin: a preview beside its form. `fill` draws it from a row that may be half typed."""

    change_form_outer_after_template = "desk/preview.html"
    opts: Any

    class Media:
        js = ["desk/preview.js"]
        css = {"all": ["desk/preview.css"]}

    def fill(self, request: HttpRequest, form: Any, preview: Preview) -> None:
        """Put what there is to see into `preview`, which has a brand; the language and time zone are as chosen."""
        raise NotImplementedError

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """For a preview, one that nothing is saved of."""
        form = super().get_form(request, *args, **kwargs)  # type: ignore[misc]
        front = (NotKept, Restored) if "_preview" in request.POST else (Restored,)
        return type(form)(form.__name__, (*front, form), {})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the preview beside the form, or alone."""
        form = context["adminform"].form
        preview = self._preview_of(request, form, kwargs.get("obj"))
        if preview.brand is not None:
            with speaking(preview.language, preview.brand.time_zone):
                self.fill(request, form, preview)
        if request.POST.get("_preview") == "part":
            return TemplateResponse(request, "desk/preview_part.html", {"preview": preview})
        if preview.is_typed and request.FILES:
            preview.notes.append(gettext_lazy("Choose the file again before you save: browsers forget it."))
        answer: HttpResponse = super().render_change_form(request, context | {"preview": preview}, *args, **kwargs)  # type: ignore[misc]
        return answer

    def _preview_of(self: Any, request: HttpRequest, form: Any, obj: Any) -> Preview:
        brand = form.instance.brand if form.instance.brand_id else self.brand_before_choice(request)
        language = request.POST.get("_language", "")
        known = dict(settings.LANGUAGES)
        return Preview(
            brand=brand,
            language=language if language in known else brand.language if brand else "en",
            form_id=f"{self.opts.model_name}_form",
            may_type=self.has_change_permission(request, obj) if obj else self.has_add_permission(request),
            is_new=obj is None,
            is_typed=form.is_bound,
            problems=[(_label_of(form, name), text) for name, texts in form.errors.items() for text in texts],
        )

    def brand_before_choice(self, request: HttpRequest) -> Brand | None:
        """The brand of a new row while its form does not say."""
        return None


def _label_of(form: Any, name: str) -> str:
    return str(form.fields[name].label or name) if name in form.fields else ""
