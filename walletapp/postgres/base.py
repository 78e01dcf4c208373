"""Django's PostgreSQL backend with a free health check."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Notices a connection that the server closed without asking the server.

    Django's own check sends `SELECT 1` before each request, a whole round trip. An idle connection has nothing to
    say, so if its socket is readable the server has hung up (a restart, a failover) and Django connects anew.
    """

    def is_usable(self) -> bool:
        """Tell whether the idle connection is still open."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return poll.poll(0) == []
