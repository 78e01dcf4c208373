"""Programs that die at a chosen line, and one that sells. python tests/faults/program.py NAME [ARGUMENTS].

Each imports what it needs itself: Django has to be set up first.
"""

import json
import os
import signal
import sys
import time

import django

ENDPOINTS = 2  # of each brand
BRANDS = 4


def seed():
    """Brands with their endpoints, and what it takes to place orders."""
    from tests.making import make_brand, make_coupon, make_endpoint, make_member  # noqa: PLC0415

    for _ in range(BRANDS):
        brand = make_brand()
        make_member(brand)
        make_coupon(brand)
        for _ in range(ENDPOINTS):
            make_endpoint(brand)


def place(count, seconds):
    """Place orders, spread over so many seconds, and print how long the slowest took; the first one is a cold start."""
    from orders.services import place_order  # noqa: PLC0415
    from shops.models import Brand  # noqa: PLC0415

    brand = Brand.objects.order_by("pk").first()
    member, coupon = brand.members.get(), brand.coupons.get()
    began, slowest = time.monotonic(), 0.0
    for number in range(count):
        time.sleep(max(0.0, began + number * seconds / count - time.monotonic()))
        started = time.monotonic()
        place_order(member, [(coupon, 1)])
        slowest = max(slowest, time.monotonic() - started if number else 0.0)
    sys.stdout.write(json.dumps({"slowest": slowest}))


def place_and_die():
    """An order is committed, and its process is killed before the hint."""
    from webhooks import tasks  # noqa: PLC0415

    tasks._hint = die
    place(1, 0)


def answer_and_die():
    """A drain that is killed when the first receivers have answered, before it writes that down."""
    from webhooks import delivery  # noqa: PLC0415

    delivery.finish = lambda results: die() if results else None
    delivery.drain()


def claim_and_linger(seconds):
    """A claim that does not get to its commit: the database waits for the rest of the transaction."""
    from django.db import transaction  # noqa: PLC0415

    from webhooks import delivery  # noqa: PLC0415

    with transaction.atomic():
        sys.stdout.write(f"claimed {len(delivery.claim(100))}\n")
        sys.stdout.flush()
        time.sleep(seconds)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


PROGRAMS = {
    "seed": seed,
    "place": lambda: place(int(sys.argv[2]), float(sys.argv[3])),
    "place-and-die": place_and_die,
    "answer-and-die": answer_and_die,
    "claim-and-linger": lambda: claim_and_linger(float(sys.argv[2])),
}

if __name__ == "__main__":
    django.setup()
    PROGRAMS[sys.argv[1]]()
