"""What other people's code says of our passes: passkit-generator's schemas and pass-js, under Node."""

import base64
import json

import pytest

from applewallet import authority
from applewallet.checks import check
from applewallet.kinds import PASS
from applewallet.package import build, file_of
from applewallet.signing import Signer
from tests.applewallet.judging import errors
from tests.applewallet.sample_passes import (
    BOARDING_PASS,
    COUPON,
    EVENT_TICKET,
    NFC_KEY,
    PASS_FILES,
    PASSES,
    POSTER_TICKET,
    STORE_CARD,
    a_pass,
)
from tests.applewallet.samples import GONE, changed, image
from tests.node.running import start


class Oracle:
    """Talks to tests/node/passes.js."""

    def __init__(self):
        self.process = start("passes.js")

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def oracle():
    asked = Oracle()
    yield asked
    asked.close()


# Keys of Apple's that passkit-generator 3.6 does not know yet.
NEWER = {"boarding pass": [{"path": ["trackBagsURL"], "type": "object.unknown"}]}


@pytest.mark.parametrize("name", PASSES)
def test_passkit_generator_finds_nothing_wrong(oracle, name):
    assert oracle.ask(content=PASSES[name]) == NEWER.get(name, [])


PLANTED = [
    (STORE_CARD, "authenticationToken", "short"),
    (STORE_CARD, "authenticationToken", GONE),
    (STORE_CARD, "barcodes", {"format": "PKBarcodeFormatQR", "message": "x", "messageEncoding": "utf-8"}),
    (STORE_CARD, "barcodes[0].format", "qr"),
    (STORE_CARD, "barcodes[0].message", GONE),
    (STORE_CARD, "backgroundColor", "blue"),
    (STORE_CARD, "labelColor", "rgb(1, 2)"),
    (STORE_CARD, "locations[0].latitude", GONE),
    (STORE_CARD, "beacons[0].major", 65536),
    (STORE_CARD, "beacons[0].proximityUUID", GONE),
    (STORE_CARD, "maxDistance", 0),
    (STORE_CARD, "voided", "perhaps"),
    (STORE_CARD, "logoText", 5),
    (STORE_CARD, "storeCard.headerFields[0].key", GONE),
    (STORE_CARD, "storeCard.headerFields[0].value", GONE),
    (STORE_CARD, "storeCard.auxiliaryFields[0].dateStyle", "medium"),
    (STORE_CARD, "storeCard.auxiliaryFields[0].textAlignment", "right"),
    (STORE_CARD, "storeCard.secondaryFields[1].numberStyle", "percent"),
    (STORE_CARD, "featuredActions[0].type", "buy"),
    (STORE_CARD, "featuredActions[0].url", GONE),
    (STORE_CARD, "featuredActions[1].placeIdentifier", GONE),
    (STORE_CARD, "semantics.balance.amount", 3.75),
    (STORE_CARD, "semantics.wifiAccess[0].password", GONE),
    (COUPON, "expirationDate", "soon"),
    (EVENT_TICKET, "semantics.eventType", "Movie"),
    (EVENT_TICKET, "semantics.venueLocation.longitude", GONE),
    (EVENT_TICKET, "semantics.seats[0].seatNumber", 7),
    (EVENT_TICKET, "eventTicket.auxiliaryFields[0].row", 2),
    (BOARDING_PASS, "boardingPass.transitType", "Train"),
    (BOARDING_PASS, "semantics.flightNumber", "LH 12"),
    (BOARDING_PASS, "semantics.passengerCapabilities[0]", "Preboarding"),
    (POSTER_TICKET, "nfc.message", "x" * 65),
    (POSTER_TICKET, "nfc.encryptionPublicKey", GONE),
    (POSTER_TICKET, "upcomingPassInformation[0].type", "show"),
    (POSTER_TICKET, "upcomingPassInformation[0].images.headerImage.URLs[0].SHA256", GONE),
    (POSTER_TICKET, "upcomingPassInformation[0].images.headerImage.URLs[0].size", 3_000_000),
]


@pytest.mark.parametrize(("whole", "path", "value"), PLANTED)
def test_passkit_generator_finds_the_fault_where_we_do(oracle, whole, path, value):
    spoiled = changed(whole, path, value)
    assert [field for field, _reason, _cure in errors(check(PASS, spoiled, {}, PASS_FILES))] == [path]
    theirs = [one for one in oracle.ask(content=spoiled) if one not in NEWER["boarding pass"]]
    steps = path.replace("[", ".").replace("]", "").split(".")
    named = [[str(step) for step in one["path"]] for one in theirs]
    assert named
    # Of a key that another one needs it names the holder.
    assert all(steps[: len(one)] == one and len(steps) - len(one) <= 1 for one in named)


@pytest.fixture(scope="module")
def signer():
    maker = authority.of_this_process()
    certificate, key = maker.issue(PASS, "pass.com.example.shop")
    return Signer(certificate, authority.pem(maker.intermediate), key)


TEXTS = {
    "en": {"Coffee": 'Coffee with "milk"', "member": "Emma"},
    "nl": {"Coffee": "Koffie — “melk”\n\\ suiker", "member": "Emma"},
    "zh-Hans": {"Coffee": "咖啡 ☕", "member": "艾玛"},
}


def packed(content, strings, files, signer):
    ready = {path: file_of(PASS, one.content) for path, one in files.items()}
    return base64.b64encode(build(PASS, content, strings, ready, signer)).decode()


@pytest.mark.parametrize("name", PASSES)
def test_pass_js_reads_our_packages(oracle, signer, name):
    seen = oracle.ask(package=packed(PASSES[name], {}, PASS_FILES, signer))
    assert "error" not in seen, seen
    for key in ("serialNumber", "passTypeIdentifier", "teamIdentifier", "authenticationToken", "barcodes", "semantics"):
        assert seen["content"].get(key) == PASSES[name].get(key), key


def test_pass_js_reads_our_languages_and_their_images(oracle, signer):
    files = {**PASS_FILES, **{f"{language}.lproj/strip@2x.png": image(750, 246) for language in TEXTS}}
    content = a_pass("storeCard", {"primaryFields": [{"key": "title", "label": "member", "value": "Coffee"}]})
    assert check(PASS, content, TEXTS, files) == []
    seen = oracle.ask(package=packed(content, TEXTS, files, signer))
    assert seen["texts"] == TEXTS
    assert {name for name in seen["images"] if "strip" in name} == {
        f"{language}.lproj/strip@2x.png" for language in TEXTS
    }


FORM = {
    "requiredPersonalizationFields": ["PKPassPersonalizationFieldName", "PKPassPersonalizationFieldEmailAddress"],
    "description": "Join us",
    "termsAndConditions": "Terms",
}


def test_both_read_our_sign_up_form(oracle, signer):
    content = a_pass("storeCard", nfc={"message": "card", "encryptionPublicKey": NFC_KEY})
    form = file_of(PASS, json.dumps(FORM).encode())
    files = {**PASS_FILES, "personalizationLogo@2x.png": image(300, 80), "personalization.json": form}
    assert errors(check(PASS, content, {}, files)) == []
    assert oracle.ask(personalization=FORM) == []
    assert oracle.ask(package=packed(content, {}, files, signer))["personalization"] == FORM
