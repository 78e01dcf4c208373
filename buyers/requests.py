"""The log of clients' calls, in which their developers look up what went wrong. Neither bodies nor queries are kept."""

from datetime import timedelta

import structlog
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from buyers.models import Client, ClientRequest
from shops.prepared import run

KEPT = timedelta(days=7)
LONGEST_PATH = 200  # characters
LONGEST_CAUSE = 500
logger = structlog.get_logger(__name__)

# The answer does not wait for the disk: a server that loses power loses a quarter of a second of this log.
WRITE = """
WITH hurry AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO buyers_clientrequest (client_id, request_id, method, path, status, cause)
SELECT %s::bigint, %s::text, %s::text, %s::text, %s::smallint, %s::text FROM hurry
"""


def note(request: HttpRequest, *, client: Client | None, status: int, cause: str = "") -> None:
    """Write one call down. Never fails: the call was answered, whatever becomes of the log."""
    row = (
        client.pk if client else None,
        str(get_contextvars().get("request_id", ""))[:64],
        (request.method or "")[:7],
        request.path.replace("\x00", "\ufffd")[:LONGEST_PATH],
        status,
        cause.replace("\x00", "\ufffd")[:LONGEST_CAUSE],
    )
    try:
        run(WRITE, row)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("a client's call was not logged", error=type(error).__name__)


def forget() -> int:
    """Delete what is older than seven days. Returns how many."""
    return ClientRequest.objects.filter(created_at__lt=Now() - KEPT).delete()[0]
