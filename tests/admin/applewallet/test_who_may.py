"""Who may do what with Apple Wallet, asked by URL; brands stay apart. Beside each refusal stands what could change."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from applewallet.models import Credential, PackageType
from shops.models import Role
from shops.permissions import may
from tests.admin.applewallet.helping import LISTS, files_of, phone_with, rows_of
from tests.admin.helping import text_of
from tests.applewallet.making import make_credential, make_package
from tests.applewallet.uploading import whole

OWNERS_PAGES = ["push_key", "remove_push_key"]


@pytest.mark.parametrize(
    ("permission", "roles"),
    [("add credential", {"owner"}), ("change push key", {"owner"}), ("resume pushes", {"owner", "manager"})],
)
def test_the_table_of_roles(staff, brand, permission, roles):
    assert {role for role in Role.values if may(staff(role).user, permission, brand.pk)} == roles


@pytest.mark.parametrize("role", ["viewer", "support", "manager"])
def test_only_owners_touch_certificates_and_keys(staff, package, role):
    somebody = staff(role)
    before = (Credential.objects.values().get(), PackageType.objects.values().get())
    pages = [("applewallet_credential_add",), ("applewallet_credential_test",)]
    pages += [(f"applewallet_packagetype_{name}", package.type_id) for name in OWNERS_PAGES]
    for page in pages:
        assert somebody.get(*page).status_code == 403
        data = files_of(whole(), key_id="ABC123DEFG") | {"key": files_of(whole())["key"]}
        assert somebody.post(*page, **data).status_code == 403
    assert (Credential.objects.values().get(), PackageType.objects.values().get()) == before
    shown = text_of(somebody.get("applewallet_credential_changelist"))
    shown += text_of(somebody.get("applewallet_packagetype_change", package.type_id))
    for link in ("/add/", "/test/", "/push-key/"):
        assert link not in shown


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("support", 403), ("manager", 302), ("owner", 302)])
def test_managers_resume_pushes(staff, package, role, status):
    PackageType.objects.update(push_paused_at=timezone.now(), push_paused_reason="403 BadCertificate")
    somebody = staff(role)
    page = text_of(somebody.get("applewallet_packagetype_change", package.type_id))
    assert "403 BadCertificate" in page
    assert ("Resume the pushes" in page) == (status == 302)
    assert somebody.get("applewallet_packagetype_resume", package.type_id).status_code == (
        403 if status == 403 else 405
    )
    assert somebody.post("applewallet_packagetype_resume", package.type_id).status_code == status
    assert (PackageType.objects.get().push_paused_at is None) == (status == 302)


@pytest.mark.parametrize("name", LISTS)
def test_everybody_on_the_team_looks_and_nobody_changes(staff, package, name):
    row = rows_of(package.brand)[name]
    for somebody in (staff("viewer"), staff("owner")):
        assert somebody.get(f"applewallet_{name}_changelist").context["cl"].result_count == 1
        text_of(somebody.get(f"applewallet_{name}_change", row.pk))
        before = type(row).objects.values().get(pk=row.pk)
        assert somebody.post(f"applewallet_{name}_delete", row.pk, post="yes").status_code == 403
        somebody.post(f"applewallet_{name}_change", row.pk, state="sent", version=9, is_active="", identifier="x")
        assert type(row).objects.values().get(pk=row.pk) == before
    if name != "credential":
        assert somebody.get(f"applewallet_{name}_add").status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_nothing_of_another_brand(staff, package, theirs, name):
    page = text_of(staff("owner").get(f"applewallet_{name}_changelist"))
    assert "velo" not in page.lower()
    assert theirs.type.identifier not in page
    assert str(theirs.serial) not in page


@pytest.mark.parametrize("name", LISTS)
def test_an_address_typed_by_hand_finds_nothing_of_another_brand(staff, theirs, name):
    owner, row = staff("owner"), rows_of(theirs.brand)[name]
    before = type(row).objects.values().get(pk=row.pk)
    for page in ("change", "history", "delete"):
        for answer in (
            owner.get(f"applewallet_{name}_{page}", row.pk),
            owner.post(f"applewallet_{name}_{page}", row.pk, post="yes"),
        ):
            assert answer.status_code in {302, 403, 405}
            assert "velo" not in answer.content.decode().lower()
    assert type(row).objects.values().get(pk=row.pk) == before


def test_the_pages_behind_buttons_are_closed_to_other_brands(staff, theirs):
    PackageType.objects.update(push_paused_at=timezone.now(), push_paused_reason="403 BadCertificate")
    owner, credential = staff("owner"), theirs.type.credentials.get()
    before = PackageType.objects.values().get()
    assert owner.get("applewallet_credential_download", credential.pk).status_code == 302
    key = {"key_id": "ABC123DEFG", "key": files_of(whole())["key"]}
    for name in ["resume", *OWNERS_PAGES]:
        for answer in (
            owner.get(f"applewallet_packagetype_{name}", theirs.type_id),
            owner.post(f"applewallet_packagetype_{name}", theirs.type_id, **key),
        ):
            assert answer.status_code == 302
            assert answer["Location"] == "/admin/"
    assert PackageType.objects.values().get() == before


def test_somebody_in_two_brands_acts_by_the_role_in_each(staff, package, theirs):
    PackageType.objects.update(push_paused_at=timezone.now(), push_paused_reason="403 BadCertificate")
    both = staff("manager", velo=(theirs.brand, "support"))
    assert both.post("applewallet_packagetype_resume", package.type_id).status_code == 302
    assert both.post("applewallet_packagetype_resume", theirs.type_id).status_code == 403
    assert [
        one.push_paused_at is None for one in (PackageType.objects.get(pk=x.type_id) for x in (package, theirs))
    ] == [
        True,
        False,
    ]


def test_searches_and_filters_find_nothing_of_another_brand(staff, package, theirs):
    owner = staff("owner")
    for term in (theirs.serial, theirs.subject_uuid):
        page = owner.get("applewallet_package_changelist", q=str(term))
        assert list(page.context["cl"].result_list) == []
    assert list(owner.get("applewallet_package_changelist", q=str(package.serial)).context["cl"].result_list) == [
        package
    ]
    assert list(owner.get("applewallet_package_changelist", q="nonsense").context["cl"].result_list) == []
    make_credential(package.brand, "order")  # a filter of one choice is none
    for name in ("package", "device", "push", "devicelog", "credential"):
        page = owner.get(f"applewallet_{name}_changelist", type__id__exact=theirs.type_id)
        assert page.status_code == 302 or list(page.context["cl"].result_list) == []


@pytest.mark.parametrize("who", ["viewer", "superuser"])
@pytest.mark.parametrize("name", [one for one in LISTS if one != "packagetype"])
def test_a_list_costs_the_same_with_one_row_and_with_twelve(request, staff, package, name, who):
    somebody = request.getfixturevalue("superuser") if who == "superuser" else staff("viewer")
    somebody.get(f"applewallet_{name}_changelist")  # what the process asks once, it has asked
    costs = []
    for count in (0, 11):
        for number in range(count):
            another = make_package(package.brand)
            phone_with(another, library_identifier=f"device-number-{number}", push_token=f"token{number}")
            if name == "credential":
                make_credential(package.brand, identifier=package.type.identifier)
        with CaptureQueriesContext(connection) as queries:
            page = somebody.get(f"applewallet_{name}_changelist")
        costs.append(len(queries))
    assert page.context["cl"].result_count >= 12
    assert costs[0] == costs[1], [query["sql"] for query in queries]
