"""Certificates and the diagnosis in a real browser."""

import pytest
from django.utils import timezone

from applewallet.models import PackageType
from tests.admin.applewallet.helping import phone_with
from tests.admin.helping import sign_in
from tests.applewallet.making import make_package
from tests.applewallet.uploading import PASSWORD, apple, curve_key, intermediate, issued, key_bytes, p12, whole


def choose(page, **files):
    for name, content in files.items():
        page.set_input_files(
            f"[name={name}]", {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_an_owner_mends_an_upload(live_server, browser_page, staff, brand, look):
    real = whole(by=apple)
    page = browser_page(*look)
    sign_in(page, live_server, staff("owner"))
    page.goto(f"{live_server.url}/admin/applewallet/credential/")
    page.get_by_role("link", name="Upload a certificate").click()
    choose(page, certificate=real.certificate, key=issued()[1], intermediate=intermediate())
    page.get_by_role("button", name="Check and put into use").click()
    page.get_by_text("This key does not belong to this certificate.").wait_for()
    assert page.get_by_text("the certificate above was issued by Apple").is_visible()
    assert page.get_by_label("Private key").get_attribute("aria-invalid") == "true"
    assert page.axe() == []
    assert fits(page)
    choose(page, certificate=p12(certificate=real.certificate, key=real.key), intermediate=real.intermediate)
    page.get_by_label("Password of the file").fill(PASSWORD)
    page.get_by_role("button", name="Check and put into use").click()
    page.get_by_text("Packages of pass.com.example.card are signed with it now.").wait_for()
    assert page.axe() == []
    assert fits(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    assert download.value.suggested_filename.startswith("pass.com.example.card-")
    assert not brand.credentials.get().is_test
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "dark"), (390, "light")])
def test_a_manager_finds_out_why_and_resumes(live_server, browser_page, staff, brand, look):
    package = make_package(brand)
    phone_with(package)
    PackageType.objects.update(push_paused_at=timezone.now(), push_paused_reason="403 BadCertificate")
    page = browser_page(*look)
    sign_in(page, live_server, staff("manager"))
    page.goto(f"{live_server.url}/admin/applewallet/packagetype/")
    page.get_by_role("link", name=package.type.identifier).click()
    page.get_by_text("Apple does not accept the certificate").wait_for()
    assert page.get_by_text("For tests only: no phone accepts").is_visible()
    assert page.axe() == []
    assert fits(page)
    page.get_by_role("button", name="Resume the pushes").click()
    page.get_by_text("Pushes go out again.").wait_for()
    assert PackageType.objects.get().push_paused_at is None
    page.get_by_role("link", name=str(package.serial)).click()
    page.get_by_role("link", name=str(package.serial)).click()
    page.get_by_text("What it shows").wait_for()
    assert page.axe() == []
    assert fits(page)
    page.get_by_role("link", name="…334ee9").click()
    page.get_by_role("link", name=f"store_card {package.serial}").wait_for()
    assert page.axe() == []
    assert fits(page)
    assert page.errors == []


@pytest.mark.django_db(transaction=True)
def test_an_owner_stores_a_key_for_pushes(live_server, browser_page, staff, brand):
    package_type = make_package(brand).type
    page = browser_page(390)
    sign_in(page, live_server, staff("owner"))
    page.goto(f"{live_server.url}/admin/applewallet/packagetype/{package_type.pk}/change/")
    page.get_by_role("link", name="Key for pushes").click()
    choose(page, key=key_bytes(curve_key()))
    assert page.get_by_label("Key identifier").get_attribute("value") is None  # Unfold's script keeps its hands off it
    page.get_by_label("Key identifier").fill("ABC123DEFG")
    assert page.axe() == []
    page.get_by_role("button", name="Check and put into use").click()
    page.get_by_text("the key ABC123DEFG").wait_for()
    page.get_by_role("link", name="Key for pushes").click()
    page.get_by_role("link", name="Remove the key").click()
    assert page.axe() == []
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("Pushes are sent with the certificate now.").wait_for()
    assert page.errors == []
