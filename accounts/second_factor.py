"""The second factor: codes of an app (TOTP), and recovery codes for whoever lost it."""

import base64
import hashlib
import os
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

import segno
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_otp.oath import TOTP

from accounts.encryption import decrypt, encrypt
from accounts.models import SecondFactor, User

CODES = 10  # recovery codes at once
BYTES_OF_CODE = 10
TOLERANCE = 1  # steps of 30 seconds that a phone's clock may be ahead or behind
ISSUER = "WalletApp"


def factor_of(user: Any) -> SecondFactor | None:
    """The user's second factor, if they have confirmed one."""
    return SecondFactor.objects.filter(user=user.pk, confirmed=True).first()


@transaction.atomic
def begin(user: User) -> SecondFactor:
    """The factor that `user` is setting up, made if there is none. It counts once a code has confirmed it."""
    User.objects.select_for_update().get(pk=user.pk)
    secret = encrypt(os.urandom(20).hex())
    factor, _is_new = SecondFactor.objects.get_or_create(
        user=user, defaults={"name": ISSUER, "confirmed": False, "encrypted_secret": secret}
    )
    return factor


def secret_of(factor: SecondFactor) -> str:
    """The secret as people type it: base 32, in groups of four."""
    text = base64.b32encode(_key(factor)).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def qr_of(factor: SecondFactor) -> str:
    """The secret as an app reads it: an otpauth URI in a QR code, as SVG."""
    facts = urlencode({"secret": base64.b32encode(_key(factor)).decode(), "issuer": ISSUER}, quote_via=quote)
    uri = f"otpauth://totp/{quote(f'{ISSUER}:{factor.user.email}')}?{facts}"
    return segno.make(uri, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff")


def _key(factor: SecondFactor) -> bytes:
    return bytes.fromhex(decrypt(factor.encrypted_secret))


@transaction.atomic
def confirm(user: User, code: str) -> list[str] | None:
    """Put the factor into use if `code` is right; returns the recovery codes, which nobody can read again."""
    factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed=False).first()
    if factor is None or not _takes(factor, code):
        return None
    factor.confirmed = True
    factor.save(update_fields=["confirmed"])
    return new_codes(user)


@transaction.atomic
def new_codes(user: User) -> list[str]:
    """Make recovery codes instead of those that there were."""
    user.recovery_codes.all().delete()
    codes = [_grouped(base64.b32encode(secrets.token_bytes(BYTES_OF_CODE)).decode().lower()) for _ in range(CODES)]
    for code in codes:
        user.recovery_codes.create(digest=_digest(code))
    return codes


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _digest(code: str) -> str:
    plain = code.lower().replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode()).hexdigest()


@transaction.atomic
def passes(user: User, code: str) -> SecondFactor | None:
    """The user's factor if `code` is right: six digits that were not used yet, or a recovery code, which is used up.

    Wrong ones slow further attempts down: 1 second, 2, 4 and so on. `seconds_to_wait` tells.
    """
    factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed=True).first()
    if factor is None:
        return None
    return factor if _takes(factor, code) else None


def _takes(factor: SecondFactor, code: str) -> bool:
    if not factor.verify_is_allowed()[0]:
        return False
    code = code.replace(" ", "")
    is_right = _is_now(factor, code) if code.isascii() and code.isdigit() else _is_recovery(factor, code)
    if is_right:
        factor.throttle_reset(commit=False)
    else:
        factor.throttle_increment(commit=False)
    factor.save()
    return is_right


def _is_now(factor: SecondFactor, code: str) -> bool:
    if len(code) != 6:  # noqa: PLR2004 -- the digits of a code
        return False
    totp = TOTP(_key(factor))
    totp.time = time.time()
    is_right = bool(totp.verify(int(code), tolerance=TOLERANCE, min_t=factor.last_step + 1))
    if is_right:
        factor.last_step = totp.t()
    return is_right


def _is_recovery(factor: SecondFactor, code: str) -> bool:
    unused = factor.user.recovery_codes.filter(digest=_digest(code), used_at=None)
    return bool(factor.confirmed and unused.update(used_at=Now()))


def seconds_to_wait(user: User) -> int:
    """How long no code is looked at after wrong ones."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return 0
    allowed, why = factor.verify_is_allowed()
    if allowed or why is None:
        return 0
    return int((why["locked_until"] - timezone.now()).total_seconds()) + 1


@transaction.atomic
def remove(user: User) -> bool:
    """Take the second factor and its recovery codes away. False if there was none."""
    user.recovery_codes.all().delete()
    return bool(SecondFactor.objects.filter(user=user).delete()[0])
