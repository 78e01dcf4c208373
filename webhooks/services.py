"""Verbs on webhooks."""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.encryption import decrypt, encrypt
from shops.errors import InvalidInput
from shops.models import Brand
from webhooks import transport
from webhooks.models import MOST_CONCURRENCY, Delivery, DeliveryState, Endpoint, Event, ProbeKind, Trigger
from webhooks.probes import probing
from webhooks.signing import headers_of
from webhooks.tasks import hint

OVERLAP = timedelta(hours=24)  # both keys sign for so long after a rotation
MOST_AT_ONCE = 100_000  # deliveries that one call sends again


def new_key() -> str:
    """A webhook key: `whsec_` and 32 random bytes in base64, as Standard Webhooks writes secrets."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def check_destination(url: str) -> None:
    """Raise InvalidInput unless webhooks may be sent to `url`. It is checked again at every connection."""
    try:
        transport.check_destination(url)
    except transport.AddressNotAllowed as error:
        raise InvalidInput({"webhook_url": [_(str(error))]}) from error


def _check_concurrency(concurrency: int) -> None:
    if not 1 <= concurrency <= MOST_CONCURRENCY:
        raise InvalidInput({"concurrency": [_("Choose from 1 to %d calls at once.") % MOST_CONCURRENCY]})


def add_endpoint(
    brand: Brand,
    *,
    url: str,
    statuses: Iterable[str] | None = None,
    concurrency: int | None = None,
    is_active: bool = True,
    is_validated: bool = False,
) -> tuple[Endpoint, str]:
    """Let `url` hear of the brand's orders. Returns the row and the key, which nobody can read again.

    `concurrency` is how many calls it may have at once. Raises InvalidInput for a URL that webhooks may not be sent to,
    and for a concurrency beyond MOST_CONCURRENCY.
    """
    check_destination(url)
    key = new_key()
    chosen: dict[str, Any] = {} if statuses is None else {"statuses": list(statuses)}
    if concurrency is not None:
        _check_concurrency(concurrency)
        chosen["concurrency"] = concurrency
    flags = {"is_active": is_active, "is_validated": is_validated}
    endpoint = brand.endpoints.create(url=url, encrypted_key=encrypt(key), key_hint=key[-4:], **flags, **chosen)
    return endpoint, key


def lock_endpoint(endpoint: Endpoint) -> Endpoint:
    """The endpoint as it is now, with nobody else changing it until the transaction ends."""
    return endpoint.brand.endpoints.select_for_update(of=["self"]).select_related("brand").get(pk=endpoint.pk)


@transaction.atomic
def change_endpoint(
    endpoint: Endpoint,
    *,
    url: str | None = None,
    statuses: Iterable[str] | None = None,
    is_active: bool | None = None,
    concurrency: int | None = None,
) -> Endpoint:
    """Change where an endpoint is, what it hears, whether it hears anything, how many calls at once. None leaves as is.

    A new URL has to be validated anew. Switched on again, it starts with a clean record: what failed before was perhaps
    mended. Raises InvalidInput as add_endpoint does.
    """
    if url is not None and url != endpoint.url:
        check_destination(url)  # it asks DNS, so nothing is locked yet
    endpoint = lock_endpoint(endpoint)
    if url is not None and url != endpoint.url:
        endpoint.url, endpoint.is_validated = url, False
    if statuses is not None:
        endpoint.statuses = list(statuses)
    if concurrency is not None:
        _check_concurrency(concurrency)
        endpoint.concurrency = concurrency
    if is_active is not None and is_active != endpoint.is_active:
        endpoint.is_active = is_active
        _clear_record(endpoint)
    endpoint.save()
    return endpoint


def _clear_record(endpoint: Endpoint) -> None:
    endpoint.failures_in_a_row = endpoint.times_opened = endpoint.warnings_sent = 0
    endpoint.failing_since = endpoint.open_until = endpoint.disabled_at = None
    endpoint.disabled_reason = ""


@transaction.atomic
def remove_endpoint(endpoint: Endpoint) -> None:
    """Send it nothing more, ever. Its log stays; what was pending is canceled."""
    endpoint = lock_endpoint(endpoint)
    endpoint.is_active = False
    endpoint.removed_at = timezone.now()
    endpoint.save(update_fields=["is_active", "removed_at"])
    cancel_pending(endpoint.deliveries.all())


@transaction.atomic
def rotate_key(endpoint: Endpoint) -> str:
    """Give an endpoint a new key and return it. For OVERLAP the old one signs beside it."""
    endpoint = lock_endpoint(endpoint)
    key = new_key()
    endpoint.previous_key, endpoint.previous_key_until = endpoint.encrypted_key, timezone.now() + OVERLAP
    endpoint.encrypted_key, endpoint.key_hint = encrypt(key), key[-4:]
    endpoint.save(update_fields=["previous_key", "previous_key_until", "encrypted_key", "key_hint"])
    return key


@dataclass(frozen=True, slots=True)
class TestCall:
    """How a test call went."""

    delivered: bool
    http_status_code: int | None
    response: str


def send_test(endpoint: Endpoint) -> TestCall:
    """Send a signed message about an order that does not exist; a 2xx validates the URL. Waits for the answer.

    It carries the header `wllt-test: 1` and is not in the call log, which tells of orders. Raises TooSoon when there
    were too many lately.
    """
    body = body_of(endpoint.brand, order_uuid=uuid4(), order_status="open")
    key = decrypt(bytes(endpoint.encrypted_key))
    headers = headers_of([key], str(uuid4()), int(timezone.now().timestamp()), body) | {"wllt-test": "1"}
    try:
        with probing(endpoint, ProbeKind.TEST):
            answer = transport.post(endpoint.url, body, headers)
    except transport.NoAnswer as error:
        return TestCall(delivered=False, http_status_code=None, response=transport.in_words(error))
    delivered = 200 <= answer.status < 300  # noqa: PLR2004 -- HTTP's successes
    if delivered:
        # Only if it still is the URL that answered.
        endpoint.brand.endpoints.filter(pk=endpoint.pk, url=endpoint.url).update(is_validated=True)
    return TestCall(delivered=delivered, http_status_code=answer.status, response=answer.text())


def to_replay(
    endpoint: Endpoint,
    since: datetime | None = None,
    *,
    until: datetime | None = None,
    only_given_up: bool | None = None,
) -> QuerySet[Delivery]:
    """What a replay would send again: what was made from `since` on and before `until`, None meaning without end.

    Without `since` that is only what was given up, unless `only_given_up` says otherwise.
    """
    wanted = endpoint.deliveries.exclude(state__in=[DeliveryState.PENDING, DeliveryState.SENDING])
    if since is None if only_given_up is None else only_given_up:
        wanted = wanted.filter(state=DeliveryState.EXHAUSTED)
    if since is not None:
        wanted = wanted.filter(created_at__gte=since)
    if until is not None:
        wanted = wanted.filter(created_at__lt=until)
    return wanted.order_by("pk")


@transaction.atomic
def send_again(deliveries: QuerySet[Delivery]) -> int:
    """Send deliveries again, under their old message ids and from the start of the schedule; returns how many.

    Those that are on their way already stay as they are.
    """
    ended = deliveries.exclude(state__in=[DeliveryState.PENDING, DeliveryState.SENDING])
    keys = list(ended.select_for_update(of=["self"]).values_list("pk", flat=True)[:MOST_AT_ONCE])
    again: dict[str, Any] = {"state": DeliveryState.PENDING, "trigger": Trigger.MANUAL, "interval": 0, "done_at": None}
    count = ended.order_by().filter(pk__in=keys).update(**again, due_at=Now(), first_attempt=F("attempts"))
    if count:
        hint()
    return count


@transaction.atomic
def cancel_pending(deliveries: QuerySet[Delivery]) -> int:
    """Give up what waits to be sent; returns how many. What is on its way right now arrives.

    It waits for nobody: a worker that waits for it at the same time would make a deadlock.
    """
    pending = deliveries.order_by().filter(state=DeliveryState.PENDING)
    free = pending.select_for_update(of=["self"], skip_locked=True).values("pk")
    return deliveries.order_by().filter(pk__in=free).update(state=DeliveryState.CANCELED, done_at=Now())


def body_of(brand: Brand, *, order_uuid: UUID, order_status: str) -> bytes:
    """The body of a webhook: three keys, compact, as PHP's json_encode writes them (shop-orders.md §A.4)."""
    return orjson.dumps({"order_id": order_uuid, "brand_id": brand.uuid, "order_status": order_status})


def publish(brand: Brand, *, order_uuid: UUID, order_status: str, version: int) -> Event:
    """Record that an order reached a status, for every endpoint that asked for it.

    Call it inside the transaction that made it so. The rows are what counts; after commit a worker gets a hint.
    """
    event = brand.events.create(
        order_uuid=order_uuid,
        order_status=order_status,
        version=version,
        body=body_of(brand, order_uuid=order_uuid, order_status=order_status),
    )
    endpoints = brand.endpoints.filter(is_active=True, statuses__contains=[order_status])
    deliveries = [
        Delivery(brand=brand, event=event, endpoint=endpoint, order_uuid=order_uuid, version=version)
        for endpoint in endpoints
    ]
    if deliveries:
        brand.deliveries.bulk_create(deliveries)
        hint()
    return event
