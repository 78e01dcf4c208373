"""The admin's own Content-Security-Policy: Unfold needs a wider one, and nothing else shall have it."""

from collections.abc import Iterable
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.urls import URLPattern, URLResolver


def with_admin_policy(urls: tuple[list[Any], str, str]) -> tuple[list[Any], str, str]:
    """The admin site's `urls`, each answering with ADMIN_CONTENT_SECURITY_POLICY."""
    _widen(urls[0])
    return urls


def _widen(patterns: Iterable[URLPattern | URLResolver]) -> None:
    widen = csp_update(settings.ADMIN_CONTENT_SECURITY_POLICY)
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            _widen(pattern.url_patterns)
        else:
            pattern.callback = widen(pattern.callback)
