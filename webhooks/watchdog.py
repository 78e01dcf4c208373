"""A budget of time for a whole HTTP call.

The timeouts of requests count from the last byte: a receiver that sends one byte a second holds a worker for ever. Here
one thread knows when each call has to be over and shuts its socket down then, whatever the call waits for.
"""

import contextlib
import heapq
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_local = threading.local()


@dataclass(slots=True, order=True)
class Watched:
    """One call: when it must be over, over which socket it runs, and whether it was cut."""

    deadline: float
    sock: socket.socket | None = field(default=None, compare=False)
    over: bool = field(default=False, compare=False)
    cut: bool = field(default=False, compare=False)


class Watchdog:
    """Watches the calls of this process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: list[Watched] = []
        self._thread: threading.Thread | None = None

    @contextmanager
    def budget(self, seconds: float) -> Iterator[Watched]:
        """Give the calls of this thread `seconds` in all; look at `cut` afterwards."""
        call = Watched(time.monotonic() + seconds)
        _local.call = call
        with self._changed:
            heapq.heappush(self._calls, call)
            self._wake_up_for(call)
        try:
            yield call
        finally:
            _local.call = None
            with self._changed:
                call.over = True
                _close(call)

    def register(self, sock: socket.socket) -> None:
        """Tell over which socket this thread's call runs now. A copy of its descriptor is kept, not the socket."""
        call: Watched | None = getattr(_local, "call", None)
        if call is None:
            return
        copy = socket.socket(sock.family, sock.type, sock.proto, fileno=os.dup(sock.fileno()))
        with self._changed:
            _close(call)
            call.sock = copy
            if call.cut:  # the time was up before there was a connection
                _shut_down(copy)

    def _wake_up_for(self, call: Watched) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._watch, name="webhook watchdog", daemon=True)
            self._thread.start()
        elif self._calls[0] is call:
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while True:
                while self._calls and self._calls[0].over:
                    heapq.heappop(self._calls)
                rest = self._calls[0].deadline - time.monotonic() if self._calls else None
                if rest is None or rest > 0:
                    self._changed.wait(rest)
                    continue
                call = heapq.heappop(self._calls)
                call.cut = True
                if call.sock is not None:
                    _shut_down(call.sock)


def _shut_down(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other end was quicker
        sock.shutdown(socket.SHUT_RDWR)


def _close(call: Watched) -> None:
    if call.sock is not None:
        call.sock.close()
        call.sock = None


watchdog = Watchdog()
