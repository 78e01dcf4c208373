"""Hints that are never sent, that are forgotten, that nobody takes. The same programs live through all of it."""

import json
import signal
import time

from tests.faults.verdict import judge

ANSWERED = 2.0  # seconds in which an order is placed without a broker, on a machine that is busy


def test_hints_that_get_lost(world, size):
    programs = [world.worker(), world.beat()]
    kill_before_the_hint(world, size(1, 10))
    world.wait(lambda: "ready." in world.log("worker"))
    flush(world, size)
    stop(world, size(200, 4000), size(4, 60))
    programs.append(world.pump())
    fall_silent(world, size(200, 4000), size(7, 60))
    assert [program.poll() for program in programs] == [None, None, None], "no program ended"


def kill_before_the_hint(world, times):
    """Orders whose process is killed when they are committed. Beat asks what is due anyway."""
    for _ in range(times):
        assert world.run_program("place-and-die")[0] == -signal.SIGKILL
    assert world.sql("SELECT count(*) AS n FROM orders_order") == [{"n": times}]
    world.wait_settled()
    verdict = judge(world, f"kill -9 between commit and hint, {times} times")
    assert (verdict.deliveries, verdict.twice) == (2 * times, 0)


def flush(world, size):
    world.fill(size(200, 4000), seconds=size(4, 40))
    shop = world.start_program("place", "20", str(size(4, 40)))
    for _ in range(size(4, 20)):
        time.sleep(size(1, 2))
        world.flush_redis()
    assert shop.wait() == 0
    world.wait_settled()
    judge(world, "FLUSHALL, again and again")


def stop(world, deliveries, seconds):
    """Nothing is sent meanwhile, as there is no pump; everything is afterwards."""
    world.fill(deliveries, seconds=seconds + 5)
    world.stop_redis()
    status, told = world.run_program("place", "20", str(seconds))
    world.start_redis()
    world.wait_settled()
    judge(world, f"Redis stopped for {seconds} s, no pump")
    assert (status, json.loads(told)["slowest"] < ANSWERED) == (0, True), told


def fall_silent(world, deliveries, seconds):
    """The pump sends everything meanwhile."""
    world.fill(deliveries, seconds=seconds / 2)
    world.freeze_redis()
    status, told = world.run_program("place", "20", str(seconds))
    world.wait_settled()
    judge(world, f"Redis takes everything and answers nothing for {seconds} s, a pump beside it")
    world.thaw_redis()
    assert (status, json.loads(told)["slowest"] < ANSWERED) == (0, True), told
