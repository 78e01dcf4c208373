"""Mollie's API v2, of which we use payments, refunds, chargebacks and methods: the one module that talks to Mollie.

It talks to settings.MOLLIE_URL and to nobody else: no part of an address is typed by anybody. Facts are from
docs.mollie.com: "Payments API", "Refunds API", "Chargebacks API", "Webhooks", "Handling payment status", "Handling
errors", "API idempotency".
"""

import json
import re
import time
from datetime import datetime
from decimal import Decimal
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from orders.models import Payment, RefundStatus
from orders.payments import (
    AnotherSum,
    AskedTooOften,
    KeyRefused,
    Moved,
    NoPayments,
    ProviderPayment,
    ProviderRefund,
    ProviderRefused,
    ProviderSilent,
    SeenChargeback,
    SeenRefund,
)
from orders.payments.keys import key_of
from shops.models import Brand
from shops.money import rounded

IS_REMOTE = True
MOST_BYTES = 2_000_000  # of an answer; 250 refunds are a tenth of it
MOST_REFUNDS = 250  # in one answer, Mollie's limit; of chargebacks likewise
UNAUTHORIZED = 401
TOO_MANY = 429
CURABLE = {408, 409, 425}  # asked later, the answer may be another; all from 500 on likewise
REFUND_STATUS = {"refunded": RefundStatus.COMPLETED, "failed": RefundStatus.FAILED, "canceled": RefundStatus.FAILED}
PAYMENT_ID = re.compile(r"tr_[A-Za-z0-9]{1,50}")
REFUND_ID = re.compile(r"re_[A-Za-z0-9]{1,50}")
CHARGEBACK_ID = re.compile(r"chb_[A-Za-z0-9]{1,50}")
VALUE = re.compile(r"\d{1,11}(?:\.\d{1,4})?")
STATUS = re.compile(r"[a-z_]{1,20}")


def check(brand: Brand) -> None:
    """A brand needs a key."""
    if brand.encrypted_mollie_key is None:
        raise NoPayments


def checkout_url(payment: Payment) -> str:
    """Our page that leads to Mollie's, whose address is known only when Mollie has been asked."""
    return f"{settings.PUBLIC_URL}{reverse('mollie-payment', args=[payment.uuid])}"


def create(payment: Payment) -> ProviderPayment:
    """Make the payment at Mollie. The Idempotency-Key is its uuid: within an hour Mollie answers with the same one.

    A second one after that hour does no harm: only the one that is written down is ever shown to anybody, and the other
    expires.
    """
    order = payment.order
    asked = {
        "amount": _money(payment.amount, payment.currency),
        "description": f"{order.brand.name} {order.number}"[:255],
        "redirectUrl": f"{settings.PUBLIC_URL}/s/{order.brand.slug}/orders/{order.uuid}",
        "metadata": {"payment": str(payment.uuid), "order": str(order.uuid)},
        **_webhook(payment),
    }
    return _read_payment(payment, _call(payment.brand, "POST", "/v2/payments", asked, key=payment.uuid))


def fetch(payment: Payment) -> ProviderPayment:
    """Ask Mollie how the payment stands, and what was refunded and charged back of it."""
    return _read_payment(payment, _call(payment.brand, "GET", f"{_path(payment)}?embed=refunds,chargebacks"))


def cancel(payment: Payment) -> ProviderPayment:
    """Cancel it. Mollie refuses with 422 what it cannot cancel any more."""
    return _read_payment(payment, _call(payment.brand, "DELETE", _path(payment)))


def refund(payment: Payment, amount: Decimal, *, key: UUID, known: str = "") -> ProviderRefund:
    """Give money back, once per `key`, which goes with the refund as metadata; one made at Mollie has its id alone.

    Mollie remembers an Idempotency-Key for an hour only, so its list of the payment's refunds is read first. A refund
    that was there and is not in the list any more was canceled in Mollie's dashboard.
    """
    path = f"{_path(payment)}/refunds"
    try:
        found = _refund_with(key, known, _call(payment.brand, "GET", f"{path}?limit={MOST_REFUNDS}"))
        if found is None and known:
            return ProviderRefund(id=known, said="canceled", status=RefundStatus.FAILED)
        if found is None:
            asked = {"amount": _money(amount, payment.currency), "metadata": {"refund": str(key)}}
            found = _call(payment.brand, "POST", path, asked, key=key)
    except ProviderRefused as error:
        return ProviderRefund(id=known, said="refused", status=RefundStatus.FAILED, reason=str(error))
    identifier, said = _text(found, "id", REFUND_ID), _text(found, "status", STATUS)
    return ProviderRefund(identifier, said, REFUND_STATUS.get(said, RefundStatus.REQUESTED))


def methods(brand: Brand) -> list[str]:
    """The names of the payment methods that the brand's key opens. Raises what `fetch` raises."""
    found = _embedded(_call(brand, "GET", "/v2/methods"), "methods")
    return [str(method.get("description")) for method in found]


def moved(brand: Brand) -> list[Moved]:
    """The newest of Mollie's lists of refunds and of chargebacks, which hold those of all the key's payments."""
    found = []
    for name, form in (("refunds", REFUND_ID), ("chargebacks", CHARGEBACK_ID)):
        for one in _embedded(_call(brand, "GET", f"/v2/{name}?limit={MOST_REFUNDS}"), name):
            is_chargeback = name == "chargebacks"
            state = ("reversed" if one.get("reversedAt") else "") if is_chargeback else _text(one, "status", STATUS)
            found.append(Moved(_text(one, "paymentId", PAYMENT_ID), _text(one, "id", form), state, is_chargeback))
    return found


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    """An amount as Mollie writes it: a string with exactly the decimals of its currency."""
    return {"currency": currency, "value": f"{rounded(amount, currency):f}"}


def _webhook(payment: Payment) -> dict[str, str]:
    """Where Mollie shall say "look". It refuses addresses that it cannot reach; those on this machine are left out."""
    if urlsplit(settings.PUBLIC_URL).hostname in {"localhost", "127.0.0.1", "::1"}:
        return {}
    return {"webhookUrl": settings.PUBLIC_URL + reverse("mollie-webhook", args=[payment.uuid])}


def _path(payment: Payment) -> str:
    return f"/v2/payments/{_text({'id': payment.provider_id}, 'id', PAYMENT_ID)}"


def _read_payment(payment: Payment, answer: dict[str, Any]) -> ProviderPayment:
    """What Mollie says, if it speaks of this payment and its sum. Raises AnotherSum if not."""
    identifier = _text(answer, "id", PAYMENT_ID)
    if payment.provider_id not in {None, identifier}:
        raise AnotherSum(_("Mollie's answer is about another payment."))
    ours, theirs = _money(payment.amount, payment.currency), answer.get("amount")
    if ours != theirs:
        words = theirs.values() if isinstance(theirs, dict) else [theirs]
        texts = {"ours": " ".join(ours.values()), "theirs": " ".join(map(str, words))[:60]}
        raise AnotherSum(_("Mollie was asked for %(ours)s and speaks of %(theirs)s.") % texts)
    links = answer.get("_links")
    checkout = links.get("checkout") if isinstance(links, dict) else None
    url = checkout.get("href") if isinstance(checkout, dict) else None
    is_address = isinstance(url, str) and url.startswith(("https://", f"{settings.MOLLIE_URL}/"))
    return ProviderPayment(
        id=identifier,
        status=_text(answer, "status", STATUS),
        checkout_url=str(url) if is_address else "",
        is_test=answer.get("mode") == "test",
        is_cancelable=answer.get("isCancelable") is True,
        refunds=tuple(_seen_refund(payment, one) for one in _if_embedded(answer, "refunds")),
        chargebacks=tuple(_seen_chargeback(payment, one) for one in _if_embedded(answer, "chargebacks")),
    )


def _seen_refund(payment: Payment, answer: dict[str, Any]) -> SeenRefund:
    said, metadata = _text(answer, "status", STATUS), answer.get("metadata")
    key = metadata.get("refund") if isinstance(metadata, dict) else None
    try:
        ours = UUID(key) if isinstance(key, str) else None
    except ValueError:
        ours = None
    return SeenRefund(
        id=_text(answer, "id", REFUND_ID),
        said=said,
        status=REFUND_STATUS.get(said, RefundStatus.REQUESTED),
        amount=_amount(payment, answer),
        key=ours,
        reason=str(answer.get("description") or ""),
    )


def _seen_chargeback(payment: Payment, answer: dict[str, Any]) -> SeenChargeback:
    reason = answer.get("reason")
    words = (reason.get("code"), reason.get("description")) if isinstance(reason, dict) else (reason,)
    return SeenChargeback(
        id=_text(answer, "id", CHARGEBACK_ID),
        amount=_amount(payment, answer),
        charged_at=_moment(answer, "createdAt"),
        reversed_at=_moment(answer, "reversedAt") if answer.get("reversedAt") else None,
        reason=": ".join(str(word) for word in words if word),
    )


def _amount(payment: Payment, answer: dict[str, Any]) -> Decimal:
    """A part of a payment. Raises AnotherSum for one in another currency, or none."""
    found = answer.get("amount")
    value = found.get("value") if isinstance(found, dict) else None
    if not (isinstance(found, dict) and isinstance(value, str) and VALUE.fullmatch(value)):
        raise ProviderSilent(_("Mollie's answer has no %s.") % "amount")
    if found.get("currency") != payment.currency:
        texts = {"theirs": str(found.get("currency"))[:3], "ours": payment.currency}
        raise AnotherSum(_("Mollie speaks of %(theirs)s, and the payment is in %(ours)s.") % texts)
    return Decimal(value)


def _moment(answer: dict[str, Any], name: str) -> datetime:
    """A time as ISO 8601 writes it, with its zone."""
    try:
        found = datetime.fromisoformat(str(answer.get(name)))
    except ValueError:
        found = datetime.min  # noqa: DTZ901 -- without a zone, and so refused below
    if found.tzinfo is None:
        raise ProviderSilent(_("Mollie's answer has no %s.") % name)
    return found


def _refund_with(key: UUID, known: str, answer: dict[str, Any]) -> dict[str, Any] | None:
    """The refund of this id, or else the one that carries our key.

    Raises ProviderSilent when there may be more refunds than the answer holds.
    """
    found = _embedded(answer, "refunds")
    if len(found) >= MOST_REFUNDS:
        raise ProviderSilent(_("The payment has too many refunds to look through."))
    is_ours = [one for one in found if one.get("id") == known] if known else []
    is_ours = is_ours or [one for one in found if one.get("metadata") == {"refund": str(key)}]
    return is_ours[0] if is_ours else None


def _if_embedded(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What was asked to be embedded: Mollie leaves out lists that are empty."""
    embedded = answer.get("_embedded")
    return _embedded(answer, name) if isinstance(embedded, dict) and embedded.get(name) is not None else []


def _embedded(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    embedded = answer.get("_embedded")
    found = embedded.get(name) if isinstance(embedded, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ProviderSilent(_("Mollie's answer has no %s.") % name)
    return found


def _text(answer: dict[str, Any], name: str, form: re.Pattern[str]) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not form.fullmatch(found):
        raise ProviderSilent(_("Mollie's answer has no %s.") % name)
    return found


@cache
def _tls() -> SSLContext:
    return httpx.create_ssl_context()


def _call(
    brand: Brand, method: str, path: str, body: dict[str, Any] | None = None, *, key: UUID | None = None
) -> dict[str, Any]:
    """Ask Mollie with the brand's key. Raises ProviderRefused with Mollie's reason, or ProviderSilent and its kinds."""
    secret = key_of(brand)
    headers = {"Authorization": f"Bearer {secret}", "Accept": "application/hal+json"}
    if key is not None:
        headers["Idempotency-Key"] = str(key)
    try:
        status, content = _send(method, path, headers, body)
        answer = json.loads(content)
    except httpx.HTTPError as error:
        raise ProviderSilent(_("Mollie does not answer (%s).") % type(error).__name__) from error
    except ValueError as error:
        raise ProviderSilent(_("Mollie's answer is not JSON.")) from error
    if not isinstance(answer, dict):
        raise ProviderSilent(_("Mollie's answer is not what it should be."))
    if httpx.codes.is_success(status):
        return answer
    reason = f"Mollie: {status} {answer.get('detail') or answer.get('title') or ''}".replace(secret, "…").strip()
    if status == UNAUTHORIZED:
        raise KeyRefused(reason)
    if status == TOO_MANY:
        raise AskedTooOften(reason)
    if httpx.codes.is_client_error(status) and status not in CURABLE:
        raise ProviderRefused(reason)
    raise ProviderSilent(reason)


def _send(method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None) -> tuple[int, bytes]:
    """Status and body of the answer, within MOLLIE_TIMEOUT for each step and again for the whole body."""
    client = httpx.Client(base_url=settings.MOLLIE_URL, verify=_tls(), timeout=settings.MOLLIE_TIMEOUT, trust_env=False)
    with client, client.stream(method, path, headers=headers, json=body) as response:
        ends = time.monotonic() + settings.MOLLIE_TIMEOUT
        content = b""
        for part in response.iter_bytes():
            content += part
            if len(content) > MOST_BYTES or time.monotonic() > ends:
                raise ProviderSilent(_("Mollie's answer does not end."))
        return response.status_code, content
