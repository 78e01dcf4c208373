"""docs/partners/buyer-wallet.md: its calls, its vector, its samples in three languages, its test cards."""

import base64
import json
import os
import re
import subprocess
import sys

import pytest

from buyers.certificates import receive
from buyers.models import Network, WalletOrder
from buyers.published_cards import PUBLISHED
from buyers.sealing import seal
from tests.buyers.keeping import ECIES, make_address, make_card, vector_key
from tests.buyers.making import connect, make_buyer, make_client
from tests.docs.conftest import ROOT, program
from tests.secrecy import spaced

PARTNERS = ROOT / "docs" / "partners"
GUIDE = (PARTNERS / "buyer-wallet.md").read_text()
SHELL = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
VECTOR = next(json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL) if "tag" in block)
PROGRAMS = {
    "py": lambda: [sys.executable],
    "js": lambda: [program("node")],
    "php": lambda: [program("php")],
}


def test_every_call_of_the_guide_answers_as_printed(live_server, tmp_path):
    client, buyer = make_client()[0], make_buyer()
    token, _refresh = connect(client, buyer, card=make_card(buyer), address=make_address(buyer))
    program("curl")
    run_in(tmp_path, next(block for block in SHELL if "-genkey" in block), {})
    certificate = (tmp_path / "certificate.pem").read_bytes()
    receive(client, certificate)
    receive(client, (tmp_path / "request.csr").read_bytes())
    names = {"BASE": live_server.url, "TOKEN": token, "CERTIFICATE": base64.b64encode(certificate).decode()}
    calls = [block for block in SHELL if block.startswith("curl ")]
    for block in calls:
        printed = run_in(tmp_path, block, names)
        assert printed.rstrip().splitlines()[-1] == block.rstrip().splitlines()[-1].removeprefix("# "), block
    assert len(calls) == 3
    assert set(WalletOrder.objects.values_list("external_id", flat=True)) == {"1234", "1235"}
    card = opened("py", tmp_path / "key.pem", (tmp_path / "answer.json").read_text())
    assert json.loads(card.stdout)["data"]["pan"] == "4111111111111111"


def run_in(folder, block, names):
    command = ["bash", "-eu", "-c", block]
    done = subprocess.run(command, cwd=folder, env=os.environ | names, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
    return done.stdout


def opened(language, key, answer):
    command = [*PROGRAMS[language](), str(PARTNERS / "unsealing" / f"unseal.{language}"), str(key)]
    return subprocess.run(command, input=answer, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("language", PROGRAMS)
def test_a_sample_opens_what_is_for_its_key_and_refuses_the_rest(language, tmp_path):
    key = tmp_path / "key.pem"
    key.write_text(ECIES["recipient_private_pem"])
    done = opened(language, key, json.dumps(VECTOR))
    assert (done.stdout, done.stderr) == (ECIES["plaintext_utf8"] + "\n", "")
    fresh = seal("naïve — 你好".encode(), vector_key().public_key())
    assert opened(language, key, json.dumps({"card": {"encryptedPayload": fresh}})).stdout == "naïve — 你好\n"
    for field in ("tag", "encryptedMessage"):
        changed = bytearray(base64.b64decode(fresh[field]))
        changed[0] ^= 1
        payload = fresh | {field: base64.b64encode(changed).decode()}
        done = opened(language, key, json.dumps({"card": {"encryptedPayload": payload}}))
        assert done.returncode != 0
        assert "the tag is wrong" in done.stderr + done.stdout
        assert "你好" not in done.stdout


def test_the_vector_is_the_shared_one():
    payload = VECTOR["card"]["encryptedPayload"]
    assert payload == {name: ECIES[name] for name in payload}
    assert ECIES["plaintext_utf8"] in GUIDE
    for name in (
        "recipient_private_scalar_hex",
        "ephemeral_private_scalar_hex",
        "ecdh_shared_x_hex",
        "aes256_key_hex",
        "hmac_key_hex",
    ):
        assert ECIES[name] in GUIDE


def test_the_table_of_test_cards_is_the_list():
    rows = re.findall(r"^\| ([\d ]+) \| (\w+) \| (\w+) \| (\w+) \|$", GUIDE, re.MULTILINE)
    expected = [(spaced(card.number), card.network.value, card.type.value, card.behaviour.value) for card in PUBLISHED]
    assert rows == expected


def test_the_networks_are_those_of_the_model():

    assert all(f"`{name}`" in GUIDE for name in Network.values)
