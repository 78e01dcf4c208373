"""Workers that die, at random and at the worst lines; that are asked to go; whose clocks are wrong."""

import random
import signal
import time

import pytest

from tests.faults.verdict import judge
from tests.faults.world import HERE, WHOLE

IN_TIME = 25.0  # seconds that a program has to end in; whoever deploys waits for 30 as a rule
CLOCK_MAY_BE_OFF = 60.0  # seconds; receivers refuse signatures that are five minutes old


@pytest.mark.skipif(not WHOLE, reason="the base line of the table; in the short form the clocks' scenario shows it")
def test_no_fault(world, size):
    world.fill(4000)
    world.worker("worker")
    world.worker("other worker")
    world.beat()
    world.wait_settled()
    verdict = judge(world, "none")
    assert (verdict.twice, verdict.disordered, verdict.unknown) == (0, 0, 0)


def test_kill_9_of_random_workers(world, size):
    total, kills = size(300, 4000), size(2, 12)
    names = ["worker 1", "worker 2", "worker 3"][: size(2, 3)]
    world.behave("ok 0.05")
    world.fill(total)
    start = world.worker if WHOLE else world.pump  # the same drain; a pump is up in half the time
    for name in names:
        start(name)
    if WHOLE:
        world.beat()
    random.shuffle(names)
    for kill in range(1, kills + 1):
        world.wait_received(total * kill // (kills + 2))
        name = names[kill % len(names)]
        world.kill(name)
        start(name)
    world.wait_settled()
    judge(world, f"kill -9 of a random worker, {kills} times")


def test_kill_after_the_receiver_answered(world, size):
    kills = size(1, 5)
    world.fill(size(100, 1000))
    for _ in range(kills):
        world.wait(lambda: has_no_lease(world))  # the dead one's leases fill the endpoints' places
        assert world.run_program("answer-and-die")[0] == -signal.SIGKILL
    world.pump()
    world.wait_settled()
    verdict = judge(world, f"kill -9 after the receiver answered, {kills} times")
    assert 0 < verdict.twice <= verdict.unknown


def has_no_lease(world):
    return world.sql("SELECT 1 FROM webhooks_delivery WHERE lease_until > now() LIMIT 1") == []


def test_sigterm_under_load(world, size):
    total = size(200, 2000)
    world.behave("ok 0.5")
    world.fill(total)
    world.beat()
    for place, (name, start) in enumerate([("worker", world.worker), ("pump", world.pump)], 1):
        start()
        world.wait_received(place * total // 10)
        started = time.monotonic()
        world.kill(name, signal.SIGTERM)
        took = time.monotonic() - started
        assert took < IN_TIME, world.log(name)
        assert world.states().keys() == {"pending", "delivered"}, "what was in flight ended, and the rest went back"
        assert world.states()["pending"] > total // 4, "it did not stay for the whole queue"
    world.behave("ok")
    world.pump()
    world.wait_settled()
    verdict = judge(world, "SIGTERM to worker and pump under load")
    assert (verdict.twice, verdict.unknown) == (0, 0)


def test_worker_whose_clock_is_wrong(world, size):
    """No pump: beat's messages must count for a worker that lives an hour later."""
    wrong = {"PYTHONPATH": f"{HERE / 'clock'}:{world.settings['PYTHONPATH']}", "CLOCK_SHIFT": "3600"}
    world.fill(size(148, 2000), seconds=2)
    world.worker(**wrong)
    world.beat()
    world.wait_settled()
    verdict = judge(world, "the worker's clock an hour ahead")
    assert (verdict.twice, verdict.disordered, verdict.unknown) == (0, 0, 0)
    assert max(abs(call["at"] - call["signed_at"]) for call in world.received()) < CLOCK_MAY_BE_OFF
