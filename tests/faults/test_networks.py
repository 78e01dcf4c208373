"""A worker whose network goes away: PostgreSQL and the receivers are out of its reach, and nothing tells it so."""

import time

from tests.faults.networks import NOTICED
from tests.faults.verdict import judge

ON_ITS_WAY = 1.0  # seconds in which what had left a worker before the cut still arrives
HOLDS = 32  # deliveries that one worker has claimed at most


def test_two_workers_one_cut_off(divided_world, size):
    world = divided_world
    world.behave("ok 0.3")
    programs = [world.pump("one"), world.pump("other")]
    world.wait(lambda: world.sessions_of("one") and world.sessions_of("other"))
    lose(world, "one", size(400, 4000), size(6, 60))
    world.mend("one")
    lose(world, "other", size(100, 1000), size(2, 20))
    world.mend("other")
    assert [program.poll() for program in programs] == [None, None], "no program ended"
    verdict = judge(world, "two workers, one cut off from PostgreSQL and receivers; it comes back, then the other")
    assert 0 < verdict.unknown <= 2 * HOLDS, "just what was in flight was in doubt"


def lose(world, name, deliveries, seconds):
    """Cut a worker off while it sends. Both ends notice, and the other worker takes everything over."""
    began_at = time.time()
    world.fill(deliveries, seconds=seconds)
    world.wait(lambda: world.address_of(name) in callers(world, began_at))
    world.cut(name)
    cut_at = time.time()
    world.wait(lambda: "the pump lost the database" in world.log(name), NOTICED)
    world.wait(lambda: world.sessions_of(name) == 0, NOTICED)
    world.wait_settled()
    takers = callers(world, cut_at + ON_ITS_WAY)
    assert len(takers) == 1, "there was something left to take over"
    assert takers != {world.address_of(name)}


def callers(world, since):
    return {call["from"] for call in world.received() if call["at"] > since}


def test_cut_off_in_the_middle_of_a_claim(divided_world, size):
    """Its locks must not keep the others from its endpoints until the system gives up the connection, hours later."""
    world = divided_world
    world.fill(size(80, 400))
    claimer = world.start_program("claim-and-linger", "3")
    world.wait(lambda: "claimed" in world.log("claim-and-linger"))
    world.cut("claim-and-linger")
    world.pump()
    assert claimer.wait(NOTICED) != 0, "it was told that its claim is void"
    world.wait_settled()
    verdict = judge(world, "cut off in the middle of a claim")
    assert (verdict.twice, verdict.unknown) == (0, 0)
