"""What devices write about trouble, read for staff (apple-wallet.md §B.10). Anybody can write there: never trust it.

A request that failed: `[time] X task (for device …, pass type …, serial number …; with web service url …) encountered
error: …`. An answer that made no sense: `[time] Web service error for <type> (<url>): …`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST = 1000  # characters of a line that are read
TASK = re.compile(r"(?:^|\] )(\w[\w #]{0,40}?) task \(")
SERVICE = re.compile(r"(?:^|\] )Web service (?:error|warning) for ([\w.-]{1,150})")
DEVICE = re.compile(r"\b(?:for device|Device =) ([^\s,;)]{1,200})")
TYPE = re.compile(r"\b(?:pass|order) type ([\w.-]{1,150})")
SERIAL = re.compile(r"\b(?:serial number|order identifier) '?([A-Za-z0-9._-]{1,64})")
OUTCOME = re.compile(r" encountered (?:error|warning): (.*)", re.DOTALL)
AFTER_SERVICE = re.compile(r"\): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a line says: what the device was doing, with which package, and what went wrong; empty where it does not."""

    task: str
    serial: str
    device: str = ""
    type: str = ""
    error: str = ""


def parse(line: str) -> Parsed:
    """Read a line. Never fails: what it cannot read stays empty."""
    line = line[:LONGEST]
    service = SERVICE.search(line)
    outcome = AFTER_SERVICE.search(line, service.end()) if service else OUTCOME.search(line)
    return Parsed(
        task="Web service" if service else _first(TASK, line),
        serial=_first(SERIAL, line),
        device=_first(DEVICE, line),
        type=service[1] if service else _first(TYPE, line),
        error=outcome[1].strip() if outcome else "",
    )


def _first(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.search(line)
    return found[1].strip() if found else ""


# A device's identifier opens its list of packages, so it is a secret; so is whatever else looks like a key or a token.
SECRETS = re.compile(r"(?P<device>\b(?:for device|Device =) )(?P<name>[^\s,;)]+)|\b[0-9A-Fa-f]{32,}\b|[\w-]{40,}")


def masked(line: str) -> str:
    """A line for eyes, with the end of the device's identifier only."""
    short = line[:LONGEST]
    return SECRETS.sub(lambda found: f"{found['device']}{mask(found['name'])}" if found["device"] else "…", short)


def mask(identifier: str) -> str:
    """The end of an identifier, by which people can tell two apart."""
    return f"…{identifier[-6:]}" if len(identifier) > 8 else "…"  # noqa: PLR2004 -- of a short one nothing is shown


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of trouble: how lines tell of it, what it means, and what to do."""

    words: re.Pattern[str]
    title: str | Promise
    meaning: str | Promise
    cure: str | Promise


def _trouble(words: str, title: Promise, meaning: Promise, cure: Promise) -> Trouble:
    return Trouble(re.compile(words, re.IGNORECASE), title, meaning, cure)


# The first that fits. These are Wallet's own words, in English; what comes from the system may be in any language.
TROUBLES = [
    _trouble(
        r"authentication failure|unexpected response code 401",
        _("The package was not let in"),
        _("It carries another authentication token than the one we keep, or it is no package of ours any more."),
        _("The member removes it from Wallet and adds it again. After a restore of the database this is expected."),
    ),
    _trouble(
        r"unexpected response code 404",
        _("The address was not found"),
        _("Something in front of us answered, or the address in the package is not ours."),
        _("Have the proxy pass on everything below /w/ as it arrives, and check that PUBLIC_URL has not changed."),
    ),
    _trouble(
        r"unexpected response code 503",
        _("The package could not be signed"),
        _("No certificate is in use that is valid today."),
        _("Upload a valid certificate. Phones ask again by themselves."),
    ),
    _trouble(
        r"unexpected response code 5\d\d",
        _("Our server failed"),
        _("A request of the phone ended with an error on our side."),
        _("Look into the log of the web process at that time. Phones ask again by themselves."),
    ),
    _trouble(
        r"unexpected response code",
        _("An answer that phones do not expect"),
        _("A proxy in front of us answered, perhaps with a redirect or a page of its own."),
        _("Have the proxy pass on everything below /w/ as it arrives."),
    ),
    _trouble(
        r"invalid (?:pass|order) data|returned a pass with|invalid signature|manifest",
        _("The package was refused"),
        _("The phone fetched it and does not accept it: its signature, its certificate or something in it is wrong."),
        _("Look at the certificate first: for tests, expired, the wrong intermediate? Then look at the package."),
    ),
    _trouble(
        r"but the (?:pass|order) was unchanged|spurious push",
        _("A push without news"),
        _("The phone was woken, asked, and had everything already; most often it had asked a moment earlier."),
        _("Nothing, as long as these are few."),
    ),
    _trouble(
        r"unregistered serial number",
        _("A package that the phone has no more"),
        _("We named a package that was removed from the phone, whose farewell has not arrived yet."),
        _("Nothing: it is forgotten when the phone says so."),
    ),
    _trouble(
        r"omitted a last|remained the same|if-modified-since' header|last-modified' header",
        _("A header or tag was lost on the way"),
        _("What we send with every answer did not arrive; a proxy or a cache between changes answers."),
        _("Have the proxy keep Last-Modified, ETag and If-Modified-Since, and cache nothing below /w/."),
    ),
    _trouble(
        r"malformed|missing response data",
        _("An answer that made no sense"),
        _("The phone expected JSON or a package and got something else, perhaps a page of the proxy."),
        _("Have the proxy pass on everything below /w/ as it arrives."),
    ),
    _trouble(
        r"ssl|tls|secure connection|certificate for this server|app transport security",
        _("The connection was not trusted"),
        _("The phone does not trust the certificate of our web address."),
        _("Renew the web server's certificate; it must be one that phones trust, with its whole chain."),
    ),
    _trouble(
        r"timed out|connect to the server|hostname could not be found|connection was lost|offline",
        _("The server was not reached"),
        _("The phone had no network, or our web address did not answer."),
        _("Nothing, if these are few. If many phones say so at the same time, check that the address can be reached."),
    ),
]


def trouble_of(parsed: Parsed) -> Trouble | None:
    """The kind of trouble that a line tells of; None if it is not in the table."""
    return next((trouble for trouble in TROUBLES if trouble.words.search(parsed.error)), None)


@dataclass(slots=True)
class Group:
    """Lines about the same kind of trouble in the same task, the newest of them to look at."""

    task: str
    trouble: Trouble | None
    newest: str
    last: datetime
    count: int = 0
    serials: list[str] = field(default_factory=list)


MOST_SERIALS = 5  # named in a group


def grouped(lines: Iterable[tuple[str, datetime]]) -> list[Group]:
    """Group lines with their times, the newest first, by kind of trouble and task; the most frequent first.

    Those that the table does not know are told apart by their own words.
    """
    groups: dict[tuple[object, ...], Group] = {}
    for line, received_at in lines:
        parsed = parse(line)
        trouble = trouble_of(parsed)
        key = (parsed.task, trouble.words if trouble else _shape(parsed.error or line[:LONGEST]))
        group = groups.setdefault(key, Group(parsed.task, trouble, masked(line), received_at))
        group.count += 1
        if parsed.serial and parsed.serial not in group.serials and len(group.serials) < MOST_SERIALS:
            group.serials.append(parsed.serial)
    return sorted(groups.values(), key=lambda group: -group.count)


def _shape(text: str) -> str:
    """A message without what differs from line to line: words with times, numbers, identifiers in them."""
    return " ".join("0" if re.search(r"\d", word) else word for word in text.split())
