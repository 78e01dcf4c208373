"""Takes the documents' pictures of a demo that runs: docs/pictures/*.png for docs/staff.md, docs/members.md, README.md.

Walks through it as the brand's manager and as a member would. `python3 dev.py pictures` starts a fresh demo and runs
this, so that every run sees the same brands, members and orders.
"""

import argparse
import io
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

STAFF = {"viewport": {"width": 1400, "height": 900}, "device_scale_factor": 1}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
COLORS = 128  # of a picture's palette
MEMBER = "emma.brown@example.com"
MEMBERS = """email,name,points,reference
ines@example.com,Inês Costa,250,Summer fair
emma.brown@example.com,Emma Brown,100,Summer fair
jan.example.com,Jan Kok,100,Summer fair
kim@example.com,Kim Larsen,many,Summer fair
"""


class Camera:
    """Takes pictures of what a browser shows and keeps them small."""

    def __init__(self, page: Page, base: str, folder: Path) -> None:
        self.page = page
        self.base = base
        self.folder = folder

    def go(self, path: str) -> None:
        """Open a page of the demo. Raises RuntimeError if it answers anything but 200."""
        answer = self.page.goto(f"{self.base}{path}", wait_until="networkidle")
        if answer is None or not answer.ok:
            raise RuntimeError(f"{path} answered {answer and answer.status}")

    def take(self, name: str, *, tall: int = 0, of: Locator | None = None) -> None:
        """Take a picture of what is in view, of the page's first `tall` pixels, or of a part of it."""
        self.page.evaluate("document.fonts.ready")
        self.page.mouse.move(0, 0)  # nothing looks pointed at
        if of is not None:
            shot = of.screenshot(animations="disabled")
        else:
            size = self.page.viewport_size or {"width": 0, "height": 0}
            self.page.set_viewport_size({"width": size["width"], "height": tall or size["height"]})
            shot = self.page.screenshot(animations="disabled")
            self.page.set_viewport_size(size)
        small = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
        small.save(self.folder / f"{name}.png", optimize=True)
        print(f"took {name}.png", flush=True)


def staff(camera: Camera, facts: dict[str, Any]) -> None:
    """The admin, as the first brand's manager sees it."""
    page, slug = camera.page, facts["brands"][0]["slug"]
    camera.go("/admin/")
    page.fill("[name=username]", f"manager@{slug}.example")
    page.fill("[name=password]", facts["admin"]["password"])
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{camera.base}/admin/")
    page.wait_for_load_state("networkidle")
    camera.take("staff-dashboard", tall=1240)
    camera.go("/admin/orders/order/")
    camera.take("staff-orders")
    _order(camera)
    _member_and_coupon(camera)


def _first(page: Page) -> str:
    """The address of the first row's page."""
    return str(page.locator("#result_list tbody a[href*='/change/']").first.get_attribute("href"))


def _order(camera: Camera) -> None:
    """An order on its way to the member, its timeline, and how a refund is previewed."""
    page = camera.page
    camera.go("/admin/orders/order/?tag=birthday")
    path = _first(page).split("?")[0]
    camera.go(path)
    camera.take("staff-order", tall=1100)
    camera.take("staff-timeline", of=page.locator("section[aria-labelledby=timeline]"))
    camera.go(path.replace("change/", "refund/"))
    page.get_by_label("Reason").fill("It came too late.")
    page.get_by_role("button", name="See what it gives back").click()
    page.wait_for_load_state("networkidle")
    camera.take("staff-refund", tall=1000)


def _member_and_coupon(camera: Camera) -> None:
    page = camera.page
    camera.go(f"/admin/shops/member/?q={MEMBER}")
    camera.go(_first(page))
    camera.take("staff-member", tall=1000)
    camera.go("/admin/passes/coupon/?q=Breakfast")
    camera.go(_first(page))
    camera.take("staff-coupon", tall=1000)
    _import(camera)


def _import(camera: Camera) -> None:
    """A file of members with a broken row, after it was checked."""
    page = camera.page
    camera.go("/admin/jobs/job/members/")
    file: Any = {"name": "members.csv", "mimeType": "text/csv", "buffer": MEMBERS.encode()}
    page.set_input_files("[type=file]", [file])
    page.get_by_role("button", name="Check the file").click()
    page.get_by_text("mend the file").wait_for()  # the page asks how far it is
    camera.take("staff-import", tall=900)


def member(camera: Camera, facts: dict[str, Any], mails: Path) -> None:
    """The shop, from the first look to the pass's QR code, as a member sees it on a phone."""
    page, shop = camera.page, f"/s/{facts['brands'][0]['slug']}/"
    camera.go(shop)
    camera.take("member-shop")
    page.get_by_role("link", name="Breakfast for two").click()
    camera.take("member-coupon")
    page.get_by_role("button", name="Add to cart").click()
    _sign_in(camera, shop, mails)  # leads on to the checkout
    page.locator("#points").fill("1200")
    page.locator("#rest").get_by_text("17.00").wait_for()
    page.locator("h1").click()  # out of the field
    camera.take("member-checkout")
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_role("button", name="Paid").click()
    page.get_by_role("link", name="To your order").click()
    page.wait_for_load_state("networkidle")
    camera.take("member-order")
    page.get_by_role("link", name="Breakfast for two").first.click()
    page.wait_for_load_state("networkidle")
    camera.take("member-pass")
    camera.go(f"{shop}me")
    camera.take("member-wallet")
    camera.go(f"{shop}me/points")
    camera.take("member-points")


def _sign_in(camera: Camera, shop: str, mails: Path) -> None:
    page = camera.page
    camera.go(f"{shop}sign-in")
    page.get_by_label("Your e-mail address").fill(MEMBER)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Look into your mail").wait_for()
    links = re.findall(r"http\S+/sign-in/\S+", mails.read_text(errors="replace"))
    page.goto(links[-1])
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")


def buyer(camera: Camera, facts: dict[str, Any]) -> None:
    """The buyer's wallet, and a partner who asks for something in it."""
    page, partner = camera.page, facts["partner"]
    camera.go(partner["authorize_url"])
    page.get_by_text("Sign in with a password").click()
    page.get_by_label("Password").fill(facts["admin"]["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("networkidle")
    camera.take("buyer-consent")
    camera.go(partner["wallet_url"])
    camera.take("buyer-wallet")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. Raises RuntimeError where none is installed."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield browser
        browser.close()


def main() -> None:
    """Take them all, or none of those that follow one that fails."""
    parser = argparse.ArgumentParser(description="Take the documents' pictures.")
    parser.add_argument("--base", required=True, help="where the demo answers")
    parser.add_argument("--facts", type=Path, required=True, help="what the seed told, as JSON")
    parser.add_argument("--mails", type=Path, required=True, help="the log in which the demo prints its mails")
    parser.add_argument("--to", type=Path, required=True, help="the folder for the pictures")
    options = parser.parse_args()
    facts = json.loads(options.facts.read_text())
    with chromium() as browser:

        def camera(looks: dict[str, Any]) -> Camera:
            page = browser.new_context(color_scheme="light", locale="en-GB", **looks).new_page()
            return Camera(page, options.base, options.to)

        staff(camera(STAFF), facts)
        member(camera(PHONE), facts, options.mails)
        buyer(camera(PHONE), facts)


if __name__ == "__main__":
    sys.exit(main())
