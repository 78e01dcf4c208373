"""Mollie in the admin: a brand's key, which only an owner writes and nobody reads; an order's payment."""

import pytest
from django.contrib.admin.models import LogEntry

from orders.models import Order, Payment
from orders.paying import ANY, look
from orders.payments.keys import FORM, forget_key, keep_key, key_of
from orders.services import cancel
from orders.tasks import ask_providers, look_at_payments
from shops.errors import InvalidInput
from shops.models import Brand
from tests.admin.conftest import staff, superuser  # noqa: F401 -- fixtures
from tests.admin.helping import said, sign_in, text_of
from tests.making import make_order
from tests.orders.mollie import LIVE_KEY, OTHER_KEY, TEST_KEY
from tests.orders.test_mollie import later


@pytest.fixture
def brand(shop):
    """Whose team `staff` belongs to."""
    return shop


@pytest.fixture
def order(brand):
    return make_order(brand)


def save(somebody, brand, **more):
    """Send the brand's form as its page would."""
    form = somebody.get("shops_brand_change", brand.pk).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if name not in {"mollie_key", "remove_mollie_key", "logo"}}
    sent = {name: value for name, value in data.items() if value is not None and value is not False} | more
    return somebody.post("shops_brand_change", brand.pk, **sent)


def anew(brand):
    return Brand.objects.get(pk=brand.pk)


def test_an_owner_replaces_the_key_and_nobody_sees_it_again(staff, brand):  # noqa: F811
    owner = staff("owner")
    assert save(owner, brand, mollie_key=f" {LIVE_KEY} ").status_code == 302
    assert key_of(brand) == LIVE_KEY
    assert anew(brand).mollie_key_hint == "live_…9Kk0"
    page = text_of(owner.get("shops_brand_change", brand.pk))
    assert "live_…9Kk0" in page
    assert LIVE_KEY not in page
    assert LIVE_KEY not in text_of(owner.get("shops_brand_history", brand.pk))
    assert LIVE_KEY not in "".join(LogEntry.objects.values_list("change_message", flat=True))
    assert LIVE_KEY.encode() not in bytes(anew(brand).encrypted_mollie_key)


def test_saving_the_rest_leaves_the_key(staff, brand):  # noqa: F811
    assert save(staff("owner"), brand, name="Café Zuid").status_code == 302
    assert (anew(brand).name, key_of(brand)) == ("Café Zuid", TEST_KEY)


@pytest.mark.parametrize(
    "wrong", ["x", "test_", "test_short", "prod_" + "a" * 30, TEST_KEY + " " + TEST_KEY, "a" * 201]
)
def test_what_cannot_be_a_key_is_refused_and_not_repeated(staff, brand, wrong):  # noqa: F811
    page = text_of(save(staff("owner"), brand, mollie_key=wrong))
    assert "Copy all of it" in page or "at most 200 characters" in page
    assert f'value="{wrong}"' not in page
    assert key_of(brand) == TEST_KEY
    with pytest.raises(InvalidInput):
        keep_key(brand, wrong)
    assert key_of(brand) == TEST_KEY


def test_the_key_goes_only_when_mollie_is_not_needed(staff, brand):  # noqa: F811
    owner = staff("owner")
    assert "Mollie needs a key." in text_of(save(owner, brand, remove_mollie_key="on"))
    assert "Either a new key, or none." in text_of(save(owner, brand, remove_mollie_key="on", mollie_key=OTHER_KEY))
    assert key_of(brand) == TEST_KEY
    assert save(owner, brand, remove_mollie_key="on", payment_provider="sandbox").status_code == 302
    assert (anew(brand).encrypted_mollie_key, anew(brand).mollie_key_hint) == (None, "")
    assert "Mollie needs a key." in text_of(save(owner, brand, payment_provider="mollie"))
    assert anew(brand).payment_provider == "sandbox"
    assert save(owner, brand, payment_provider="mollie", mollie_key=OTHER_KEY).status_code == 302
    assert (anew(brand).payment_provider, key_of(brand)) == ("mollie", OTHER_KEY)


@pytest.mark.parametrize("role", ["viewer", "support", "manager"])
def test_who_is_no_owner_touches_no_key(staff, brand, mollie, role):  # noqa: F811
    somebody = staff(role)
    page = text_of(somebody.get("shops_brand_change", brand.pk))
    assert 'name="mollie_key"' not in page
    assert "Check the key" not in page
    somebody.post("shops_brand_change", brand.pk, mollie_key=LIVE_KEY, language="nl", time_zone="Europe/Amsterdam")
    assert anew(brand).mollie_key_hint == "test_…Lm9P"
    assert somebody.post("shops_brand_try_key", brand.pk).status_code == 403
    assert (key_of(brand), mollie.calls) == (TEST_KEY, [])


def test_another_brands_key_is_out_of_reach(staff, other, mollie):  # noqa: F811
    keep_key(other, OTHER_KEY)
    assert staff("owner").post("shops_brand_try_key", other.pk).status_code == 302
    assert mollie.calls == []


def test_the_key_is_tried(staff, brand, mollie):  # noqa: F811
    owner = staff("owner")
    assert "Check the key" in text_of(owner.get("shops_brand_change", brand.pk))
    assert owner.get("shops_brand_try_key", brand.pk).status_code == 405
    answer = owner.post("shops_brand_try_key", brand.pk)
    assert said(answer) == ["Mollie accepts the key test_…Lm9P. Members can pay by: iDEAL, Card."]
    keep_key(brand, "test_" + "x" * 30)
    text = said(owner.post("shops_brand_try_key", brand.pk))[-1]
    assert text.startswith("The key test_…xxxx was not accepted. Mollie: 401 ")
    mollie.faults = ["silent"]
    text = said(owner.post("shops_brand_try_key", brand.pk))[-1]
    assert text == "The key test_…xxxx was not accepted. Mollie does not answer (ReadTimeout)."


def test_the_payments_facts_stand_on_the_orders_page(staff, order, mollie):  # noqa: F811
    page = text_of(staff("viewer").get("orders_order_change", order.pk))
    assert "Ask the provider now" not in page
    look(order.payment)
    page = text_of(staff("support").get("orders_order_change", order.pk))
    for text in ("tr_Stand00001", "Mollie", "Test payment: no real money", "Ask the provider now"):
        assert text in page


def test_a_live_payment_carries_no_mark(staff, order, brand):  # noqa: F811
    keep_key(brand, LIVE_KEY)
    look(order.payment)
    assert "Test payment" not in text_of(staff("viewer").get("orders_order_change", order.pk))


def test_staff_ask_now(staff, order, mollie):  # noqa: F811
    mollie.say(look(order.payment), "paid")
    assert staff("viewer").post("orders_order_payment_ask", order.pk).status_code == 403
    support = staff("support")
    assert support.get("orders_order_payment_ask", order.pk).status_code == 405
    assert mollie.count("GET") == 0
    answer = support.post("orders_order_payment_ask", order.pk)
    assert said(answer) == ["The payment provider says: paid."]
    order.refresh_from_db()
    assert order.status == "paid"


def test_staff_are_told_what_went_wrong(staff, order, brand):  # noqa: F811
    forget_key(brand)
    support = staff("support")
    answer = support.post("orders_order_payment_ask", order.pk)
    assert said(answer) == ["The payment provider did not tell. The brand has no key for Mollie."]
    assert "The brand has no key for Mollie." in text_of(support.get("orders_order_change", order.pk))


def test_another_brands_payment_is_not_asked_for(staff, other, mollie):  # noqa: F811
    theirs = make_order(other)
    assert staff("owner").post("orders_order_payment_ask", theirs.pk).status_code == 302
    assert staff("owner", more=(other, "viewer")).post("orders_order_payment_give_back", theirs.pk).status_code == 403
    assert mollie.calls == []


def test_an_order_without_a_payment_has_nothing_to_ask(superuser, brand):  # noqa: F811
    order = make_order(brand, points=350)
    assert superuser.post("orders_order_payment_ask", order.pk).status_code == 302
    assert not Payment.objects.exists()


def test_late_money_that_could_not_go_back_by_itself_is_shown_and_given_back(staff, order, mollie):  # noqa: F811
    payment = look(order.payment)
    cancel(order)
    mollie.say(payment, "paid")
    look_at_payments()
    manager = staff("manager")
    assert "Paid too late" in text_of(manager.get("orders_order_change", order.pk))  # the reason of the refund
    assert "Give it back" not in text_of(manager.get("orders_order_change", order.pk))
    mollie.faults = [422]
    assert ask_providers() == 1
    page = text_of(manager.get("orders_order_change", order.pk))
    assert "Paid too late: €3.50 came after the order had ended" in page
    assert "Mollie: 422 It does not please us" in page
    assert "Give it back" not in text_of(staff("support").get("orders_order_change", order.pk))
    assert staff("viewer").post("orders_order_payment_give_back", order.pk).status_code == 403
    assert order.refunds.filter(status="requested").count() == 0
    answer = manager.post("orders_order_payment_give_back", order.pk)
    assert said(answer) == ["Requested: €3.50. The payment provider has not answered yet."]
    again = manager.post("orders_order_payment_give_back", order.pk)
    assert said(again)[-1] == "There is nothing to give back, or it is on its way."
    later()
    ask_providers()
    assert len(mollie.refunds[payment.provider_id]) == 1
    assert Order.objects.get().status == "canceled"


def test_a_chargeback_needs_a_hand_until_staff_decide(staff, order, mollie):  # noqa: F811
    payment = look(order.payment)
    mollie.say(payment, "paid")
    mollie.charge_back(payment, "3.50")
    look(payment, ANY)
    chargeback = order.chargebacks.get()
    manager, viewer = staff("manager"), staff("viewer")
    assert "Chargebacks to deal with" in manager.client.get("/admin/").content.decode()
    assert list(manager.get("orders_order_changelist", has="chargeback").context["cl"].result_list) == [order]
    page = text_of(viewer.get("orders_order_change", order.pk))
    assert "the member's bank took €3.50 back on 14 March 2026" in page
    assert "AC01: Account identifier incorrect" in page
    assert "Block the passes" not in page
    assert viewer.post("orders_order_payment_chargeback", order.pk, key=chargeback.pk, block="1").status_code == 403
    assert order.items.get().issued_pass.status == "active"
    answer = manager.post("orders_order_payment_chargeback", order.pk, key=chargeback.pk, block="1")
    assert said(answer) == ["Dealt with. Passes that were blocked: 1."]
    issued = order.items.get().issued_pass
    assert (issued.status, issued.blocked_reason) == ("blocked", "Charged back: EUR 3.50.")
    for key in (chargeback.pk, "x", ""):
        answer = manager.post("orders_order_payment_chargeback", order.pk, key=key)
        assert said(answer)[-1] == "Somebody has dealt with it already."
    assert not manager.get("orders_order_changelist", has="chargeback").context["cl"].result_list
    assert "Chargebacks to deal with" not in manager.client.get("/admin/").content.decode()
    assert "Dealt with by" in text_of(manager.get("orders_order_change", order.pk))


def test_the_form_of_a_key():
    assert all(FORM.fullmatch(key) for key in (TEST_KEY, LIVE_KEY, OTHER_KEY))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1400, "light")])
def test_in_a_browser(live_server, browser_page, staff, brand, mollie, width, scheme):  # noqa: F811
    order = make_order(brand)
    look(order.payment)
    page = browser_page(width, scheme)
    sign_in(page, live_server, staff("owner"))
    page.goto(f"{live_server.url}/admin/shops/brand/{brand.pk}/change/")
    assert page.axe() == []
    page.get_by_role("button", name="Check the key").click()
    page.get_by_text("Members can pay by: iDEAL, Card.").wait_for()
    page.goto(f"{live_server.url}/admin/orders/order/{order.pk}/change/")
    assert page.axe() == []
    page.get_by_role("button", name="Ask the provider now").click()
    page.get_by_text("The payment provider says: open.").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.errors == []
