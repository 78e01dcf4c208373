"""Sign-up passes: a store card without a member, who fills in Wallet's form (apple-wallet.md §B.9)."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from accounts.encryption import encrypt
from applewallet.models import Package, Subject
from applewallet.services import credential_of
from applewallet.signals import signed_up
from applewallet.signing import signer_of

FILE = "personalization.json"
LONGEST = 500  # characters of one answer, and of the token
ANSWERS = {"fullName", "givenName", "familyName", "emailAddress", "postalCode", "ISOCountryCode", "phoneNumber"}
# What each field that the pass may ask for has to bring.
NEEDED = {
    "PKPassPersonalizationFieldName": "fullName",
    "PKPassPersonalizationFieldPostalCode": "postalCode",
    "PKPassPersonalizationFieldEmailAddress": "emailAddress",
    "PKPassPersonalizationFieldPhoneNumber": "phoneNumber",
}


def is_open(package: Package) -> bool:
    """Whether nobody has signed up with this pass yet."""
    return package.subject == Subject.SIGN_UP and FILE in package.extras


def sign_up(package: Package, body: Mapping[str, Any]) -> bytes | None:
    """Keep what somebody filled in, and return the signature of the token that came with it; None for a bad request.

    The signature is over the token's bytes in UTF-8, made like that of a manifest. Once per pass: the answers are
    encrypted, and `signals.signed_up` tells the apps above in the same transaction. Raises NotSignable.
    """
    token, answers = body.get("personalizationToken"), _answers(body.get("requiredPersonalizationInfo"))
    if not isinstance(token, str) or not 0 < len(token) <= LONGEST or not _complete(package, answers):
        return None
    signature = signer_of(credential_of(package.type)).sign(token.encode())
    try:
        with transaction.atomic():
            package.type.brand.personalizations.create(
                package=package,
                encrypted_answers=encrypt(orjson.dumps(answers).decode()),
                token_digest=hashlib.sha256(token.encode()).hexdigest(),
            )
            signed_up.send(Package, package=package, answers=answers)
    except IntegrityError:  # somebody was quicker
        return None
    return signature


def _answers(given: object) -> dict[str, str]:
    if not isinstance(given, dict):
        return {}
    return {key: text[:LONGEST] for key, text in given.items() if key in ANSWERS and isinstance(text, str)}


def _complete(package: Package, answers: Mapping[str, str]) -> bool:
    asked = package.extras[FILE]["requiredPersonalizationFields"]
    return all(answers.get(NEEDED[field], "").strip() for field in asked)
