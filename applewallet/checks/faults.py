"""What is wrong with a package: where, why, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"  # Wallet refuses the package, or shows something wrong or nothing where something should be
    WARNING = "warning"  # no phone stumbles over it, but it has no effect, or looks worse than it could


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. `field` is a path in the JSON (`fulfillments[1].status`) or the name of a file."""

    field: str
    reason: str
    cure: str
    severity: Severity = Severity.ERROR


def warning(field: str, reason: str, cure: str) -> Fault:
    """A fault that stops nobody."""
    return Fault(field, reason, cure, Severity.WARNING)


def place(path: Iterable[str | int]) -> str:
    """A path as people write it: `storeCard.headerFields[0].value`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".")


def shown(value: object) -> str:
    """A value as a message quotes it, cut where it gets long."""
    text = str(value)
    return f"“{text[:40]}…”" if len(text) > 40 else f"“{text}”"  # noqa: PLR2004 -- what a line holds
