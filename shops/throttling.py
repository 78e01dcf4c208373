"""The API's rate limit: so many requests per token and minute, counted in Redis."""

import time
from functools import cache
from typing import Any

import redis
import structlog
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW = 60  # seconds
logger = structlog.get_logger(__name__)


@cache
def _redis() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )


class TokenThrottle(BaseThrottle):
    """A fixed window per token, with Laravel's headers (shop-orders.md §B.4).

    Redis down means no limit, not no API: after a failure it is left alone for some seconds.
    """

    asked_again_at = 0.0
    PAUSE = 5.0  # seconds

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count this request and leave the headers on the view."""
        limit = settings.API_RATE_LIMIT
        if not limit or request.auth is None:
            return True
        used = self._count(request.auth.pk)
        view.headers["X-RateLimit-Limit"] = str(limit)
        view.headers["X-RateLimit-Remaining"] = str(max(limit - used, 0))
        if used <= limit:
            return True
        view.headers["X-RateLimit-Reset"] = str(int(time.time()) + self.wait())
        return False

    def wait(self) -> int:
        """Seconds until the window ends."""
        return WINDOW - int(time.time()) % WINDOW

    def _count(self, token: int) -> int:
        if time.monotonic() < TokenThrottle.asked_again_at:
            return 0
        key = f"{settings.REDIS_PREFIX}:rate:{token}:{int(time.time()) // WINDOW}"
        try:
            used = int(_redis().incr(key))
            if used == 1:
                _redis().expire(key, WINDOW * 2)
        except redis.RedisError as error:
            TokenThrottle.asked_again_at = time.monotonic() + self.PAUSE
            logger.warning("rate limit is off: Redis does not answer", error=type(error).__name__)
            return 0
        return used
