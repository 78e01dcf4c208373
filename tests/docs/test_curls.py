"""Every call that docs/partners/README.md prints, run as printed."""

import os
import re
import subprocess

import pytest

from orders.fulfillments import add_fulfillment
from orders.returns import open_return
from tests.docs.conftest import ROOT, program
from tests.making import codes_of, make_coupon, make_member, make_order, make_paid_order, make_pass, token_for

GUIDE = (ROOT / "docs" / "partners" / "README.md").read_text()
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) if block.startswith("curl ")]


@pytest.fixture
def environment(live_server, brand):
    member = make_member(brand, email="anna.de.vries@example.com", name="Anna de Vries")
    coupon = make_coupon(brand)
    order = make_order(brand, member=member, coupon=coupon)
    names = {"BASE": live_server.url, "BRAND": brand.uuid, "TOKEN": token_for(brand), "ORDER": order.uuid}
    names |= {"COUPON": coupon.uuid, "MEMBER": member.uuid, "CODE": make_pass(brand, member=member).qr_code}
    paid = make_paid_order(brand, member=member, coupon=coupon, quantity=4)
    sent, back, returned, *_rest = codes_of(paid)
    names |= {"PAID": paid.uuid, "RETURNED": returned, "RETURN": open_return(paid, passes=[back]).uuid}
    names |= {"FULFILLMENT": add_fulfillment(paid, "shipping", passes=[sent]).uuid}
    return os.environ | {name: str(value) for name, value in names.items()}


def test_every_call_of_the_guide_answers_as_printed(environment, brand):
    program("curl")
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-eu", "-c", block], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        expected = block.rstrip().splitlines()[-1].removeprefix("# ")
        assert done.stdout.rstrip().splitlines()[-1] == expected, f"{block}\n{done.stdout}"
    assert brand.orders.filter(member_partner_id="crm-20417").count() == 1
    assert brand.orders.filter(status="canceled").count() == 1
    assert list(brand.fulfillments.order_by("pk").values_list("status", flat=True)) == ["delivered", "shipped"]
    assert [(refund.status, refund.items.count()) for refund in brand.refunds.all()] == [("requested", 1)]
    assert list(brand.returns.order_by("pk").values_list("status", flat=True)) == ["completed", "open"]
    assert list(brand.passes.filter(status="redeemed").values_list("redeemed_by", flat=True)) == ["Till 2"]


def test_the_guide_calls_every_operation():
    text = "\n".join(BLOCKS)
    paths = [
        "/shops",
        "/orders",
        "/orders/by-email?",
        "/orders/by-member-id?",
        "/orders/$ORDER",
        "/webhooks",
        "/cancel",
        "/fulfillments",
        "/fulfillments/$FULFILLMENT",
        "/refunds",
        "/returns",
        "/returns/$RETURN",
        "/passes",
        "/search/pass?",
        "/passes/$CODE",
        "/passes/$CODE/redeem",
    ]
    for path in paths:
        assert f'{path}"' in text or (path.endswith("?") and path in text)
    assert "-d @- <<JSON" in text  # POST
    assert "-X PATCH" in text
