"""Links from a list to the job that works on it."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from jobs.exports import PERMISSION as EXPORT
from jobs.lists import plain_filter
from jobs.member_files import PERMISSION as IMPORT
from shops.permissions import may

register = template.Library()


@register.simple_tag(takes_context=True)
def export_url(context: dict[str, Any], of: str) -> str:
    """Where what this list shows now is exported; empty for who may not."""
    request = context["request"]
    if not may(request.user, EXPORT):
        return ""
    query = plain_filter(request.GET.urlencode())
    return reverse("admin:jobs_job_export", args=[of]) + (f"?{urlencode({'filter': query})}" if query else "")


@register.simple_tag(takes_context=True)
def members_url(context: dict[str, Any]) -> str:
    """Where members are imported; empty for who may not."""
    return reverse("admin:jobs_job_members") if may(context["request"].user, IMPORT) else ""
