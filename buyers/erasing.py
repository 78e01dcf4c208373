"""Forgetting a buyer: what is personal goes, and what was bought stays, with its amounts (buyer-wallet.md §E.2)."""

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from buyers.models import PaymentSession


@transaction.atomic
def forget_buyer(buyer: User) -> User:
    """Delete a buyer's cards, addresses and connections with their tokens; leave the row without a name or address.

    Partners' orders of the buyer stay: they hold no address, and point to a row that says nothing. The brands' members
    are the brands' own, and stay. Cannot be undone; a second time changes nothing.
    """
    buyer = User.objects.select_for_update().get(pk=buyer.pk)
    PaymentSession.objects.filter(connection__buyer=buyer).delete()
    buyer.connections.all().delete()
    buyer.cards.all().delete()
    buyer.addresses.all().delete()
    buyer.email = f"{buyer.uuid}@forgotten.invalid"
    buyer.name = ""
    buyer.password = make_password(None)
    buyer.is_active = False
    buyer.last_login = buyer.last_login and timezone.now()
    buyer.save()
    return buyer
