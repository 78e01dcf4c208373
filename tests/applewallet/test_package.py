"""Packages: what is in the zip, and what openssl says of the signature."""

import hashlib
import io
import json
import subprocess
import zipfile

import pytest

from applewallet import authority
from applewallet.services import built, refresh
from tests.applewallet.making import card, make_credential, make_package


def opened(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def verify(tool, files, folder):
    """What `openssl smime` or `openssl cms` says of the signature over the manifest."""
    (folder / "root.pem").write_text(authority.pem(authority.of_this_process().root))
    for name in ("manifest.json", "signature"):
        (folder / name).write_bytes(files[name])
    words = [tool, "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "manifest.json"]
    done = subprocess.run(
        ["openssl", *words, "-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null"],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode


def test_a_pass_holds_its_source_and_says_whose_it_is(brand, settings):
    settings.PUBLIC_URL = "https://shop.example"
    package = make_package(brand)
    files = opened(built(package))
    assert sorted(files) == [
        "en.lproj/pass.strings",
        "icon.png",
        "manifest.json",
        "nl.lproj/pass.strings",
        "pass.json",
        "signature",
    ]
    content = json.loads(files["pass.json"])
    token = content.pop("authenticationToken")
    assert len(token) >= 32
    assert content == {
        "formatVersion": 1,
        "passTypeIdentifier": package.type.identifier,
        "serialNumber": str(package.serial),
        "teamIdentifier": "A1B2C3D4E5",
        "webServiceURL": f"https://shop.example/w/{package.type.slug}",
        **card(brand).content,
    }
    assert files["nl.lproj/pass.strings"].decode("utf-16") == '"points" = "Punten — “spaar”";\n'


def test_the_manifest_lists_every_file_by_its_path(brand):
    files = opened(built(make_package(brand)))
    manifest = json.loads(files["manifest.json"])
    assert manifest == {
        name: hashlib.sha1(content, usedforsecurity=False).hexdigest()
        for name, content in files.items()
        if name not in {"manifest.json", "signature"}
    }


@pytest.mark.parametrize("tool", ["smime", "cms"])
def test_openssl_verifies_the_signature(brand, tmp_path, tool):
    files = opened(built(make_package(brand)))
    assert verify(tool, files, tmp_path) == 0
    files["manifest.json"] += b" "
    assert verify(tool, files, tmp_path) == 4


def test_a_renewed_certificate_signs_the_packages_that_exist(brand, tmp_path):
    package = make_package(brand)
    make_credential(brand, identifier=package.type.identifier)
    assert verify("cms", opened(built(package)), tmp_path) == 0
    assert package.type.credentials.count() == 2


def test_refresh_counts_only_what_is_news(brand):
    package = make_package(brand)
    before = package.last_modified
    assert not refresh(package, card(brand))
    assert refresh(package, card(brand, points=80))
    assert refresh(package, card(brand, points=85))
    package.refresh_from_db()
    assert package.version == 3
    assert (package.last_modified - before).total_seconds() >= 2
    assert package.last_modified.microsecond == 0
