"""create_api_token."""

import pytest
from django.core.management import CommandError, call_command

from shops.models import ApiToken
from tests.client import Api


def test_only_the_token_is_printed_and_it_works(brand, capsys):
    call_command(
        "create_api_token", brand.slug, "--name", "ERP", "--ability", "shops.get", "--ability", "shops.orders.get"
    )
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert Api(brand, out.strip()).get("/orders").status_code == 200
    token = ApiToken.objects.get()
    assert (token.name, token.abilities, token.expires_at) == ("ERP", ["shops.get", "shops.orders.get"], None)


def test_it_may_expire(brand, capsys):
    call_command("create_api_token", brand.slug, "--name", "x", "--ability", "*", "--expires", "-1")
    assert Api(brand, capsys.readouterr().out.strip()).get("/orders").status_code == 401


def test_an_unknown_brand_is_named(db):
    with pytest.raises(CommandError, match="There is no brand “nobody”"):
        call_command("create_api_token", "nobody", "--name", "x", "--ability", "*")
