"""Every page of the admin in a real browser, with rows in every state: axe finds nothing, nothing runs off the side."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from tests.walletapp.every_row import Everything, admin_addresses, further_pages

LOOKS = [(1400, "light"), (390, "dark"), (1400, "dark"), (390, "light")]


@pytest.fixture
def everything(transactional_db):
    ContentType.objects.clear_cache()  # other tests emptied its table
    return Everything()


@pytest.mark.parametrize("turn", range(len(LOOKS)))
def test_every_page_of_the_admin(live_server, browser_page, everything, turn):
    """Each page in one look, taken in turn: so every look has pages of every kind."""
    eva = Client()
    eva.force_login(everything.owner)
    page = browser_page(*LOOKS[turn])
    page.context.add_cookies(
        [{"name": name, "value": kept.value, "url": live_server.url} for name, kept in eva.cookies.items()]
    )
    shown = 0
    for address in [*admin_addresses(), *further_pages(eva)][turn :: len(LOOKS)]:
        answer = page.goto(live_server.url + address)
        if answer.status == 200:  # rows that nobody adds by hand have no form for it
            shown += 1
            assert (address, page.axe(), page.errors) == (address, [], [])
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        page.errors.clear()
    assert shown > 20
