"""What the buyer wallet refuses. Both texts of an answer are the same one (buyer-wallet.md §0.4, §A.1)."""

from typing import Any

from buyers.models import Client


class Refused(Exception):
    """A partner's call that is answered with an error; nothing was changed.

    `cause` is for the request log, where the public text is terse on purpose. `client` is whom the log shows it to,
    where the call was refused before the client was let in. `body` replaces the two keys (buyer-wallet.md §A.17).
    """

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        *,
        headers: dict[str, str] | None = None,
        cause: str = "",
        client: Client | None = None,
        body: Any = None,
        logged: bool = True,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.cause = cause or message
        self.client = client
        self.logged = logged
        self.body = error_body(error, message) if body is None else body


def error_body(error: str, message: str) -> dict[str, str]:
    """The body of an error: the reference's key for the text and the RFC's, which client libraries read."""
    return {"error": error, "error_message": message, "error_description": message}


class NotRedirected(Exception):
    """An authorization request whose faults the buyer's browser must not carry to the partner: answered with 400.

    `cause` and `client` are for the request log.
    """

    status = 400

    def __init__(self, error: str, message: str, *, cause: str = "", client: Client | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.cause = cause or message
        self.client = client

    @property
    def body(self) -> dict[str, str]:
        """The same as JSON."""
        return error_body(self.error, self.message)


class Redirected(Exception):
    """An authorization request whose faults the partner is told of: answered with 302 to `url`."""

    def __init__(self, url: str, *, error: str, message: str, client: Client) -> None:
        super().__init__(message)
        self.url = url
        self.error = error
        self.cause = f"{error}: {message}"
        self.client = client
