"""The second factor: set up, asked for, used once, reset."""

import time

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts import second_factor
from accounts.encryption import decrypt
from accounts.models import SecondFactor, User
from tests.accounts.helping import CODE, FACTOR, LOGIN, code_of, enrolled, is_in, secret_on, with_password
from tests.admin.helping import Admin


def test_it_is_set_up_on_a_page_and_the_codes_are_shown_once(owner):
    client = Client()
    client.force_login(owner)
    page = client.get(FACTOR)
    assert "<svg" in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    secret = secret_on(page)
    wrong = client.post(FACTOR, {"code": "000000"})
    assert "This code is wrong" in wrong.content.decode()
    assert not SecondFactor.objects.get().confirmed
    SecondFactor.objects.update(throttling_failure_count=0)
    answer = client.post(FACTOR, {"code": code_of(secret)}).content.decode()
    codes = [line.split(">")[1][:19] for line in answer.split('<li class="wa-code"')[1:]]
    assert len(set(codes)) == 10
    assert SecondFactor.objects.get().confirmed
    again = client.get(FACTOR).content.decode()
    assert secret not in again
    assert codes[0] not in again
    assert is_in(client)
    assert LogEntry.objects.get(object_id=str(owner.pk)).change_message == "Second factor set up."


def test_neither_the_secret_nor_a_code_can_be_read_in_the_database(owner):
    secret, codes = enrolled(owner)
    factor = SecondFactor.objects.get()
    assert bytes.fromhex(decrypt(factor.encrypted_secret)) == second_factor._key(factor)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM (SELECT * FROM accounts_secondfactor) t")
        rows = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(t::text, '') FROM (SELECT * FROM accounts_recoverycode) t")
        rows += cursor.fetchone()[0]
    for hidden in (secret.replace(" ", ""), second_factor._key(factor).hex(), codes[0], codes[0].replace("-", "")):
        assert hidden not in rows
    call_command("rotate_encryption")
    assert second_factor.secret_of(SecondFactor.objects.get()) == secret


def test_signing_in_takes_both_steps(owner):
    secret, _codes = enrolled(owner)
    client, answer = with_password(owner)
    assert answer["Location"] == f"{CODE}?next=%2Fadmin%2F"
    assert not is_in(client)
    assert "_auth_user_id" not in client.session
    answer = client.post(CODE, {"code": code_of(secret), "next": "/admin/shops/member/"})
    assert answer["Location"] == "/admin/shops/member/"
    assert is_in(client)


def test_a_code_is_good_once(owner):
    secret, _codes = enrolled(owner)
    code = code_of(secret)
    first, _answer = with_password(owner)
    first.post(CODE, {"code": code})
    second, _answer = with_password(owner)
    assert "was used before" in second.post(CODE, {"code": code}).content.decode()
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_is_good_once_however_it_is_typed(owner):
    _secret, codes = enrolled(owner)
    first, _answer = with_password(owner)
    first.post(CODE, {"code": f" {codes[0].upper().replace('-', ' ')} "})
    assert is_in(first)
    second, _answer = with_password(owner)
    second.post(CODE, {"code": codes[0]})
    assert not is_in(second)
    assert owner.recovery_codes.filter(used_at=None).count() == 9


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "٠٠٠٠٠٠", "-00001", "x" * 41])
def test_what_is_no_code_opens_nothing(owner, code):
    enrolled(owner)
    client, _answer = with_password(owner)
    assert client.post(CODE, {"code": code}).status_code == 200
    assert not is_in(client)


def test_wrong_codes_slow_the_next_down(owner, monkeypatch):
    secret, _codes = enrolled(owner)
    client, _answer = with_password(owner)
    for _ in range(3):
        SecondFactor.objects.update(throttling_failure_timestamp="2026-01-01T00:00Z")
        client.post(CODE, {"code": "000000"})
    page = client.post(CODE, {"code": code_of(secret)}).content.decode()
    assert "seconds before the next" in page
    assert not is_in(client)
    SecondFactor.objects.update(throttling_failure_timestamp="2026-01-01T00:00Z")
    client.post(CODE, {"code": code_of(secret)})
    assert is_in(client)
    assert SecondFactor.objects.get().throttling_failure_count == 0


def test_the_first_step_is_forgotten_after_ten_minutes_and_by_a_new_password(owner, monkeypatch):
    secret, _codes = enrolled(owner)
    client, _answer = with_password(owner)
    now = time.time()
    monkeypatch.setattr("accounts.pages.time.time", lambda: now + 601)
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == LOGIN
    monkeypatch.undo()
    owner.set_password("another-password")
    owner.save()
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == LOGIN
    assert not is_in(client)


def test_a_session_from_before_is_asked_for_the_code(owner):
    client = Client()
    client.force_login(owner)
    assert is_in(client)
    secret, _codes = enrolled(owner)
    assert client.get("/admin/shops/member/")["Location"] == f"{CODE}?next=/admin/shops/member/"
    assert client.get(FACTOR)["Location"] == f"{CODE}?next={FACTOR}"
    client.post(CODE, {"code": code_of(secret)})
    assert is_in(client)


def test_where_it_is_required_nothing_opens_before_it(owner, settings):
    settings.STAFF_SECOND_FACTOR = "required"
    client, _answer = with_password(owner)
    for path in ("/admin/", "/admin/shops/member/", "/admin/password_change/"):
        assert client.get(path)["Location"] == FACTOR
    assert client.post("/admin/shops/member/", {"action": "x"})["Location"] == FACTOR
    secret = secret_on(client.get(FACTOR))
    client.post(FACTOR, {"code": code_of(secret)})
    assert is_in(client)
    page = client.get(FACTOR).content.decode()
    assert "Switch it off" not in page
    client.post(FACTOR, {"code": code_of(secret, 1), "what": "remove"})
    assert SecondFactor.objects.filter(user=owner, confirmed=True).exists()


def test_where_it_is_off_nobody_is_asked(owner, settings):
    enrolled(owner)
    settings.STAFF_SECOND_FACTOR = "off"
    client, _answer = with_password(owner)
    assert is_in(client)


def test_it_is_switched_off_with_a_code(owner):
    secret, _codes = enrolled(owner)
    client, _answer = with_password(owner)
    client.post(CODE, {"code": code_of(secret)})
    client.post(FACTOR, {"code": "000000", "what": "remove"})
    assert SecondFactor.objects.count() == 1
    SecondFactor.objects.update(throttling_failure_count=0)
    client.post(FACTOR, {"code": code_of(secret, 1), "what": "remove"})
    assert (SecondFactor.objects.count(), owner.recovery_codes.count()) == (0, 0)


def test_new_recovery_codes_make_the_old_ones_void(owner):
    secret, codes = enrolled(owner)
    client, _answer = with_password(owner)
    client.post(CODE, {"code": code_of(secret)})
    client.post(FACTOR, {"code": code_of(secret, 1), "what": "codes"})
    assert owner.recovery_codes.count() == 10
    other, _answer = with_password(owner)
    other.post(CODE, {"code": codes[0]})
    assert not is_in(other)


def test_the_next_page_is_never_anothers(owner):
    secret, _codes = enrolled(owner)
    client, _answer = with_password(owner)
    answer = client.post(f"{CODE}?next=https://evil.example/", {"code": code_of(secret), "next": "//evil.example/"})
    assert answer["Location"] == "/admin/"


def test_an_owner_resets_it_and_the_history_tells(staff, brand, owner):
    viewer = staff("viewer").user
    enrolled(viewer)
    place = brand.staff.get(user=viewer)
    admin = Admin(owner)
    assert "Reset the second factor" in admin.get("shops_staff_change", place.pk).content.decode()
    admin.post("shops_staff_factor", place.pk)
    assert not SecondFactor.objects.exists()
    client, _answer = with_password(viewer)
    assert is_in(client)
    said = LogEntry.objects.filter(user=owner).values_list("content_type__model", "change_message")
    assert set(said) == {("staff", "Second factor reset."), ("user", "Second factor reset.")}
    assert "Second factor reset." in admin.get("shops_staff_history", place.pk).content.decode()


def test_an_owner_resets_nobody_who_guards_another_brand_too(staff, brand, other, owner):
    both = staff("viewer", velo=(other, "viewer")).user
    enrolled(both)
    admin = Admin(owner)
    place = brand.staff.get(user=both)
    assert admin.post("shops_staff_factor", place.pk).status_code == 403
    assert admin.post("shops_staff_factor", other.staff.get(user=both).pk).status_code == 302
    assert admin.post("shops_staff_factor", brand.staff.get(user=owner).pk).status_code == 403
    assert SecondFactor.objects.filter(user=both).exists()


def test_a_superuser_and_an_operator_reset_it(superuser, owner, capsys):
    enrolled(owner)
    superuser.act("accounts_user", "reset_second_factor", owner)
    assert not SecondFactor.objects.exists()
    enrolled(owner)
    call_command("reset_second_factor", owner.email.upper())
    assert not SecondFactor.objects.exists()
    assert User.objects.get(pk=owner.pk).check_password("secret")
