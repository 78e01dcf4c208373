"""The receiver exam: messages that a receiver has to cope with, sent to a test URL, and a report with a grade.

It tells of orders that do not exist, is signed as deliveries are, and touches neither deliveries nor calls. The header
`wllt-exam` names the step, so that a receiver can tell. Source: shop-orders.md §C.2 item 4.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.encryption import decrypt
from shops.errors import InvalidInput
from webhooks import transport
from webhooks.exam_steps import (
    CONNECTION,
    STEPS,
    TIME,
    Exchange,
    Judged,
    Letter,
    Mark,
    Step,
    advise,
    judge_connection,
    judge_time,
)
from webhooks.exam_words import NO_TIME_LEFT
from webhooks.models import Endpoint, ExamGrade, ExamReport, ProbeKind
from webhooks.probes import probing
from webhooks.signing import headers_of

# Of a whole exam: the last call begins after 35 and may take 15. So seven answers of 5 seconds each, which still are
# good, have their turn, and it ends before a proxy in front of us gives up, as many do after 60.
MOST_SECONDS = 50
LONGEST_URL = 2000  # characters
KEPT = 200  # characters of an answer
logger = structlog.get_logger(__name__)


class _Exam:
    """One exam under way: whom, with which keys, and what was sent so far."""

    def __init__(self, endpoint: Endpoint, url: str) -> None:
        self.url = url
        self.brand_uuid = endpoint.brand.uuid
        self.keys, self.started_at = _keys_and_clock(endpoint)
        self.started = time.monotonic()
        self.orders: dict[str, UUID] = {}
        self.messages: dict[tuple[str, str], UUID] = {}

    def now(self) -> datetime:
        """The database's time."""
        return self.started_at + timedelta(seconds=time.monotonic() - self.started)

    def hold(self, step: Step) -> list[Exchange]:
        """Send what a step sends."""
        exchanges: list[Exchange] = []
        for letter in step.letters:
            if not letter.if_refused or not exchanges[-1].taken:
                exchanges.append(self._send(step, letter))
        return exchanges

    def _send(self, step: Step, letter: Letter) -> Exchange:
        headers, body = self._write(step, letter)
        sent = Exchange(headers, body.decode())
        if time.monotonic() - self.started > MOST_SECONDS - settings.WEBHOOK_TOTAL_TIMEOUT:
            return replace(sent, problem=NO_TIME_LEFT)
        began = time.monotonic()
        try:
            answer = transport.post(self.url, body, headers)
        except transport.NoAnswer as error:
            return replace(sent, problem=transport.in_words(error), milliseconds=_since(began))
        except Exception as error:  # a URL that some library chokes on is the partner's to hear of as well
            logger.exception("exam broke")
            return replace(sent, problem=type(error).__name__, milliseconds=_since(began))
        kept = self._kept(answer)
        return replace(sent, status=answer.status, answer=kept, milliseconds=_since(began), address=answer.address)

    def _write(self, step: Step, letter: Letter) -> tuple[dict[str, str], bytes]:
        """Headers as delivery.py makes them, and the step's name; the body as services.body_of does."""
        order = self.orders.setdefault(letter.order, uuid4())
        message = self.messages.setdefault((letter.order, letter.status), uuid4())
        at = self.now() - timedelta(seconds=letter.age)
        body = orjson.dumps({"order_id": order, "brand_id": self.brand_uuid, "order_status": letter.status})
        headers = headers_of(self.keys, str(message), int(at.timestamp()), body) | {
            "wllt-order-version": str(letter.version),
            "wllt-attempt": str(letter.attempt),
            "wllt-sent-at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "wllt-exam": step.name,
        }
        return headers, body.replace(b'"open"', b'"paid"') if letter.tampered else body

    def _kept(self, answer: transport.Answer) -> str:
        """The beginning of an answer, without the key, should a receiver print it."""
        text = answer.body.decode("utf-8", "replace").replace("\0", "")
        for key in self.keys:
            secret = key.removeprefix("whsec_")
            text = text.replace(secret, "[key]").replace(secret.replace("/", "\\/"), "[key]")
        return text[:KEPT]


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)


def _keys_and_clock(endpoint: Endpoint) -> tuple[list[str], datetime]:
    """The keys that sign now, the current one first, and the database's time.

    Durable: a caller who holds a transaction open, which would stay so through all the HTTP, is refused.
    """
    with transaction.atomic(durable=True):
        kept = endpoint.brand.endpoints.filter(pk=endpoint.pk)
        current, previous, until, now = kept.values_list(
            "encrypted_key", "previous_key", "previous_key_until", Now()
        ).get()
    signing = [current, previous] if previous is not None and until is not None and until > now else [current]
    return [decrypt(bytes(key)) for key in signing], now


def run_exam(endpoint: Endpoint, *, url: str = "", by: str = "") -> ExamReport:
    """Examine the receiver at `url`, or at the endpoint's own, and keep the report.

    Takes up to MOST_SECONDS, with no transaction open; call it outside of one (RuntimeError otherwise). A URL that is
    refused or does not answer gives a report as well. Raises InvalidInput for a URL that is no text to keep, and
    TooSoon when there were too many lately, or one is under way.
    """
    url = url or endpoint.url
    if len(url) > LONGEST_URL or "\0" in url:
        raise InvalidInput({"url": [f"No more than {LONGEST_URL} characters, and no NUL."]})
    with probing(endpoint, ProbeKind.EXAM, MOST_SECONDS):
        exam = _Exam(endpoint, url)
        steps = _examine(exam)
        return endpoint.brand.exam_reports.create(
            endpoint=endpoint,
            url=url,
            by=by[:200],
            grade=_grade(steps),
            steps=steps,
            started_at=exam.started_at,
            finished_at=exam.now(),
        )


def _examine(exam: _Exam) -> list[dict[str, Any]]:
    """Every step, or the first alone when nobody answers."""
    rows = []
    timed: list[Exchange] = []
    everything: list[Exchange] = []
    for step in STEPS:
        exchanges = exam.hold(step)
        judged = step.judge(exchanges)
        advice = advise(step, judged, exchanges)
        rows.append(_row((step.name, step.purpose, step.expected), judged, exchanges, advice))
        if not everything and exchanges[0].status is None:
            return rows
        everything += exchanges
        timed += exchanges if step.timed else []
    rows.append(_row(TIME, judge_time(timed)))
    rows.append(_row(CONNECTION, judge_connection(exam.url, everything)))
    return rows


def _row(
    words: tuple[str, str, str], judged: Judged, exchanges: Sequence[Exchange] = (), advice: str = ""
) -> dict[str, Any]:
    """One step as the report keeps it; `words` are its name, its purpose and what was expected."""
    return {
        **dict(zip(("name", "purpose", "expected"), words, strict=True)),
        "grade": str(judged[0]),
        "reason": judged[1],
        "advice": advice,
        "exchanges": [
            {
                "sent": {"headers": one.headers, "body": one.body},
                "received": {
                    "status": one.status,
                    "body": one.answer,
                    "milliseconds": one.milliseconds,
                    "problem": one.problem,
                },
            }
            for one in exchanges
        ],
    }


def _grade(rows: list[dict[str, Any]]) -> ExamGrade:
    grades = {row["grade"] for row in rows}
    if Mark.FAILED in grades:
        return ExamGrade.FAILED
    return ExamGrade.REMARKS if Mark.REMARK in grades else ExamGrade.PASSED
