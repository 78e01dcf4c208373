"""What a receiver is asked in an exam, and how its answers are judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop as _

from webhooks import exam_words as words

GOOD, BEARABLE = 5000, 10_000  # milliseconds
OLD = 600  # seconds; receivers refuse a webhook-timestamp more than 300 away


class Mark(StrEnum):
    """How one step went."""

    PASSED = "passed"
    REMARK = "remark"
    FAILED = "failed"


Judged = tuple[Mark, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of a step. The same order and status make the same message, under the same id."""

    order: str
    status: str = "open"
    version: int = 1
    attempt: int = 1
    age: int = 0  # seconds by which its timestamp is in the past
    tampered: bool = False  # the body is changed after it was signed
    if_refused: bool = False  # sent only if the one before was not taken


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message and what came back: a status, or a problem in words."""

    headers: dict[str, str]  # signatures and all, but no key
    body: str
    status: int | None = None
    answer: str = ""
    milliseconds: int = 0
    address: str | None = None
    problem: str = ""

    @property
    def taken(self) -> bool:
        """Whether the answer says "received"."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 -- HTTP's successes

    @property
    def outcome(self) -> str:
        """What came back, in words."""
        if self.status is None:
            return self.problem
        if self.redirected:
            return words.REDIRECTED % {"status": self.status}
        return (words.GONE if self.status == HTTPStatus.GONE else words.ANSWERED) % {"status": self.status}

    @property
    def redirected(self) -> bool:
        """Whether it was to go elsewhere."""
        return self.status is not None and 300 <= self.status < 400  # noqa: PLR2004 -- HTTP's redirects

    @property
    def refused(self) -> bool:
        """Whether the answer says "not like this"."""
        return self.status is not None and 400 <= self.status < 500  # noqa: PLR2004 -- HTTP's refusals


@dataclass(frozen=True, slots=True)
class Step:
    """Messages, and how to judge the answers."""

    name: str
    purpose: str
    expected: str
    letters: tuple[Letter, ...]
    judge: Callable[[Sequence[Exchange]], Judged]
    timed: bool = True  # its answers count for the time that answers take
    cure: str = ""  # for a receiver that refuses just this one


def _but(form: str, exchange: Exchange) -> str:
    return form % {"outcome": exchange.outcome}


def _all_taken(praise: str) -> Callable[[Sequence[Exchange]], Judged]:
    def judge(exchanges: Sequence[Exchange]) -> Judged:
        refused = next((one for one in exchanges if not one.taken), None)
        return (Mark.FAILED, _but(words.NOT_TAKEN, refused)) if refused else (Mark.PASSED, praise)

    return judge


def _judge_forgery(exchanges: Sequence[Exchange]) -> Judged:
    [one] = exchanges
    if one.taken:
        return Mark.REMARK, _(
            "It answered 2xx, accepted or ignored: make sure that it is ignored. 401 would be clearer."
        )
    if one.redirected:
        return Mark.REMARK, _but(words.FORGERY_REDIRECTED, one)
    if one.refused:
        return Mark.PASSED, _("It refuses what is not genuine.")
    return Mark.FAILED, _but(words.FORGERY_BROKE, one)


def _judge_old(exchanges: Sequence[Exchange]) -> Judged:
    [one] = exchanges
    if one.taken:
        return Mark.REMARK, _(
            "It takes a message that is 10 minutes old. If it verifies webhook-signature, it should refuse timestamps"
            " more than 5 minutes away; wllt-signature covers no time, so there it is right."
        )
    if one.refused:
        return Mark.PASSED, _("It refuses an old timestamp.")
    return Mark.REMARK, _but(words.OLD_BROKE, one)


def _judge_retry(exchanges: Sequence[Exchange]) -> Judged:
    if exchanges[0].taken:
        return Mark.PASSED, _("It took the message at the first attempt.")
    if exchanges[-1].taken:
        return Mark.PASSED, _but(words.TAKEN_LATER, exchanges[0])
    return Mark.FAILED, _but(words.NEVER_TAKEN, exchanges[-1])


def judge_time(exchanges: Sequence[Exchange]) -> Judged:
    """Judge the slowest answer to a valid message; without an answer there is none."""
    slowest = max((one.milliseconds for one in exchanges), default=0)
    if slowest > BEARABLE or any(one.status is None for one in exchanges):
        return Mark.FAILED, words.TOO_SLOW % {"slowest": slowest, "limit": BEARABLE}
    if slowest >= GOOD:
        return Mark.REMARK, words.SLOW % {"slowest": slowest, "limit": GOOD}
    return Mark.PASSED, words.TIMELY % {"slowest": slowest}


def judge_connection(url: str, exchanges: Sequence[Exchange]) -> Judged:
    """Judge how the receiver was reached. Plain HTTP is nobody's business on the operator's own networks."""
    if any(one.redirected for one in exchanges):
        return Mark.REMARK, _("It redirects. We follow no redirects: give the URL that they lead to.")
    public = any(one.address and ip_address(one.address).is_global for one in exchanges)
    if public and urlsplit(url).scheme == "http":
        return Mark.REMARK, _("It is called over plain HTTP, where others can read along. Use https://.")
    return Mark.PASSED, _("It was reached without a detour.")


def advise(step: Step, judged: Judged, exchanges: Sequence[Exchange]) -> str:
    """What to do about a step that failed, where its reason does not say so itself."""
    odd = next((one for one in exchanges if not one.taken), None)
    if judged[0] != Mark.FAILED or odd is None or odd.redirected:
        return ""
    if odd.problem == words.NO_TIME_LEFT:
        return _("Answer first, work later, and have it examined again.")
    if odd.status is None:
        return _("See that the URL is right, and that a server answers there in time, from the internet as well.")
    if odd.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _("Something broke in the receiver: look for the message id in its log.")
    if odd.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return _(
            "It takes a genuine message for a forged one. Compare the last four characters of its key, and show this"
            " message and its own result to the signature clinic."
        )
    return step.cure


TWO_HUNDREDS = _("An answer from 200 to 299")
STEPS = (
    Step(
        "open",
        _("A valid message"),
        TWO_HUNDREDS,
        (Letter("first"),),
        _all_taken(_("It takes a valid message.")),
        cure=_("See that the URL takes POST with a JSON body, and that nothing in front of the receiver refuses it."),
    ),
    Step(
        "bad_signature",
        _("A message whose body was changed after it was signed"),
        _("401 or another answer from 400 to 499"),
        (Letter("forged", tampered=True),),
        _judge_forgery,
        timed=False,
    ),
    Step(
        "duplicate",
        _("The first message once more, as after an answer that got lost"),
        TWO_HUNDREDS,
        (Letter("first", attempt=2),),
        _all_taken(_("It takes a message that it has seen.")),
        cure=_("Look the message id up first, and answer 200 to one that is known: any refusal makes it come again."),
    ),
    Step(
        "paid_before_open",
        _("News of one order in the wrong order: paid, then open"),
        _("An answer from 200 to 299 to both"),
        (Letter("overtaken", "paid", version=2), Letter("overtaken")),
        _all_taken(_("It takes news in any order.")),
        cure=_("Answer 200 to news that comes late, and fetch the order: the API says what is true now."),
    ),
    Step(
        "old_timestamp",
        _("A message signed 10 minutes ago"),
        _("An answer from 400 to 499; where wllt-signature is verified, which covers no time, from 200 to 299"),
        (Letter("late", age=OLD),),
        _judge_old,
        timed=False,
    ),
    Step(
        "retry",
        _("A message that comes again if it is refused: answer 500 to the first attempt to try it"),
        _("An answer from 200 to 299, to the second attempt at the latest"),
        (Letter("stubborn"), Letter("stubborn", attempt=2, if_refused=True)),
        _judge_retry,
        cure=_("Forget a message that you refused, so that its second attempt is not taken for a duplicate."),
    ),
)
TIME = ("time", _("How long it took to answer valid messages"), words.QUICK % {"limit": GOOD // 1000})
CONNECTION = ("connection", _("How it was reached"), _("No redirect, and no plain HTTP over the internet"))
