"""Every call that docs/partners/buyer-wallet-orders.md prints, run as printed; and its tables."""

import os
import re
import subprocess

import pytest

from buyers.models import WalletOrder
from orders.models import Order
from tests.buyers.making import make_buyer, make_client
from tests.buyers.ordering import confirm, introduce
from tests.docs.conftest import ROOT, program

GUIDE = (ROOT / "docs" / "partners" / "buyer-wallet-orders.md").read_text()
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) if "curl " in block]
CODES = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))


@pytest.fixture
def environment(live_server, brand):
    client, secret = make_client()
    introduce(client, brand, "snowdevil")
    confirm(client, make_buyer())
    names = {"BASE": live_server.url, "CLIENT": client.client_id, "SECRET": secret, "ORDER": "1234"}
    return os.environ | names


def test_every_call_of_the_guide_answers_as_printed(environment, tmp_path):
    program("curl")
    assert len(BLOCKS) == 2
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-eu", "-c", block], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        expected = block.rstrip().splitlines()[-1].removeprefix("# ")
        assert done.stdout.rstrip().splitlines()[-1] == expected, f"{block}\n{done.stdout}"
    assert (Order.objects.get().status, str(Order.objects.get().total)) == ("paid", "121.00")
    assert WalletOrder.objects.get().findings == []


def test_the_guide_names_every_code():
    files = ("order_rules.py", "findings.py", "updates.py")
    written = "\n".join((ROOT / "buyers" / name).read_text() for name in files)
    kinds = "field_missing|field_blank|invalid|too|total|currency|unknown|duplicate|refund|merchant_changed"
    used = set(re.findall(rf'"((?:{kinds})[a-z_]*)"', written)) - {"refunds", "total"}
    assert used | {"inconsistent"} == CODES
