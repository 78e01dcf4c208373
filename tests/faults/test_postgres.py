"""PostgreSQL that is restarted without a word."""

from tests.faults.verdict import judge


def test_immediate_restarts(durable_world, size):
    world, restarts = durable_world, size(2, 5)
    total = size(300, 4000)
    world.behave("ok 0.05")
    world.fill(total)
    programs = [world.worker(), world.beat(), world.pump()]
    for restart in range(1, restarts + 1):
        world.wait_received(total * restart // (restarts + 2))
        world.crash_postgres()
        world.start_postgres()
    world.wait_settled()
    verdict = judge(world, f"PostgreSQL restarted at once (immediate), {restarts} times")
    assert [program.poll() for program in programs] == [None, None, None], "no program ended"
    assert verdict.twice <= verdict.deliveries // 10, "what was in flight was written down after the restart"
