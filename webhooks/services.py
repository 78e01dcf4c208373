"""Verbs on webhooks."""

import base64
import secrets
from uuid import UUID

import orjson

from shops.encryption import encrypt
from shops.models import Brand
from webhooks.models import Delivery, Endpoint, Event
from webhooks.tasks import hint


def new_key() -> str:
    """A webhook key: `whsec_` and 32 random bytes in base64, as Standard Webhooks writes secrets."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def add_endpoint(brand: Brand, *, url: str, is_validated: bool = False) -> tuple[Endpoint, str]:
    """Let `url` hear of the brand's orders. Returns the row and the key, which nobody can read again."""
    key = new_key()
    endpoint = brand.endpoints.create(url=url, encrypted_key=encrypt(key), key_hint=key[-4:], is_validated=is_validated)
    return endpoint, key


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
