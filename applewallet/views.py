"""What phones ask for, to the letter of Apple's tables (apple-wallet.md §A.5, §B.9, §B.10).

An unknown package and a wrong token get the same 401, so that nobody can find out which serial numbers exist. Nothing
is ever answered with a redirect, a page or a stack trace.
"""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_http_methods

from applewallet import personalizing
from applewallet.door import opened_by, package_at, type_at
from applewallet.models import Package
from applewallet.services import NotSignable, built, keep_log, register, unregister, updated_since
from shops.errors import ShopError
from shops.throttling import counter

MOST_BYTES = 64 * 1024  # of a body
MOST_LINES = 600  # of a type's device log in a minute: anybody can write there
MOST_SIGN_UPS = 60  # of a type in a minute, likewise
LONGEST_TOKEN = 200
RETRY_AFTER = 3600  # seconds, when nothing can be signed


def _unauthorized() -> HttpResponse:
    return JsonResponse({"message": "Unauthorized"}, status=401)


def _refused(message: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"message": message}, status=status)


def _body(request: HttpRequest) -> dict[str, Any] | None:
    """The JSON object in the body, None if there is none."""
    content = request.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return None
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


@require_http_methods(["POST", "DELETE"])
def registration(request: HttpRequest, slug: str, device: str, identifier: str, serial: str) -> HttpResponse:
    """A device wants to hear of a package (201 when that is news, else 200), or no longer (200)."""
    package = opened_by(request.headers, slug, identifier, serial)
    if package is None:
        return _unauthorized()
    if request.method == "DELETE":
        unregister(package, device)
        return HttpResponse(status=200)
    push_token = _push_token(request)
    if push_token is None:
        return _refused("Send a JSON object with the device's pushToken.")
    return HttpResponse(status=201 if register(package, device, push_token) else 200)


def _push_token(request: HttpRequest) -> str | None:
    """The push token in the body. Apple sends hex digits, and their number has grown before."""
    value = (_body(request) or {}).get("pushToken")
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_TOKEN and value.isascii() and value.isalnum()
    return str(value) if fits else None


@require_http_methods(["GET"])
def updated(request: HttpRequest, slug: str, device: str, identifier: str) -> HttpResponse:
    """Which of a device's packages changed since it last asked. The device's identifier is the secret here."""
    package_type = type_at(slug, identifier)
    if package_type is None:
        return HttpResponse(status=204)
    kind = package_type.kind
    serials, tag = updated_since(package_type, device, request.GET.get(kind.since, ""))
    if not serials:
        return HttpResponse(status=204)
    return JsonResponse({kind.serials_key: serials, kind.tag_key: tag})


@require_http_methods(["GET", "HEAD"])
def latest(request: HttpRequest, slug: str, path: str, identifier: str, serial: str) -> HttpResponse:
    """The latest version of a package, or 304 if the device has it."""
    package = opened_by(request.headers, slug, identifier, serial)
    if package is None or package.type.kind.path != path:
        return _unauthorized()
    return answer_with(request, package)


def answer_with(request: HttpRequest, package: Package) -> HttpResponse:
    """The package as an HTTP answer; 304 if whoever asks has this version (RFC 9110 §13.1)."""
    etag, changed = f'W/"{package.version}"', int(package.last_modified.timestamp())
    response = get_conditional_response(request, etag=etag, last_modified=changed)
    if response is None:
        try:
            response = HttpResponse(built(package), content_type=package.type.kind.mime)
        except NotSignable as error:
            response = _refused(str(error), error.status)
            response["Retry-After"] = str(RETRY_AFTER)
            return response
    response["Last-Modified"] = http_date(changed)
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Authorization"
    return response


@require_http_methods(["POST"])
def log(request: HttpRequest, slug: str) -> HttpResponse:
    """What a device has to say about trouble. Kept for staff to read, never trusted."""
    lines = (_body(request) or {}).get("logs")
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        return _refused("Send a JSON object with logs, a list of texts.")
    package_type = type_at(slug)
    if package_type is not None:
        kept = [line for line in lines if counter.count(f"log {package_type.pk}") <= MOST_LINES]
        keep_log(package_type, kept)
    return HttpResponse(status=200)


@require_http_methods(["POST"])
def personalize(request: HttpRequest, slug: str, identifier: str, serial: str) -> HttpResponse:
    """Somebody filled in a pass's sign-up form. The answer signs the token that came with it."""
    package = package_at(slug, identifier, serial)
    if package is None or not personalizing.is_open(package):
        return _unauthorized()
    if counter.count(f"sign-up {package.type_id}") > MOST_SIGN_UPS:
        return _refused("Too many sign-ups at once.", 429)
    try:
        signature = personalizing.sign_up(package, _body(request) or {})
    except ShopError as error:
        return _refused(str(error), error.status)
    if signature is None:
        return _refused("Send what the pass asks for.")
    return HttpResponse(signature, content_type="application/octet-stream")
