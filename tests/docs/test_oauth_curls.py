"""Every call that docs/partners/buyer-wallet-oauth.md prints, run as printed."""

import os
import re
import subprocess

import pytest

from buyers.models import AccessToken, RefreshToken
from tests.buyers.flow import CHALLENGE, VERIFIER, code_for
from tests.buyers.making import REDIRECT_URI, connect, make_buyer, make_client
from tests.docs.conftest import ROOT, program

GUIDE = (ROOT / "docs" / "partners" / "buyer-wallet-oauth.md").read_text()
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) if block.startswith("curl ")]


@pytest.fixture
def environment(live_server):
    client, secret = make_client()
    buyer = make_buyer()
    code = code_for(client, buyer, code_challenge=CHALLENGE, code_challenge_method="S256")
    access, refresh = connect(client, make_buyer())
    names = {"BASE": live_server.url, "CLIENT_ID": client.client_id, "CLIENT_SECRET": secret}
    names |= {"REDIRECT_URI": REDIRECT_URI, "CODE": code, "CODE_VERIFIER": VERIFIER}
    return os.environ | names | {"ACCESS_TOKEN": access, "REFRESH_TOKEN": refresh}


def test_every_call_of_the_guide_answers_as_printed(environment):
    program("curl")
    assert len(BLOCKS) == 5
    for block in BLOCKS:
        done = subprocess.run(
            ["bash", "-eu", "-c", block], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        expected = block.rstrip().splitlines()[-1].removeprefix("# ")
        assert done.stdout.rstrip().splitlines()[-1] == expected, f"{block}\n{done.stdout}"
    assert AccessToken.objects.count() == 1  # the exchange's own: the other family was revoked
    assert RefreshToken.objects.filter(revoked=None).count() == 1


@pytest.mark.parametrize("path", ["token", "introspect", "revoke"])
def test_the_guide_calls_every_endpoint(path):
    assert any(f'"$BASE/oauth/{path}"' in block for block in BLOCKS)
