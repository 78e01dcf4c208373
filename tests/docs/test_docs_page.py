"""The page of the API's documentation, in a real browser that has no internet."""

import pytest

from tests.api.test_openapi import OPERATIONS as SHOP
from tests.api.test_openapi_wallet import OPERATIONS as WALLET


@pytest.mark.parametrize("look", [(1400, "light"), (390, "light")])
def test_it_shows_every_operation_and_asks_nobody_else(live_server, browser_page, look):
    page = browser_page(*look)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_server.url}/docs/")
    page.locator("#operations-Orders-orders_list .opblock-summary-control").click()
    page.get_by_text("A page of orders.").wait_for()
    assert page.locator(".opblock").count() == len(SHOP) + len(WALLET)
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
    assert page.errors == []


def test_only_this_page_allows_inline_styles_and_none_allows_inline_scripts(client):
    policy = client.get("/docs/").headers["Content-Security-Policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src" not in policy
    assert "default-src 'self'" in policy
    assert "unsafe" not in client.get("/live").headers["Content-Security-Policy"]
