"""What the domain refuses. walletapp/exceptions.py turns it into an HTTP answer, once."""

from typing import ClassVar

from django.utils.translation import gettext as _


class ShopError(Exception):
    """A request that the rules refuse; nothing was changed."""

    status: ClassVar[int] = 409


class TooSoon(ShopError):
    """Asked too often; the same may be asked again in `wait` seconds."""

    status = 429

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class InvalidInput(ShopError):
    """Input that cannot be accepted: the reasons, by the name of the field."""

    status = 422

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(next(iter(errors.values()))[0])
        self.errors = errors


class NotEnoughPoints(InvalidInput):
    """More points than the member has."""

    def __init__(self, asked: int, balance: int) -> None:
        text = _("%(asked)s points were asked for, but the member has %(balance)s.")
        super().__init__({"points": [text % {"asked": asked, "balance": balance}]})
