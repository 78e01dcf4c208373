"""Put this folder on PYTHONPATH, and a Python's wall clock is CLOCK_SHIFT seconds off. time.monotonic stays right.

Python imports a module of this name before anything else, so that nobody gets hold of the true clock.
"""

import datetime as dt
import os
import time

SHIFT = float(os.environ["CLOCK_SHIFT"])
true_time, true_time_ns, true_gmtime, true_localtime = time.time, time.time_ns, time.gmtime, time.localtime
true_datetime = dt.datetime


class _Kind(type):
    """Every datetime counts as one of ours: those that C code makes too."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, true_datetime)

    def __subclasscheck__(cls, subclass):
        return issubclass(subclass, true_datetime)


class ShiftedDatetime(true_datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz=None):
        return true_datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return true_datetime.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.now()


def shifted(function):
    """A function of seconds, with the shifted now where none are given."""
    return lambda seconds=None: function(time.time() if seconds is None else seconds)


time.time = lambda: true_time() + SHIFT
time.time_ns = lambda: true_time_ns() + int(SHIFT * 1e9)
time.gmtime, time.localtime = shifted(true_gmtime), shifted(true_localtime)
dt.datetime = ShiftedDatetime
