"""A buyer's cards and addresses."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from buyers.addresses import details_of, remove_address, summary
from buyers.cards import remove_card
from buyers.forms import AddressForm
from buyers.models import Address
from buyers.pages.adding import ADDED, Adding
from buyers.pages.base import BuyerPage
from shops.errors import InvalidInput


class Wallet(Adding):
    """All of them, with forms that add one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show them."""
        request.session.pop(ADDED, None)
        return self.show()

    def show(self, status: int = 200) -> HttpResponse:
        """The page."""
        cards = self.buyer.cards.all()
        addresses = [(one, summary(details_of(one))) for one in self.buyer.addresses.all()]
        return self.page("wallet", status, at="wallet", cards=cards, addresses=addresses, **self.adding())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Add one."""
        step = request.POST.get("step", "")
        return (self.add(step) if step in {"card", "address"} else None) or self.show(422)


class Remove(BuyerPage):
    """Removes a card or an address, after a warning that names the apps that use it."""

    rows = ""  # of the buyer
    verb: Any

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Find it; another buyer's is not there."""
        super().setup(request, *args, **kwargs)
        if self.buyer is not None:
            self.found: Any = get_object_or_404(getattr(self.buyer, self.rows), uuid=kwargs["uuid"])

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Ask."""
        users = self.found.connections.filter(revoked_at=None).select_related("client").order_by("pk")
        name = summary(details_of(self.found)) if isinstance(self.found, Address) else str(self.found)
        return self.page("remove", at="wallet", name=name, users=users, kind=self.rows)

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Remove it."""
        type(self).verb(self.found)
        return self.go("/wallet")


class RemoveCard(Remove):
    """Removes a card."""

    rows = "cards"
    verb = staticmethod(remove_card)


class RemoveAddress(Remove):
    """Removes an address."""

    rows = "addresses"
    verb = staticmethod(remove_address)


class ChangeAddress(BuyerPage):
    """Writes an address anew."""

    def form(self, uuid: UUID, data: Any = None) -> AddressForm:
        """The form, with what is kept."""
        found = get_object_or_404(self.buyer.addresses, uuid=uuid)
        return AddressForm(data, address=found, prefix="address")

    def get(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Show it."""
        return self.page("address", at="wallet", form=self.form(uuid))

    def post(self, request: HttpRequest, uuid: UUID) -> HttpResponse:
        """Keep what is written now."""
        form = self.form(uuid, request.POST)
        try:
            if form.is_valid():
                form.save(self.buyer)
                return self.go("/wallet")
        except InvalidInput as error:
            form.add_error(None, str(error))
        return self.page("address", 422, at="wallet", form=form)
