"""What Apple's answers to pushes mean, and what is done about each (apple-wallet.md §D.3)."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from applewallet.apns import EXPIRED, Answer

# Seconds waited before each attempt after the first, give or take a quarter: 30 attempts in about 24 hours, then the
# push is given up. The change itself is not lost: devices ask by themselves now and then, and at the next push.
WAITS = (1, 4, 16, 60, 240, 900, *[3600] * 23)
TOO_OFTEN = 300  # seconds that a device is left alone of which Apple said that it gets too many
OF_OUR_TOPIC = {"DeviceTokenNotForTopic", "BadTopic", "TopicDisallowed", "MissingTopic"}


class Outcome(StrEnum):
    """What becomes of a push."""

    SENT = "sent"
    AGAIN = "again"
    GONE = "gone"  # no phone has this push token any more
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`stops` says why nothing more may be sent for the whole package type; `is_ours` that the fault is in our code."""

    outcome: Outcome
    wait: float = 0.0  # seconds until the next attempt
    stops: str = ""
    is_ours: bool = False


def judge(answer: Answer, attempt: int) -> Verdict:
    """What to do after the so-manieth attempt was answered."""
    status, reason = answer.status, answer.reason
    if status == HTTPStatus.OK:
        return Verdict(Outcome.SENT)
    if status == HTTPStatus.GONE or (status, reason) == (HTTPStatus.BAD_REQUEST, "BadDeviceToken"):
        return Verdict(Outcome.GONE)
    if reason == EXPIRED:  # also with a new provider token: our clock is wrong, not the credential
        return again(attempt)
    if status == HTTPStatus.FORBIDDEN or reason in OF_OUR_TOPIC:
        return Verdict(Outcome.AGAIN, stops=f"{status} {reason}".strip())
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return again(attempt, TOO_OFTEN if reason == "TooManyRequests" else 0.0)
    return Verdict(Outcome.DEAD, is_ours=True)


def again(attempt: int, at_least: float = 0.0) -> Verdict:
    """Another attempt after the schedule's wait, or after `at_least` seconds; none when the schedule is used up."""
    if attempt > len(WAITS):
        return Verdict(Outcome.DEAD)
    return Verdict(Outcome.AGAIN, wait=max(float(WAITS[attempt - 1]), at_least))
