"""What is deleted of the wallet API's rows, and when (docs/operators.md)."""

from datetime import timedelta

from django.utils import timezone

from buyers.models import AccessToken, ClientRequest, Connection, Grant, RefreshToken
from buyers.tasks import forget_tokens
from tests.buyers.flow import code_for, exchange, refresh
from tests.buyers.making import age, connect


def count():
    return tuple(model.objects.count() for model in (Grant, AccessToken, RefreshToken, ClientRequest))


def test_what_can_still_be_used_stays(partner, buyer):
    assert exchange(partner, code_for(partner.client, buyer)).status_code == 200
    age(RefreshToken.objects.get(), days=364)
    assert forget_tokens() == 0
    assert count() == (1, 1, 1, 1)


def test_what_must_be_told_from_what_never_was_stays_for_a_while(partner, buyer):
    code = code_for(partner.client, buyer)
    token = exchange(partner, code).json()["refresh_token"]
    age(Grant.objects.get(), days=6)
    age(RefreshToken.objects.get(), days=365 + 89)
    assert forget_tokens() == 0
    assert refresh(partner, token).json()["error"] == "invalid_refresh_token"
    assert exchange(partner, code).json()["error"] == "invalid_grant"
    assert AccessToken.objects.count() == 0  # the replay was seen


def test_what_is_long_over_goes(partner, buyer):
    exchange(partner, code_for(partner.client, buyer))
    age(Grant.objects.get(), days=8)
    age(AccessToken.objects.get(), days=2)
    age(RefreshToken.objects.get(), days=365 + 91)
    ClientRequest.objects.update(created_at=timezone.now() - timedelta(days=7, minutes=1))
    assert forget_tokens() == 4
    assert count() == (0, 0, 0, 0)
    assert Connection.objects.count() == 1


def test_revoked_ones_go_after_ninety_days(partner, buyer):
    connect(partner.client, buyer)
    RefreshToken.objects.update(revoked=timezone.now() - timedelta(days=89))
    assert forget_tokens() == 0
    RefreshToken.objects.update(revoked=timezone.now() - timedelta(days=91))
    assert forget_tokens() == 1
    assert AccessToken.objects.count() == 1
