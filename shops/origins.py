"""Origins of other sites, as a Content-Security-Policy names them."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Nothing that could end a directive or the header. No wildcards: whoever runs one subdomain would frame the shop.
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
ORIGIN = re.compile(rf"https?://{LABEL}(?:\.{LABEL})*(?::(?P<port>[1-9][0-9]{{0,4}}))?")
MOST_PORT = 65_535


def validate_origin(value: str) -> None:
    """Raise ValidationError unless `value` is an origin (RFC 6454): scheme, host in lower case, maybe a port."""
    found = ORIGIN.fullmatch(value)
    if not found or int(found["port"] or 0) > MOST_PORT:
        raise ValidationError(
            _("“%(value)s” is no origin. Write scheme and host only, such as https://www.example.com."),
            params={"value": value},
        )
