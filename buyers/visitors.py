"""Who is looking: the buyer whom this browser's session names. Never Django's own sign-in, which opens the admin."""

import re
import time
from datetime import UTC
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from accounts.models import User
from shops.errors import InvalidInput

KEY = "buyer"  # in the session: the user's key, and what changes with the password
SINCE = "buyer since"  # in the session: when they signed in, seconds since 1970
WAITING = "buyer waits at"  # in the session: a page whose address is too long for a mail
SALT = "buyers.sign-in"
LINK_LASTS = 30 * 60  # seconds
FRESH = 10 * 60  # seconds after signing in; later a buyer is asked again before what nobody else may do
MOST_CARRIED = 1000  # characters of a page's address in a link; servers and mail programs cut long ones
HOME = "/wallet"
FORGOTTEN = "@forgotten.invalid"  # how the address of somebody ends who closed their wallet
# Nothing but our own pages, as the browser itself writes their addresses.
OWN_PAGE = re.compile(r"(/pay/authorize|/wallet(/[a-z]+(/[\w-]+(/[a-z]+)?)?)?|/po/[\w-]+)(\?[!-~]*)?", re.ASCII)


def own_page(path: str) -> str:
    """`path`, if it is one of the buyers' pages; else their wallet. Whoever made up a link leads nobody elsewhere."""
    return path if OWN_PAGE.fullmatch(path) else HOME


def buyer_of(request: HttpRequest) -> User | None:
    """The buyer who signed in with this browser; None once they are disabled or have another password."""
    key, digest = request.session.get(KEY) or (None, "")
    if key is None:
        return None
    known: dict[str, Any] = vars(request)
    if "_buyer" not in known:
        buyer = User.objects.filter(pk=key, is_active=True).first()
        known["_buyer"] = buyer if buyer and buyer.get_session_auth_hash() == digest else None
    return known["_buyer"]


def sign_in(request: HttpRequest, buyer: User) -> None:
    """`buyer` signed in. Session key and CSRF token change: what somebody planted before is worth nothing."""
    request.session.cycle_key()
    request.session[KEY] = [buyer.pk, buyer.get_session_auth_hash()]
    request.session[SINCE] = int(time.time())
    vars(request).pop("_buyer", None)
    rotate_token(request)


def is_fresh(request: HttpRequest) -> bool:
    """Whether the buyer signed in with this browser just now, by a link or a password."""
    return 0 <= time.time() - request.session.get(SINCE, 0) < FRESH


def keep_signed_in(request: HttpRequest, buyer: User) -> None:
    """Let this browser stay signed in after a change of the password, which ends every other session."""
    since = request.session.get(SINCE, 0)
    sign_in(request, buyer)
    request.session[SINCE] = since


def sign_out(request: HttpRequest) -> None:
    """Forget who signed in; a cart or the admin in the same browser stay."""
    for key in (KEY, SINCE, WAITING):
        request.session.pop(key, None)
    request.session.cycle_key()
    vars(request).pop("_buyer", None)
    rotate_token(request)


def find_buyer(email: str) -> User | None:
    """Whoever has this e-mail address, disabled or not."""
    return User.objects.filter(email__lower=email.strip().lower()).first()


class WalletClosed(InvalidInput):
    """A wallet that was closed while something was about to be put into it."""

    def __init__(self) -> None:
        super().__init__({"wallet": [_("This wallet has been closed.")]})


def hold(buyer: User) -> None:
    """Let nobody close the wallet before the transaction ends. Raises WalletClosed if somebody has."""
    if is_forgotten(User.objects.select_for_update(no_key=True).get(pk=buyer.pk)):
        raise WalletClosed


def is_forgotten(buyer: User) -> bool:
    """Whether the buyer has closed the wallet. One who is only disabled has not."""
    return not buyer.is_active and buyer.email.endswith(FORGOTTEN)


def hinted(hint: str) -> str:
    """The e-mail address that a `login_hint` means, "" if none.

    An address means itself, whether somebody has it or not. A uuid is nothing that anybody guesses.
    """
    try:
        validate_email(hint)
    except ValidationError:
        return _email_of(hint)
    return hint


def _email_of(uuid: str) -> str:
    try:
        found = User.objects.filter(uuid=UUID(uuid), is_active=True).first()
    except ValueError:
        return ""
    return found.email if found else ""


def with_password(email: str, password: str) -> User | None:
    """The buyer with this password; it takes as long if there is none, or none with a password."""
    buyer = find_buyer(email)
    is_right = check_password(password, buyer.password if buyer else make_password(None))
    return buyer if is_right and buyer and buyer.is_active else None


def sign_in_url(email: str, after: str) -> str:
    """A link that signs in whoever has `email`, or makes an account for it; once, within LINK_LASTS.

    It leads on to the page `after`, if that is not too long.
    """
    token = signing.dumps([email, _last_time(find_buyer(email)), after], salt=SALT, compress=True)
    return f"{settings.PUBLIC_URL}/pay/sign-in/{token}"


def _last_time(buyer: User | None) -> str | None:
    """Part of every link: once it was used, all that were made before it are void. None: no account yet."""
    if buyer is None:
        return None
    return buyer.last_login.astimezone(UTC).isoformat() if buyer.last_login else ""


class Link:
    """What a link's token says: `email`, where it leads (`after`), whose it is (`buyer`), and if it is still good."""

    def __init__(self, token: str) -> None:
        """Read it. Raises signing.BadSignature for one that is not ours, or too old."""
        self.email, self.last_time, after = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
        self.after = own_page(after) if after else ""
        self.buyer = find_buyer(self.email)

    @property
    def is_good(self) -> bool:
        """Whether nobody has used it, or another one since."""
        is_active = self.buyer is None or self.buyer.is_active
        return is_active and _last_time(self.buyer) == self.last_time

    def spend(self, name: str = "") -> User | None:
        """The buyer it signs in, made now if new; None if somebody was faster."""
        if self.buyer is None:
            return self._new(name)
        unspent = User.objects.filter(pk=self.buyer.pk, last_login=self.buyer.last_login, is_active=True)
        return self.buyer if unspent.update(last_login=Now()) else None

    def _new(self, name: str) -> User | None:
        try:
            with transaction.atomic():
                return User.objects.create_user(self.email, name=name)
        except IntegrityError:
            return None
