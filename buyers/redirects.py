"""Redirect URIs: compared letter by letter, and in what a wrong one differs from the registered ones."""

import re
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from buyers.models import Client

LOOPBACK = {"127.0.0.1", "::1", "localhost"}  # a developer's own machine (RFC 8252 §7.3)
URL_LETTERS = re.compile(r"[!-~]+")
LONGEST = 2000  # characters


def differences(client: Client, uri: str) -> str:
    """Why `uri` is none of the client's, by comparison with the one that is nearest to it; "" if it is one of them."""
    registered = client.redirect_uris.split()
    if uri in registered:
        return ""
    if not registered:
        return _("No redirect URI is registered.")
    nearest = min(registered, key=lambda known: len(differing(known, uri)))
    names = ", ".join(differing(nearest, uri))
    return _("Differs from %(registered)s in: %(names)s.") % {"registered": nearest, "names": names}


def differing(registered: str, uri: str) -> list[str]:
    """The names of the parts in which two different URIs differ."""
    try:
        ours, theirs = urlsplit(registered), urlsplit(uri)
        ports = (ours.port, theirs.port)
    except ValueError:
        return [_("everything: it is not a URL")]
    parts = {
        _("scheme"): (ours.scheme, theirs.scheme),
        _("host"): (ours.hostname, theirs.hostname),
        _("port"): ports,
        _("user name"): (_user(ours), _user(theirs)),
        _("path"): (ours.path, theirs.path),
        _("query"): (ours.query, theirs.query),
        _("fragment"): (ours.fragment, theirs.fragment),
    }
    found = [word for name, (left, right) in parts.items() if left != right for word in _words(name, left, right)]
    # What the comparison of parts does not see: the case of scheme and host, an empty query, a port of 0443.
    return found or [_("case") if registered.lower() == uri.lower() else _("spelling")]


def _user(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[0]


def _words(name: str, left: object, right: object) -> list[str]:
    """The part's name; more exactly, where only the case or a slash at its end differs."""
    if not isinstance(left, str) or not isinstance(right, str) or left.rstrip("/").lower() != right.rstrip("/").lower():
        return [name]
    words = [_("case of the %(part)s") % {"part": name}] if left.rstrip("/") != right.rstrip("/") else []
    return words + ([_("trailing slash")] if left.endswith("/") != right.endswith("/") else [])


def check_redirect_uris(uris: list[str], *, is_live: bool) -> None:
    """Whether these can be registered. Raises ValidationError with every reason.

    Absolute URLs with a host and without user name or fragment; https, but for a sandbox and for loopback http is as
    good. Wildcards mean nothing here: an asterisk is a letter.
    """
    reasons = [reason for uri in uris if (reason := _why_not(uri, is_live=is_live))]
    if not uris:
        reasons.append(_("At least one redirect URI is needed."))
    if reasons:
        raise ValidationError(reasons)


def _why_not(uri: str, *, is_live: bool) -> str:
    try:
        parts = urlsplit(uri)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return _("%(uri)s is not a URL.") % {"uri": uri}
    if parts.scheme not in {"https", "http"} or not host or not URL_LETTERS.fullmatch(uri):
        return _("%(uri)s is not an absolute http(s) URL in plain letters.") % {"uri": uri}
    if parts.scheme == "http" and is_live and host not in LOOPBACK:
        return _("%(uri)s must begin with https: a live client's answers must not be read on their way.") % {"uri": uri}
    if "@" in parts.netloc or "#" in uri:
        return _("%(uri)s must have neither a user name nor a fragment.") % {"uri": uri}
    if len(uri) > LONGEST:
        return _("%(uri)s is longer than %(length)s characters.") % {"uri": uri[:60] + "…", "length": LONGEST}
    return ""
