"""Everything that a run of the tests logs, and what must not stand in it."""

import functools
import logging
import re
import sys

from django.conf import settings

from buyers import sessions, tokens
from buyers.published_cards import PUBLISHED
from walletapp import logs

PARTS = (4, 8, 12)  # after which digits people put spaces


class Collector(logging.Handler):
    """Keeps each line as it would have been written to standard error."""

    def __init__(self):
        super().__init__()
        self.lines = set()
        options = dict(settings.LOGGING["formatters"]["json"])
        self.setFormatter(options.pop("()")(**options))

    def emit(self, record):
        self.lines.add(self.format(record))


def spaced(number):
    """A number as people write it."""
    starts = (0, *PARTS)
    return " ".join(number[start:end] for start, end in zip(starts, (*PARTS, len(number)), strict=True))


issued = set()  # tokens, codes and secrets that were made in this process
RUN = re.compile(r"[A-Za-z0-9_~.-]{16,}")


def remember(text):
    """Note a secret that no line may hold."""
    issued.add(text)
    return text


def leaks(lines, secrets=()):
    """Which published card numbers and which of the secrets the lines hold."""
    numbers = [written for card in PUBLISHED for written in (card.number, spaced(card.number))]
    lengths = {len(secret) for secret in secrets}
    found = set()
    for line in lines:
        found.update(number for number in numbers if number in line)
        for run in RUN.findall(line):
            parts = (run[start : start + length] for length in lengths for start in range(len(run) - length + 1))
            found.update(set(parts) & secrets)
    return sorted(found)


class Watch:
    """Collects from `start` to `stop`, and notes every secret that the app makes meanwhile."""

    MAKERS = (tokens.new_secret, sessions.open_session)

    def __init__(self):
        self.collector = Collector()

    def start(self):
        logging.getLogger().addHandler(self.collector)
        self.write = logs.write
        logs.write = self._write
        for make in self.MAKERS:
            _replace(make, _remembering(make))

    def stop(self):
        logging.getLogger().removeHandler(self.collector)
        logs.write = self.write

    def leaks(self):
        return leaks(self.collector.lines, issued)

    def _write(self, line):
        self.collector.lines.add(line)
        self.write(line)


def _remembering(make):
    @functools.wraps(make)
    def made(*arguments, **options):
        return remember(make(*arguments, **options))

    return made


def _replace(function, other):
    """Put another function in its place, wherever it was imported by name."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get(function.__name__) is function:
            setattr(module, function.__name__, other)
