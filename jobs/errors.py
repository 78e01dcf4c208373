"""What ends a job before it is done."""

from shops.errors import InvalidInput


class JobRefused(InvalidInput):
    """The job cannot be done, for a reason that the person who started it can read. Nothing was changed by it."""

    def __init__(self, text: str) -> None:
        super().__init__({"job": [text]})


class LeaseLost(Exception):
    """The job was canceled, or another worker has taken it: stop, and write nothing more."""


class Stopping(Exception):
    """This process was told to stop: give the job back."""
