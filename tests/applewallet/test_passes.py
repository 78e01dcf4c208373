"""What passes show on a phone, and that they follow what happens in the shop."""

import io
import json
import subprocess
import zipfile
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from accounts.encryption import decrypt
from applewallet import authority, rendering
from applewallet.models import Design, Package, Personalization
from applewallet.services import built, package_about
from orders.services import set_status
from passes.phones import card_package, pass_package, rendered
from passes.source import card_source, coupon_source, sign_up_source
from passes.tasks import expire_passes, render_passes
from shops.services import earn_points
from tests.applewallet.making import make_credential
from tests.applewallet.phone import Held, Phone
from tests.making import make_brand, make_coupon, make_member, make_order


@pytest.fixture
def issued(brand):
    order = make_order(brand, member=make_member(brand, points=400, name="Emma Brown"), points="max")
    return order.items.get().issued_pass


def files_of(package):
    with zipfile.ZipFile(io.BytesIO(built(package))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_coupons_pass(brand, issued):
    assert coupon_source(issued).content == {
        "organizationName": "Café Noord",
        "description": "Café Noord: Cappuccino",
        "backgroundColor": "rgb(31, 78, 121)",
        "foregroundColor": "rgb(255, 255, 255)",
        "labelColor": "rgb(255, 255, 255)",
        "logoText": "Café Noord",
        "coupon": {
            "primaryFields": [{"key": "coupon", "label": "label_coupon", "value": "Cappuccino"}],
            "secondaryFields": [],
            "auxiliaryFields": [
                {"key": "status", "label": "label_status", "value": "status_active", "changeMessage": "changed_status"}
            ],
            "backFields": [{"key": "code", "label": "label_code", "value": issued.qr_code}],
        },
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": issued.qr_code,
                "messageEncoding": "iso-8859-1",
                "altText": issued.qr_code,
            }
        ],
    }
    assert coupon_source(issued).strings["nl"] == {
        "label_coupon": "Coupon",
        "label_status": "Status",
        "label_code": "Code",
        "status_active": "Klaar voor gebruik",
        "changed_status": "%@",
    }


def test_a_store_card_shows_points_and_what_they_are_worth(brand):
    content = card_source(make_member(brand, points=1250)).content
    assert content["storeCard"]["headerFields"] == [
        {"key": "points", "label": "label_points", "value": 1250, "changeMessage": "changed_points"}
    ]
    assert content["storeCard"]["secondaryFields"] == [
        {"key": "worth", "label": "label_worth", "value": 12.5, "currencyCode": "EUR"}
    ]
    assert content["semantics"] == {"balance": {"amount": "12.50", "currencyCode": "EUR"}}


def test_a_brands_design_shows(brand, issued, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    out = io.BytesIO()
    Image.new("RGBA", (900, 300), (250, 200, 0, 128)).save(out, "PNG")
    brand.logo.save("logo.png", ContentFile(out.getvalue()))
    issued.coupon.image.save("cup.png", ContentFile(out.getvalue()))
    Design.objects.create(
        brand=brand, background_color="#ffeecc", website="https://noord.example", terms_nl="Eén per persoon."
    )
    issued.refresh_from_db()
    make_credential(brand)
    files = files_of(pass_package(issued))
    content = json.loads(files["pass.json"])
    assert content["backgroundColor"] == "rgb(255, 238, 204)"
    assert content["foregroundColor"] == "rgb(0, 0, 0)"
    assert "logoText" not in content
    assert [field["key"] for field in content["coupon"]["backFields"]] == ["code", "contact", "terms"]
    assert '"brand_terms" = "Eén per persoon.";' in files["en.lproj/pass.strings"].decode("utf-16")
    sizes = {name: Image.open(io.BytesIO(files[name])).size for name in files if name.endswith(".png")}
    assert sizes == {
        "icon.png": (38, 38),
        "icon@2x.png": (76, 76),
        "icon@3x.png": (114, 114),
        "logo.png": (150, 50),
        "logo@2x.png": (300, 100),
        "logo@3x.png": (450, 150),
        "strip.png": (375, 144),
        "strip@2x.png": (750, 288),
        "strip@3x.png": (1125, 432),
    }


def test_a_pass_follows_its_coupons_life(brand):
    make_credential(brand)
    order = make_order(brand)
    reserved = order.items.get().issued_pass
    package = pass_package(reserved)
    assert shown(package) == ("status_reserved", None)
    set_status(order, "paid")
    assert shown(package) == ("status_active", None)
    brand.passes.update(expiration_date=timezone.now() - timedelta(minutes=1))
    expire_passes()
    assert shown(package) == ("status_expired", True)
    assert Package.objects.get().version == 3


def shown(package):
    content = Package.objects.get(pk=package.pk).content
    return content["coupon"]["auxiliaryFields"][0]["value"], content.get("voided")


def test_a_card_follows_every_movement_of_points(brand):
    make_credential(brand)
    member = make_member(brand, points=100)
    package = card_package(member)
    earn_points(member, 40, reference="visit")
    make_order(brand, member=member, coupon=make_coupon(brand, points=120), points=120)
    package.refresh_from_db()
    assert package.content["storeCard"]["headerFields"][0]["value"] == 20
    assert package.version == 3


def test_a_change_that_came_to_nothing_changes_no_package(brand):
    make_credential(brand)
    member = make_member(brand, points=100)
    package = card_package(member)
    with pytest.raises(Exception, match="were asked for"):
        make_order(brand, member=member, points=200)
    package.refresh_from_db()
    assert (package.version, package.content["storeCard"]["headerFields"][0]["value"]) == (1, 100)


def test_another_brands_packages_stay_as_they_are(brand, other):
    make_credential(brand)
    make_credential(other)
    mine, theirs = make_member(brand, points=10), make_member(other, points=10)
    card_package(mine)
    package = card_package(theirs)
    earn_points(mine, 5, reference="visit")
    package.refresh_from_db()
    assert package.version == 1


class TestSignUp:
    """Somebody fills in Wallet's form (apple-wallet.md §B.9)."""

    pytestmark = pytest.mark.django_db(transaction=True)

    ANSWERS = {"fullName": "Noor de Vries", "emailAddress": "noor@example.com"}

    @pytest.fixture
    def brand(self):
        return make_brand()

    @pytest.fixture
    def package(self, brand):
        make_credential(brand)
        asked = ["PKPassPersonalizationFieldName", "PKPassPersonalizationFieldEmailAddress"]
        return package_about(brand, "sign_up", brand.uuid, lambda: sign_up_source(brand, asked))

    def ask(self, server, package, answers):
        path = f"/w/{package.type.slug}/v1/passes/{package.type.identifier}/{package.serial}/personalize"
        body = {"personalizationToken": "token-1", "requiredPersonalizationInfo": answers}
        return Phone(server.url).ask("POST", path, body=body)

    def test_the_form_is_in_the_package(self, package):
        assert json.loads(files_of(package)["personalization.json"]) == {
            "requiredPersonalizationFields": [
                "PKPassPersonalizationFieldName",
                "PKPassPersonalizationFieldEmailAddress",
            ],
            "description": "Café Noord",
        }

    def test_the_token_is_signed_and_the_card_becomes_theirs(self, brand, package, live_server, tmp_path):
        status, headers, body = self.ask(live_server, package, self.ANSWERS)
        assert (status, headers["Content-Type"]) == (200, "application/octet-stream")
        (tmp_path / "root.pem").write_text(authority.pem(authority.of_this_process().root))
        (tmp_path / "token").write_bytes(b"token-1")
        (tmp_path / "signature").write_bytes(body)
        words = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content", "token"]
        words += ["-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null"]
        assert subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, check=False).returncode == 0

        member = brand.members.get()
        assert (member.name, member.email) == ("Noor de Vries", "noor@example.com")
        package.refresh_from_db()
        assert (package.subject, package.subject_uuid) == ("store_card", member.uuid)
        files = files_of(package)
        assert "personalization.json" not in files
        assert Held(built(package)).json["storeCard"]["primaryFields"][0]["value"] == "Noor de Vries"
        assert json.loads(decrypt(Personalization.objects.get().encrypted_answers)) == self.ANSWERS

    def test_it_happens_once(self, brand, package, live_server):
        assert self.ask(live_server, package, self.ANSWERS)[0] == 200
        assert self.ask(live_server, package, {**self.ANSWERS, "emailAddress": "b@example.com"})[0] == 401
        assert brand.members.count() == 1

    @pytest.mark.parametrize(
        "answers",
        [{}, {"fullName": "Noor"}, {"fullName": " ", "emailAddress": "a@b.nl"}, "x", None, {"fullName": 5},
         {"fullName": "Noor", "emailAddress": "no address"}],
    )  # fmt: skip
    def test_an_unfinished_form_changes_nothing(self, brand, package, live_server, answers):
        assert self.ask(live_server, package, answers)[0] in {400, 422}
        assert not brand.members.exists()
        assert not Personalization.objects.exists()

    def test_who_has_a_card_keeps_it(self, brand, package, live_server):
        member = make_member(brand, email="noor@example.com", points=70)
        card = card_package(member)
        assert self.ask(live_server, package, self.ANSWERS)[0] == 200
        package.refresh_from_db()
        assert package.content["voided"] is True
        assert package.subject == "sign_up"
        card.refresh_from_db()
        assert card.version == 1
        assert brand.members.count() == 1

    def test_an_ordinary_pass_has_no_form(self, brand, package, live_server):
        card = card_package(make_member(brand))
        assert self.ask(live_server, card, self.ANSWERS)[0] == 401
        assert not Personalization.objects.exists()


class TestAChangedLook:
    """A brand changes its look: all its packages follow, in steps."""

    @pytest.fixture
    def packages(self, brand, monkeypatch):
        monkeypatch.setattr(rendering, "BATCH", 2)
        make_credential(brand)
        return [card_package(make_member(brand)) for _ in range(5)]

    def colors(self, brand):
        return [package.content["backgroundColor"] for package in brand.packages.order_by("pk")]

    def test_every_package_follows(self, brand, packages):
        Design.objects.create(brand=brand, background_color="#ff0000")
        assert self.colors(brand) == ["rgb(31, 78, 121)"] * 5
        assert render_passes() == 5
        assert self.colors(brand) == ["rgb(255, 0, 0)"] * 5
        assert render_passes() == 0
        assert brand.packagetypes.get().stale_from is None

    def test_a_run_that_was_killed_is_gone_on_with(self, brand, packages, monkeypatch):
        brand.primary_color = "#00ff00"
        brand.save()
        seen = []

        def killed(package):
            seen.append(package.pk)
            if len(seen) == 4:
                raise KeyboardInterrupt
            return rendered(package)

        monkeypatch.setattr("passes.tasks.rendered", killed)
        with pytest.raises(KeyboardInterrupt):
            render_passes()
        assert self.colors(brand) == ["rgb(0, 255, 0)"] * 2 + ["rgb(31, 78, 121)"] * 3
        monkeypatch.setattr("passes.tasks.rendered", rendered)
        assert render_passes() == 3
        assert self.colors(brand) == ["rgb(0, 255, 0)"] * 5

    def test_another_brands_packages_stay(self, brand, other, packages):
        make_credential(other)
        theirs = card_package(make_member(other))
        other.packages.update(content={})
        Design.objects.create(brand=brand, background_color="#ff0000")
        render_passes()
        theirs.refresh_from_db()
        assert theirs.content == {}

    def test_a_coupons_words_stand_on_its_passes(self, brand, issued):
        make_credential(brand)
        package = pass_package(issued)
        issued.coupon.title = "Flat white"
        issued.coupon.save()
        assert render_passes() == 1
        package.refresh_from_db()
        assert package.content["coupon"]["primaryFields"][0]["value"] == "Flat white"
