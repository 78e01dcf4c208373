"""Links to passes that open without signing in, for mails: who has one may show the pass, as with a paper coupon."""

from django.conf import settings
from django.core.signing import BadSignature, Signer

from passes.models import Pass

_signer = Signer(salt="passes.links")


def key_of(issued: Pass) -> str:
    """What opens the page of `issued` to whoever has it."""
    return _signer.signature(str(issued.uuid))


def opens(issued: Pass, key: str) -> bool:
    """Whether `key` is the key of `issued`."""
    try:
        return bool(_signer.unsign(f"{issued.uuid}:{key}"))
    except BadSignature:
        return False


def pass_url(issued: Pass) -> str:
    """The page of `issued`, with its key."""
    return f"{settings.PUBLIC_URL}/s/{issued.coupon.brand.slug}/passes/{issued.uuid}?key={key_of(issued)}"
