"""Faults that other builders of packages have (apple-wallet.md §F.5), which ours shall not have.

Elsewhere: the wrong or a missing intermediate and an expired certificate (15, 22) in test_credentials.py; texts in
UTF-16 (18) in test_oracles.py; payment.status, amounts and webServiceURL (20, 21, 25) in test_checks_orders.py.
"""

import hashlib
import io
import json
import zipfile

import pytest

from applewallet import authority
from applewallet.kinds import ORDER, PASS
from applewallet.package import build, file_of
from applewallet.signing import Signer
from tests.applewallet.sample_orders import ORDER as AN_ORDER
from tests.applewallet.sample_passes import COUPON
from tests.applewallet.samples import image
from tests.applewallet.test_package import verify


@pytest.fixture(scope="module")
def signer():
    maker = authority.of_this_process()
    certificate, key = maker.issue(PASS, "pass.com.example.shop")
    return Signer(certificate, authority.pem(maker.intermediate), key)


@pytest.mark.parametrize("content", [b"a\nb\n", b"a\r\nb", b"\n", b"\x00\xff\r"])
@pytest.mark.parametrize("tool", ["smime", "cms"])
def test_a_signature_is_over_the_bytes_as_they_are(signer, tmp_path, tool, content):
    """16: without the flag Binary line ends are rewritten before they are signed."""
    assert verify(tool, {"manifest.json": content, "signature": signer.sign(content)}, tmp_path) == 0


@pytest.mark.parametrize(("kind", "content"), [(PASS, COUPON), (ORDER, AN_ORDER)])
def test_the_manifest_tells_files_of_languages_apart(signer, kind, content):
    """17: by their base names the logos of two languages would be one file."""
    logos = {
        f"{language}.lproj/logo@2x.png": image(20, number).content for number, language in enumerate(("en", "nl"), 1)
    }
    files = {path: file_of(kind, logo) for path, logo in logos.items()}
    package = build(kind, content, {"en": {}, "nl": {}}, files, signer)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert {path: archive.read(path) for path in logos} == logos
    digests = {path: hashlib.new(kind.digest, logo).hexdigest() for path, logo in logos.items()}
    assert digests.items() <= manifest.items()
    assert manifest.keys() == {kind.content, f"en.lproj/{kind.strings}", f"nl.lproj/{kind.strings}", *logos}
    assert {len(digest) for digest in manifest.values()} == {40 if kind is PASS else 64}


def test_orders_have_a_type_of_their_own():
    """19."""
    assert ORDER.mime == "application/vnd.apple.finance.order"
    assert PASS.mime == "application/vnd.apple.pkpass"
