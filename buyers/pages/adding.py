"""Adding a card or an address on whichever page needs one."""

from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from buyers.forms import AddressForm, CardForm
from buyers.pages.base import BuyerPage
from shops.errors import InvalidInput

ADDED = "buyer added"  # in the session: what was added a moment ago, to mark it


@method_decorator(sensitive_post_parameters("card-number"), name="dispatch")
class Adding(BuyerPage):
    """A page with forms that add a card and an address; the page itself is shown again after that."""

    faulty: dict[str, Any]

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is faulty yet."""
        super().setup(*args, **kwargs)
        self.faulty = {}

    def adding(self) -> dict[str, Any]:
        """The forms, for the template: as they were sent, if something is wrong with them."""
        made = {"card": self.form("card"), "address": self.form("address")}
        return {f"add_{name}": self.faulty.get(name, form) for name, form in made.items()}

    def form(self, name: str, data: Any = None) -> Any:
        """One of the two forms."""
        if name == "card":
            newest = self.buyer.addresses.last()
            initial = {"address": str(newest.uuid)} if newest else {}
            return CardForm(data, buyer=self.buyer, prefix="card", initial=initial)
        return AddressForm(data, prefix="address")

    def add(self, name: str) -> HttpResponse | None:
        """Add what was sent, and show the page again; None if something is wrong with it."""
        form = self.form(name, self.request.POST)
        self.faulty[name] = form
        if not form.is_valid():
            return None
        try:
            row = form.save() if name == "card" else form.save(self.buyer)
        except InvalidInput as error:
            form.add_error(None, str(error))
            return None
        self.request.session[ADDED] = {**self.request.session.get(ADDED, {}), name: str(row.uuid)}
        return self.go(self.request.get_full_path())
