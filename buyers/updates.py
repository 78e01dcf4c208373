"""What clients say of their orders: kept as they said it, and mapped onto the platform's own order (§A.9, §E.2)."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import orjson
from django.db import transaction
from django.utils.translation import gettext_noop as _

from buyers.findings import findings_of
from buyers.mapping import statement_of
from buyers.models import Client, OrderChecks, WalletOrder
from buyers.order_rules import Problem, problems_of
from buyers.visitors import is_forgotten
from orders.stated import restate_order, state_order
from orders.statements import Statement
from shops.models import Brand
from shops.prepared import run
from shops.services import find_or_add_member

OTHER_MERCHANT = _("The order stays with the merchant %(merchant)s, who came first.")
MOST_REVISIONS = 50  # that are kept of an order
MOST_CHANGES = 200  # paths that a revision names
Json = Mapping[str, Any]

COLUMNS = [field.attname for field in WalletOrder._meta.concrete_fields]  # noqa: SLF001 -- Django's own way to ask
LOCK = f"""
SELECT {", ".join(COLUMNS)} FROM buyers_walletorder WHERE client_id = %s AND external_id = %s FOR UPDATE
"""  # noqa: S608 -- columns of a model
MERCHANT = "SELECT brand_id FROM buyers_merchant WHERE client_id = %s AND merchant_id = %s"
# A statement sees nothing of what it inserts, so the new revision is not among those that are counted.
WRITE = """
WITH written AS (
    UPDATE buyers_walletorder
    SET state = %(state)s, findings = %(findings)s, merchant_id = %(merchant)s, order_id = %(order)s,
        updated_at = clock_timestamp()
    WHERE id = %(id)s
), revised AS (
    INSERT INTO buyers_walletorderrevision (wallet_order_id, digest, changes)
    VALUES (%(id)s, %(digest)s, %(changes)s)
)
DELETE FROM buyers_walletorderrevision WHERE id IN (
    SELECT id FROM buyers_walletorderrevision WHERE wallet_order_id = %(id)s ORDER BY id DESC OFFSET %(kept)s
)
"""


class NotInOrder(Exception):
    """An update that is refused; nothing was changed. `problems` says why, field by field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = [asdict(problem) for problem in problems]


@transaction.atomic
def update_order(client: Client, external_id: str, body: dict[str, Any]) -> WalletOrder:
    """Make a client's order what `body`, the whole of it, says. The last update wins, whatever its `updatedAt`.

    A body that says the same as the last one changes nothing. Raises WalletOrder.DoesNotExist, and NotInOrder for a
    faulty structure; for strict clients also for findings, which are otherwise kept with the order.
    """
    found = lock_wallet_order(client, external_id)
    problems = problems_of(body)
    if problems:
        raise NotInOrder(problems)
    if found.state is not None and digest_of(found.state) == digest_of(body):
        if found.order_id is None:
            map_order(found)
        return found
    findings = [*findings_of(body), *_other_merchant(found, body)]
    if findings and client.order_checks == OrderChecks.STRICT:
        raise NotInOrder(findings)
    _write(found, body, findings)
    return found


def lock_wallet_order(client: Client, external_id: str) -> WalletOrder:
    """A client's order as it is now, with nobody else changing it until the transaction ends.

    Raises WalletOrder.DoesNotExist.
    """
    rows = run(LOCK, (client.pk, external_id))
    if not rows:
        raise WalletOrder.DoesNotExist
    found = WalletOrder.from_db("default", COLUMNS, rows[0])
    found.client = client
    found.state, found.findings = orjson.loads(found.state or "null"), orjson.loads(found.findings)  # text comes
    return found


def digest_of(body: Json) -> str:
    """A digest of what a body says, however it is written: SHA-256 in hex."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _other_merchant(found: WalletOrder, body: Json) -> Iterator[Problem]:
    """An order never goes to another brand."""
    if found.order_id is not None and body["merchant"]["merchantId"] != found.merchant_id:
        why = OTHER_MERCHANT % {"merchant": found.merchant_id}
        yield Problem("merchant.merchantId", "merchant_changed", why)


def _write(found: WalletOrder, body: dict[str, Any], findings: Sequence[Problem]) -> None:
    if found.state is None and is_forgotten(found.buyer):
        _go_on_without(found, body)
        return
    before = found.state
    found.state = body
    found.findings = [asdict(finding) for finding in findings]
    if found.order is None:
        found.merchant_id = body["merchant"]["merchantId"]
        _begin_order(found)
    else:
        was = None if before is None else _statement(found, before)
        said = _statement(found, body)
        if said != was:
            restate_order(found.order, said, was)
    facts = {
        "id": found.pk,
        "state": orjson.dumps(found.state).decode(),
        "findings": orjson.dumps(found.findings).decode(),
        "merchant": found.merchant_id,
        "order": found.order_id,
        "digest": digest_of(body),
        "changes": orjson.dumps(list(islice(changed_paths(before or {}, body), MOST_CHANGES))).decode(),
        "kept": MOST_REVISIONS - 1,
    }
    run(WRITE, facts)


def _go_on_without(found: WalletOrder, body: dict[str, Any]) -> None:
    """Follow an order whose buyer has closed the wallet: nothing of the body is kept but the brand's order."""
    if found.order is not None:
        restate_order(found.order, _statement(found, body))


def _statement(found: WalletOrder, body: dict[str, Any]) -> Statement:
    return statement_of(found.client.name or found.client.client_id, found.external_id, body)


@transaction.atomic
def map_order(found: WalletOrder) -> bool:
    """Give a locked order its brand, if its merchant is known by now; returns whether it is."""
    is_mapped = found.order_id is None and _begin_order(found)
    if is_mapped:
        found.save(update_fields=["order"])
    return is_mapped


def _begin_order(found: WalletOrder) -> bool:
    """Make the platform's order, unsaved here. A buyer who is gone becomes nobody's member."""
    rows = run(MERCHANT, (found.client_id, found.merchant_id))
    if not rows or found.state is None or not found.buyer.is_active:
        return False
    brand = Brand.objects.get(pk=rows[0][0])
    member = find_or_add_member(brand, found.buyer.email, found.buyer.name)
    found.order = state_order(brand, member, _statement(found, found.state))
    return True


def changed_paths(was: Any, now: Any, path: str = "") -> Iterator[str]:
    """Where two bodies differ, as `lineItems[0].quantity`; what came or went is named as a whole."""
    if was == now and type(was) is type(now):
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for key in [*was, *(key for key in now if key not in was)]:
            place = f"{path}.{key}" if path else key
            if key in was and key in now:
                yield from changed_paths(was[key], now[key], place)
            else:
                yield place
    elif isinstance(was, list) and isinstance(now, list):
        for number in range(max(len(was), len(now))):
            if number < min(len(was), len(now)):
                yield from changed_paths(was[number], now[number], f"{path}[{number}]")
            else:
                yield f"{path}[{number}]"
    elif was != now:
        yield path
