"""The one door to a brand's rows for staff: what BrandAPIView is for partners."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.paginator import Paginator
from django.db import DataError
from django.db.models import Field, ForeignKey, Model, QuerySet, URLField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter

from accounts.history import SaysWhatChanged
from shops.actors import ActorKind, act
from shops.models import Brand
from shops.numbers import whole_number
from shops.permissions import brand_ids_where, brands_where, may, sees_several_brands
from shops.sentences import in_language
from shops.zones import enter_zone_of, zone_of_list

also_welcome: list[Callable[[Any], bool]] = []  # whom apps above this one let in besides: questions about a user


def may_open_admin(request: HttpRequest) -> bool:
    """Whether this user may open the admin at all: as a superuser, or with a place in some brand's team."""
    user: Any = request.user
    return user.is_active and user.is_staff and (may(user, "view") or any(asked(user) for asked in also_welcome))


def works_for_a_brand(request: HttpRequest) -> bool:
    """Whether the sidebar shows what belongs to brands."""
    return may(request.user, "view")


def let_in(request: HttpRequest) -> bool:
    """The door of every page: whether this user may open the admin. What happens from then on is their doing."""
    is_welcome = may_open_admin(request)
    if is_welcome:
        act(ActorKind.STAFF, str(request.user))
    return is_welcome


# The site is Unfold's, made when its app starts; this one question is ours.
admin.site.has_permission = let_in  # type: ignore[method-assign]


class CappedPaginator(Paginator):
    """Counts no further than 10,000 rows: nobody leafs through more, and counting a million takes a second."""

    most = 10_000
    template_name = "admin/capped_pagination.html"

    @cached_property
    def count(self) -> int:
        """How many rows there are, 10,000 if there are more."""
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most].count())  # in any order: all of it would be sorted to take the first


class BrandFilter(DropdownFilter):
    """One of the brands that the user belongs to."""

    title = _("brand")
    parameter_name = "brand"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the user's own brands only."""
        return [(str(brand.pk), brand.name) for brand in brands_where(request.user, "view")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list, which holds rows of the user's own brands only."""
        chosen = whole_number(self.value())
        return queryset if chosen is None else queryset.filter(brand=chosen)


class OwnRowsFilter(RelatedDropdownFilter):
    """A filter by a related row, which offers rows of the user's own brands only."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """List the related rows that their own admin would list."""
        own = {} if request.user.is_superuser else {"brand__in": brand_ids_where(request.user, "view")}
        return field.get_choices(include_blank=False, limit_choices_to=own, ordering=("-pk",))


class BrandForm(forms.ModelForm):
    """A form whose row knows its brand, also where the form does not ask for it."""

    only_brand: Brand | None = None  # of somebody who has no other

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.only_brand and self.instance.brand_id is None:
            self.instance.brand = self.only_brand

    def _get_validation_exclusions(self) -> set[str]:
        """Check "once per brand" too, which Django skips when the form has no field for the brand."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded if "brand" in self.errors else excluded - {"brand"}  # what is wrong is said once


class OwnRows:
    """Who may do what with a brand's rows, from the table of roles; for admins and their inlines."""

    opts: Any

    def may(self, request: HttpRequest, permission: str, obj: Any = None) -> bool:
        """Whether the user has `permission` in the brand of `obj`, or in any brand without one."""
        if obj is None:
            return may(request.user, permission)
        return may(request.user, permission, obj.pk if isinstance(obj, Brand) else obj.brand_id)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """All roles may look."""
        return self.may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table; the form then offers only brands in which it holds."""
        return self.may(request, f"add {self.opts.model_name}", obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table, in the row's own brand."""
        return self.may(request, f"change {self.opts.model_name}", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """By the table, in the row's own brand."""
        return self.may(request, f"delete {self.opts.model_name}", obj)


class ReadOnly:
    """Rows that the admin shows and nothing else, whoever asks."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class BrandAdmin(OwnRows, SaysWhatChanged, ModelAdmin):
    """An admin of rows that belong to a brand. Staff see, choose and touch rows of their own brands only.

    Declare `fields` or `fieldsets` without the brand: it is put in front for those who see several, can be chosen
    when a row is added, and never changes. Everybody else's rows get the only brand they have.
    """

    form: Any = BrandForm
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    brand_path = "brand"  # from a row to its brand
    list_select_related: Any = ["brand"]
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count over all rows for each choice
    paginator = CappedPaginator
    ordering = ["-pk"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app stands in the sidebar."""
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows of the user's own brands; lists, typed URLs, autocompletes and actions all start here."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.brand_path}__in": brand_ids_where(request.user, "view")})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of a page, whose times are from here on those of its brand."""
        found: Any = super().get_object(request, object_id, from_field)
        if found is not None:
            enter_zone_of(request.user, found.pk if isinstance(found, Brand) else found.brand_id)
        return found

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, in the zone in which its filters by day are meant."""
        timezone.activate(zone_of_list(request))
        return super().changelist_view(request, extra_context)

    def in_language(self, text: str) -> str:
        """A text of a row's history."""
        return in_language(text)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Say that an unfiltered list is the whole list, which Django would ask the database for."""
        with timezone.override(zone_of_list(request)):  # also for jobs, and for neighbours on an order's page
            try:
                changelist = super().get_changelist_instance(request)
            except (DataError, ValueError) as error:  # a year that no calendar has, or a text with a zero byte
                raise IncorrectLookupParameters from error
        if not changelist.has_active_filters and not changelist.query:
            changelist.full_result_count = changelist.result_count
        return changelist

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Of a row that is there, write what was typed and no more.

        Django writes all columns as they were when the row was read, and would undo what others did meanwhile: numbers
        of orders given out, points spent, stock sold.
        """
        if not change:
            super().save_model(request, obj, form, change)
            return
        columns = {column.name: column for column in obj._meta.concrete_fields}  # noqa: SLF001 -- as Django documents it
        touched = [name for name, column in columns.items() if getattr(column, "auto_now", False)]
        obj.save(update_fields=[name for name in columns if name in form.changed_data or name in touched])

    def asks_for_brand(self, request: HttpRequest) -> bool:
        """Whether to show the brand of a row: not to those who have one only."""
        return self.brand_path == "brand" and sees_several_brands(request.user)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Say the brand where rows of several stand together."""
        first, *rest = super().get_list_display(request)
        return [first, "brand", *rest] if self.asks_for_brand(request) else [first, *rest]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Offer the brands to those who see several."""
        filters = super().get_list_filter(request)
        return [BrandFilter, *filters] if self.asks_for_brand(request) else list(filters)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Put the brand in front for those who see several."""
        first, *rest = super().get_fieldsets(request, obj)
        if not self.asks_for_brand(request):
            return [first, *rest]
        name, options = first
        return [(name, {**options, "fields": ["brand", *options["fields"]]}), *rest]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """A row never moves to another brand."""
        fields = list(super().get_readonly_fields(request, obj))
        return [*fields, "brand"] if obj and self.asks_for_brand(request) else fields

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        """Tell the form the brand that it does not ask for."""
        form = super().get_form(request, obj, change, **kwargs)
        if issubclass(form, BrandForm) and obj is None and not self.asks_for_brand(request):
            form.only_brand = brands_where(request.user, f"add {self.opts.model_name}").first()
        return form

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only rows that the related model's own admin shows; brands, only where this row may be added."""
        model = db_field.remote_field.model
        if model is Brand:
            kwargs["queryset"] = brands_where(request.user, f"add {self.opts.model_name}")
        else:
            kwargs["queryset"] = self.admin_site.get_model_admin(model).get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the buttons beside a choice that would open another form in a window."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, ForeignKey) and field:
            for button in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
                setattr(field.widget, button, False)
        return field

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No deletion in bulk: it would load everything that hangs on the rows."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


class BrandInline(ReadOnly, OwnRows, TabularInline):
    """Rows of a brand on the page of the row they hang on, to look at."""

    extra = 0
    per_page = 20
    tab = True
    hide_title = True
    ordering = ["-pk"]


class ShowsSecretOnce:
    """An admin whose rows come with a secret, shown in the answer that makes one and never again."""

    def render_change_form(self: Any, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Offer one way only to save a new row: all lead to the secret."""
        if kwargs.get("add"):
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]


def question_page(model_admin: Any, request: HttpRequest, obj: Any, **texts: Any) -> HttpResponse:
    """Ask before something is done to `obj` for good: `title`, `text`, the verb as `label`, perhaps `about`."""
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": obj,
        "back": reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change", args=[obj.pk]),
        **texts,
    }
    request.current_app = model_admin.admin_site.name
    return TemplateResponse(request, "admin/question.html", context)


def secret_page(model_admin: Any, request: HttpRequest, obj: Any, **texts: Any) -> HttpResponse:
    """Answer with a new secret. It goes straight into this one response: neither a session nor a cookie holds it."""
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": obj,
        "title": texts["heading"],
        "next": reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist"),
        **texts,
    }
    response = TemplateResponse(request, "admin/secret.html", context)
    response["Cache-Control"] = "no-store"
    return response
