"""What staff do with passes: find, redeem, block, unblock."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from passes.models import Pass
from passes.services import block, redeem, void_passes
from tests.admin.helping import order_of, said, sign_in, text_of
from tests.making import make_pass

PAGES = ["redeem", "block", "unblock"]


@pytest.fixture
def issued(brand, member):
    return make_pass(brand, member=member)


def steps_on(admin, issued):
    """Which buttons the pass's page has."""
    page = text_of(admin.get("passes_pass_change", issued.pk))
    return [name for name in PAGES if f"/{issued.pk}/{name}/" in page]


def end_of(issued):
    """What became of a pass."""
    return Pass.objects.values_list("status", "redeemed_by", "blocked_reason").get(pk=issued.pk)


def test_support_redeems_a_pass_in_their_own_name(staff, issued):
    support = staff("support")
    support.user.name = "Sam Support"
    support.user.save()
    assert steps_on(support, issued) == ["redeem", "block"]
    asked = text_of(support.get("passes_pass_redeem", issued.pk))
    assert issued.qr_code in asked
    assert "A pass is redeemed once" in asked
    assert end_of(issued) == ("active", "", "")

    answer = support.post("passes_pass_redeem", issued.pk)
    assert answer["Location"].endswith(f"/passes/pass/{issued.pk}/change/")
    assert said(answer) == ["The pass is redeemed."]
    assert end_of(issued) == ("redeemed", "Sam Support", "")
    assert LogEntry.objects.get().change_message == "Redeemed."
    assert steps_on(support, issued) == []
    page = text_of(support.get("passes_pass_change", issued.pk))
    assert "Redeemed by" in page
    assert "Blocked because" not in page
    assert "PassStatus" not in page

    [message] = said(support.post("passes_pass_redeem", issued.pk))[-1:]
    assert message.startswith("This pass was redeemed on ")
    assert message.endswith(" by “Sam Support”.")
    assert LogEntry.objects.count() == 1


def test_who_has_no_name_redeems_under_their_address(staff, issued):
    support = staff("support")
    support.post("passes_pass_redeem", issued.pk)
    assert end_of(issued) == ("redeemed", "support0@team.example", "")


def test_support_blocks_with_a_reason_and_unblocks(staff, issued):
    support = staff("support")
    assert "Why" in text_of(support.get("passes_pass_block", issued.pk))
    for wrong in ({}, {"reason": " "}, {"reason": "x" * 201}):
        assert support.post("passes_pass_block", issued.pk, **wrong).status_code == 200
        assert end_of(issued) == ("active", "", "")
    assert said(support.post("passes_pass_block", issued.pk, reason="Stolen")) == ["The pass is blocked."]
    assert end_of(issued) == ("blocked", "", "Stolen")
    assert steps_on(support, issued) == ["unblock"]
    assert "Stolen" in text_of(support.get("passes_pass_change", issued.pk))

    assert support.get("passes_pass_unblock", issued.pk).status_code == 405
    assert end_of(issued) == ("blocked", "", "Stolen")
    assert said(support.post("passes_pass_unblock", issued.pk))[-1] == "The pass can be redeemed again."
    assert end_of(issued) == ("active", "", "")
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == ["Blocked: Stolen", "Unblocked."]


@pytest.mark.parametrize("page", PAGES)
def test_a_viewer_sees_no_buttons_and_gets_nowhere(staff, issued, page):
    viewer = staff("viewer")
    assert steps_on(viewer, issued) == []
    assert viewer.get(f"passes_pass_{page}", issued.pk).status_code == 403
    assert viewer.post(f"passes_pass_{page}", issued.pk, reason="x").status_code == 403
    assert end_of(issued) == ("active", "", "")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_touches_another_brands_pass(staff, other, page):
    theirs = make_pass(other)
    owner = staff("owner")
    assert owner.get(f"passes_pass_{page}", theirs.pk).status_code == 302
    assert owner.post(f"passes_pass_{page}", theirs.pk, reason="x").status_code == 302
    assert end_of(theirs) == ("active", "", "")


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_a_role_holds_in_its_own_brand(staff, other, issued, role):
    theirs = make_pass(other)
    somebody = staff("support", elsewhere=(other, role))
    assert steps_on(somebody, issued) == ["redeem", "block"]
    assert steps_on(somebody, theirs) == (["redeem", "block"] if role == "support" else [])
    somebody.post("passes_pass_redeem", theirs.pk)
    assert end_of(theirs)[0] == ("redeemed" if role == "support" else "active")


def test_what_has_ended_or_is_not_paid_has_no_buttons(staff, brand, member):
    used, over, taken = (make_pass(brand, member=member) for _ in range(3))
    redeem(used, by="Till 2")
    brand.passes.filter(pk=over.pk).update(expiration_date=timezone.now() - timedelta(days=1))
    void_passes([taken])
    waiting = order_of(member).items.get().issued_pass
    support = staff("support")
    assert [steps_on(support, one) for one in (used, over, taken, waiting)] == [[], [], [], []]
    page = text_of(support.get("passes_pass_change", over.pk))
    assert "Expired" in page
    assert "Active" not in page
    assert said(support.post("passes_pass_block", waiting.pk, reason="x"))[-1] == (
        "A pass that is not paid cannot become blocked."
    )
    assert said(support.post("passes_pass_unblock", taken.pk))[-1].startswith("This pass stays blocked:")


def test_passes_are_found_by_code_and_address_and_filtered_by_status(staff, brand, member, issued):
    stolen = block(make_pass(brand), reason="Stolen")
    viewer = staff("viewer")

    def found(**query):
        return list(viewer.get("passes_pass_changelist", **query).context["cl"].result_list)

    for term in (issued.qr_code, f" {issued.qr_code.lower()} ", member.email[:4]):
        assert found(q=term) == [issued]
    assert found(q="0" * 20) == []
    assert found(status__exact="blocked") == [stolen]
    assert found(status__exact="active") == [issued]
    assert found() == [stolen, issued]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("look", [(1400, "light"), (390, "dark")])
def test_staff_redeem_a_pass(live_server, browser_page, staff, issued, look):
    page = browser_page(*look)
    sign_in(page, live_server, staff("support"))
    page.goto(f"{live_server.url}/admin/passes/pass/{issued.pk}/change/")
    assert page.axe() == []
    page.get_by_role("link", name="Redeem").click()
    page.get_by_role("heading", name="Redeem this pass?").wait_for()
    assert page.axe() == []
    page.get_by_role("button", name="Redeem").click()
    page.get_by_text("The pass is redeemed.").wait_for()
    assert page.get_by_role("link", name="Redeem", exact=True).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert end_of(issued)[0] == "redeemed"
    assert page.errors == []
