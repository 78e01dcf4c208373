"""The shop's own passes and orders have no faults."""

import io

import orjson
import pytest
from django.core.files.base import ContentFile
from PIL import Image

from applewallet import checks
from applewallet.images import files_of
from applewallet.models import Design, Package
from applewallet.package import file_of
from applewallet.services import Faulty, credential_of, package_about, whole_content
from applewallet.signing import signer_of
from orders.fulfillments import add_fulfillment
from orders.phones import order_package
from orders.refunds import ask_provider, request_refund
from orders.returns import open_return
from orders.services import payment_said
from passes.phones import card_package, pass_package
from passes.source import sign_up_source
from tests.applewallet.judging import MERCHANT_ID, errors, warnings
from tests.applewallet.making import make_credential
from tests.making import make_coupon, make_member, make_order


@pytest.fixture
def brand(brand, settings):
    settings.PUBLIC_URL = "https://shop.example"
    make_credential(brand)
    make_credential(brand, "order")
    return brand


@pytest.fixture
def designed(brand, settings, tmp_path):
    """The brand with everything that a brand can set."""
    settings.MEDIA_ROOT = tmp_path
    brand.logo.save("logo.png", photo(800, 300))
    Design.objects.create(
        brand=brand,
        merchant_identifier="merchant.example.noord",
        email="hi@noord.example",
        terms_en="No refunds",
        logo_text="Noord",
    )
    return brand


def photo(width, height):
    out = io.BytesIO()
    Image.new("RGBA", (width, height), (10, 20, 30, 128)).save(out, "PNG")
    return ContentFile(out.getvalue())


def found_in(package):
    """What the checks say of a package as it stands in the database."""
    package = Package.objects.select_related("type__brand").get(pk=package.pk)
    kind = package.type.kind
    files = files_of(kind, package.images)
    files |= {name: file_of(kind, orjson.dumps(content)) for name, content in package.extras.items()}
    signer = signer_of(credential_of(package.type))
    return checks.check(kind, whole_content(package), package.strings, files, signer.certificate)


def bought(brand, **coupon):
    member = make_member(brand, points=400, name="Emma Brown")
    return make_order(brand, member=member, coupon=make_coupon(brand, **coupon), quantity=2, points="max")


@pytest.mark.parametrize("make", ["brand", "designed"])
def test_a_coupon_has_no_fault(make, request):
    brand = request.getfixturevalue(make)
    item = bought(brand, description="Hot", image=None).items.first()
    assert found_in(pass_package(item.issued_pass)) == []


def test_a_coupon_with_a_picture_has_no_fault(designed):
    order = bought(designed)
    coupon = order.items.first().issued_pass.coupon
    coupon.image.save("cup.png", photo(900, 600))
    assert found_in(pass_package(order.items.first().issued_pass)) == []


@pytest.mark.parametrize("make", ["brand", "designed"])
def test_a_store_card_has_no_fault(make, request):
    member = make_member(request.getfixturevalue(make), points=1250, name="Emma")
    assert found_in(card_package(member)) == []


def test_a_sign_up_card_has_no_fault(designed):
    asked = ["PKPassPersonalizationFieldName"]
    package = package_about(designed, "sign_up", designed.uuid, lambda: sign_up_source(designed, asked))
    found = found_in(package)
    assert errors(found) == []
    assert "personalization.json" in [field for field, _reason, _cure in warnings(found)]  # it has no NFC


def test_an_order_has_no_fault_whatever_happens_to_it(designed):
    designed.return_policy_url = "https://noord.example/returns"
    designed.save(update_fields=["return_policy_url"])
    member = make_member(designed, points=200, name="Emma Brown")
    coupon = make_coupon(designed, external_reference="CUP-1")
    coupon.image.save("cup.png", photo(900, 600))
    order = make_order(designed, member=member, coupon=coupon, quantity=2, points=200)
    package = order_package(order)
    assert found_in(package) == []
    payment_said(order.payment, "paid")
    order.refresh_from_db()
    first, second = [item.issued_pass.qr_code for item in order.items.select_related("issued_pass").order_by("pk")]
    add_fulfillment(order, "shipping", passes=[first], carrier="PostNL", country_code="NL")
    add_fulfillment(order, "pickup", passes=[second], display_name="Café Noord", latitude=52.38, longitude=4.89)
    open_return(order, passes=[first], carrier="DHL")
    ask_provider(request_refund(order, by="staff@example.com", passes=[first]))
    package.refresh_from_db()
    assert {"fulfillments", "returns", "returnInfo"} <= package.content.keys()
    assert found_in(package) == []


def test_an_order_wants_the_brands_merchant_id(brand):
    """Apple gives it out; nobody can make one up."""
    with pytest.raises(Faulty) as refusal:
        order_package(bought(brand))
    assert refusal.value.errors == {"merchant.merchantIdentifier": [f"It is missing. {MERCHANT_ID}"]}
    assert not brand.packages.exists()
