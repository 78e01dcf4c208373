"""The API's rate limit: so many requests per token and minute, over all processes, counted in Redis."""

import threading
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.addresses import ip_of

__all__ = ["WINDOW", "Counter", "TokenThrottle", "counter", "ip_of"]

WINDOW = 60  # seconds
ASKED_EVERY = 0.1  # seconds; asking Redis costs as much as a fifth of a request
PAUSE = 5.0  # seconds without asking after Redis failed to answer
logger = structlog.get_logger(__name__)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )


@dataclass(slots=True)
class Window:
    """What this process knows of one token in one minute."""

    minute: int
    told: int = 0  # requests of all processes, as Redis said last
    untold: int = 0  # ours since then
    ask_at: float = 0.0


class Counter:
    """Counts requests here, and together with the other processes every tenth of a second.

    One process counts exactly. Several can let a token exceed its limit by what arrives within that tenth.
    """

    def __init__(self) -> None:
        self.windows: dict[int | str, Window] = {}
        self.lock = threading.Lock()

    def count(self, token: int | str) -> int:
        """Count one request of `token`; returns how many there were in this minute, as far as is known."""
        minute, now = int(time.time()) // WINDOW, time.monotonic()
        with self.lock:
            window = self.windows.get(token)
            if window is None or window.minute != minute:
                self._forget_older_than(minute)
                window = self.windows[token] = Window(minute)
            window.untold += 1
            used = window.told + window.untold
            if now < window.ask_at:
                return used
            window.ask_at = now + ASKED_EVERY
            telling, window.untold = window.untold, 0
            window.told += telling
        return self._tell(token, window, telling, used)

    def _forget_older_than(self, minute: int) -> None:
        self.windows = {token: window for token, window in self.windows.items() if window.minute >= minute}

    def _tell(self, token: int | str, window: Window, telling: int, used: int) -> int:
        key = f"{settings.REDIS_PREFIX}:rate:{token}:{window.minute}"
        try:
            total = int(_redis().incrby(key, telling))
            if total == telling:
                _redis().expire(key, WINDOW * 2)
        except redis.RedisError as error:
            window.ask_at = time.monotonic() + PAUSE
            logger.warning("rate limits count this process only: Redis does not answer", error=type(error).__name__)
            return used
        window.told = max(window.told, total)
        return window.told + window.untold


counter = Counter()


class TokenThrottle(BaseThrottle):
    """A fixed window per token, with Laravel's headers (shop-orders.md §B.4). Without Redis, one per process."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this request and leave the headers on the view."""
        limit = settings.API_RATE_LIMIT
        if not limit or request.auth is None:
            return True
        used = counter.count(request.auth.pk)
        view.headers["X-RateLimit-Limit"] = str(limit)
        view.headers["X-RateLimit-Remaining"] = str(max(limit - used, 0))
        if used <= limit:
            return True
        view.headers["X-RateLimit-Reset"] = str(int(time.time()) + self.wait())
        return False

    def wait(self) -> int:
        """Seconds until the window ends."""
        return WINDOW - int(time.time()) % WINDOW
