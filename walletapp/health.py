"""Whether this process is alive, and can serve."""

import psycopg
import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, JsonResponse

from accounts.kept_secrets import KeysDoNotFit, ensure_keys_fit

SHUTTING_DOWN = "57P"  # how PostgreSQL's codes for that begin (its appendix A); a connection that broke has none


def is_away(error: BaseException | None) -> bool:
    """Whether `error` says that PostgreSQL cannot be reached, and not that it refused what it was asked."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    code = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return code is None or code.startswith(SHUTTING_DOWN)


def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- Django's signature
    """The process answers. Restart it when this fails."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 -- Django's signature
    """200 while PostgreSQL answers and ENCRYPTION_KEYS open what it keeps.

    A Redis that is down is told but is no reason to take the process out.
    """
    database, broker = _database(), _redis()
    keys = database and _keys()
    state = {
        "status": "ok" if database and keys else "unavailable",
        "postgresql": database,
        "encryption_keys": keys,
        "redis": broker,
    }
    return JsonResponse(state, status=200 if database and keys else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _keys() -> bool:
    try:
        ensure_keys_fit()
    except (KeysDoNotFit, DatabaseError):
        return False
    return True


def _redis() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=settings.REDIS_TIMEOUT, socket_connect_timeout=settings.REDIS_TIMEOUT
    )
    try:
        with client:
            return bool(client.ping())
    except redis.RedisError:
        return False
