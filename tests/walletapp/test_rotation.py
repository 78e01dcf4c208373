"""Secrets at rest move to a new key: all of them."""

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import BinaryField

from accounts.encryption import decrypt, encrypt
from accounts.kept_secrets import encrypted_columns
from accounts.models import User
from accounts.second_factor import begin
from applewallet.credentials import install_push_key
from applewallet.models import Credential, Package, PackageType, Personalization
from applewallet.services import built
from buyers.authority import newest
from orders.payments.keys import keep_key
from tests.applewallet.making import make_package
from tests.applewallet.uploading import curve_key, key_bytes
from tests.buyers.keeping import make_address, make_card
from tests.buyers.making import make_buyer
from tests.making import make_endpoint
from walletapp.management.commands import rotate_encryption
from webhooks.models import Endpoint

OPEN = {"Event.body", "IdempotencyKey.answer", "Image.content", "JobChunk.content"}  # what is sent or shown as it is


@pytest.fixture
def secrets(brand):
    """A row in every table that holds secrets, with all of them."""
    begin(User.objects.create_user("two.steps@team.example"))
    endpoint, _key = make_endpoint(brand)
    Endpoint.objects.update(previous_key=endpoint.encrypted_key)
    package = make_package(brand)
    install_push_key(package.type, "ABC123DEFG", key_bytes(curve_key()))
    keep_key(brand, "test_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM")
    buyer = make_buyer()
    make_card(buyer)
    make_address(buyer)
    newest()
    brand.personalizations.create(package=package, encrypted_answers=encrypt("{}"), token_digest="x")
    return [
        (model, name, bytes(model.objects.values_list(name, flat=True).get()))
        for model, names in encrypted_columns().items()
        for name in names
    ]


def rows(secrets):
    return [(model, name, bytes(model.objects.values_list(name, flat=True).get())) for model, name, _old in secrets]


def test_every_binary_column_is_known_to_be_secret_or_open():
    found = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, BinaryField)
    }
    secret = {f"{model.__name__}.{name}" for model, names in encrypted_columns().items() for name in names}
    assert secret | OPEN == found
    assert secret & OPEN == set()
    assert {"Credential.encrypted_key", "PackageType.encrypted_apns_key", "Package.encrypted_token"} < secret
    assert {"Personalization.encrypted_answers", "Endpoint.encrypted_key", "Endpoint.previous_key"} < secret


def test_all_secrets_move_to_the_newest_key(secrets, settings, capsys):
    texts = [decrypt(old) for _model, _name, old in secrets]
    newest = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [newest, *settings.ENCRYPTION_KEYS]
    call_command("rotate_encryption")
    told = capsys.readouterr().out
    for model in (Endpoint, Credential, PackageType, Package, Personalization):
        assert f"{model.__name__}: 1 rows are encrypted with the newest key.\n" in told
    settings.ENCRYPTION_KEYS = [newest]
    assert [decrypt(now) for _model, _name, now in rows(secrets)] == texts
    assert built(Package.objects.select_related("type").get())


def test_many_rows_go_in_batches_and_only_those_with_secrets(brand, settings, monkeypatch, capsys):
    monkeypatch.setattr(rotate_encryption, "BATCH", 2)
    keys = {make_endpoint(brand, url=f"http://127.0.0.1:9/{number}")[1] for number in range(5)}
    make_package(brand)
    newest = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [newest, *settings.ENCRYPTION_KEYS]
    call_command("rotate_encryption")
    out = capsys.readouterr().out
    assert "Endpoint: 5 rows" in out
    assert "PackageType: 0 rows" in out
    settings.ENCRYPTION_KEYS = [newest]
    assert {decrypt(bytes(key)) for key in Endpoint.objects.values_list("encrypted_key", flat=True)} == keys


def test_a_secret_that_changes_meanwhile_is_not_lost(brand, settings, monkeypatch):
    endpoint, _key = make_endpoint(brand)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    rotate = rotate_encryption.rotate
    news = [encrypt("whsec_new")]

    def rotate_while_somebody_writes(token):
        if news:
            Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=news.pop())
        return rotate(token)

    monkeypatch.setattr(rotate_encryption, "rotate", rotate_while_somebody_writes)
    call_command("rotate_encryption", verbosity=0)
    endpoint.refresh_from_db()
    assert decrypt(bytes(endpoint.encrypted_key)) == "whsec_new"


def test_what_no_key_opens_is_named_and_the_rest_moves(secrets, settings):
    Endpoint.objects.update(encrypted_key=Fernet(Fernet.generate_key()).encrypt(b"lost"))
    newest = Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [newest, *settings.ENCRYPTION_KEYS]
    with pytest.raises(CommandError, match=rf"opens 1 rows: Endpoint {Endpoint.objects.get().pk}$"):
        call_command("rotate_encryption")
    settings.ENCRYPTION_KEYS = [newest]
    assert decrypt(bytes(Credential.objects.get().encrypted_key)).startswith("-----BEGIN PRIVATE KEY")
