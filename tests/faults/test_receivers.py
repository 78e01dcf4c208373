"""Receivers that are down, that hang, that drip."""

import time

import pytest

from tests.faults.verdict import judge


@pytest.fixture
def world(world):
    """A world that gives a call 1.5 seconds."""
    world.settings["WEBHOOK_TOTAL_TIMEOUT"] = "1.5"
    return world


def test_receivers_in_trouble(world, size):
    world.pump()
    down(world, size(200, 4000), size(4, 60))
    one_of_eight(world, size(200, 2000), "hang", size(3, 60))
    judge(world, "one receiver of eight takes calls and never answers")
    one_of_eight(world, size(200, 2000), "drip", size(3, 60))
    judge(world, "one receiver of eight answers one byte at a time")


def down(world, deliveries, seconds):
    world.fill(deliveries)
    world.wait_received(20)
    world.kill_receiver()
    time_goes_by(world, seconds)
    world.start_receiver()
    settle(world)
    judge(world, f"the receiver down for {seconds} s, retries every second")


def one_of_eight(world, deliveries, mode, seconds):
    """One endpoint makes trouble while the others go on; then it is well again."""
    bad = world.sql("SELECT min(id) AS id FROM webhooks_endpoint")[0]["id"]
    world.behave("ok 0.02", {f"/{bad}": mode})
    world.fill(deliveries)
    world.wait(lambda: is_done_apart_from(world, bad))
    time_goes_by(world, seconds)
    assert mode in {call["mode"] for call in world.received()}
    world.behave("ok 0.02")
    settle(world)


def is_done_apart_from(world, endpoint):
    waiting = "SELECT 1 FROM webhooks_delivery WHERE endpoint_id <> %(id)s AND state <> 'delivered' LIMIT 1"
    return world.sql(waiting, id=endpoint) == []


def time_goes_by(world, seconds):
    """Seconds in which an endpoint that is left alone for a while is tried again and again."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        world.time_passes()
        time.sleep(0.5)


def settle(world):
    """Wait for the end, with the time that endpoints are left alone already over."""

    def is_settled():
        world.time_passes()
        return world.is_settled()

    world.wait(is_settled)
