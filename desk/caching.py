"""Figures that may be a little old. Without Redis they are counted anew each time."""

from collections.abc import Callable
from typing import TypeVar

import redis
import structlog
from django.core.cache import cache

Found = TypeVar("Found")
logger = structlog.get_logger(__name__)


def kept(key: str, seconds: int, count: Callable[[], Found]) -> Found:
    """What `count` said less than `seconds` ago under this `key`, or says now."""
    try:
        found: Found | None = cache.get(key)
    except redis.RedisError as error:
        logger.warning("figures are counted anew: Redis does not answer", error=type(error).__name__)
        return count()
    if found is None:
        found = count()
        try:
            cache.set(key, found, seconds)
        except redis.RedisError as error:
            logger.warning("figures are not kept: Redis does not answer", error=type(error).__name__)
    return found
