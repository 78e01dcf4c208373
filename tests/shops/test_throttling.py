"""The rate limit, with and without Redis."""

import time

import pytest

from shops import throttling
from shops.throttling import Counter
from tests.client import Api
from tests.making import token_for


@pytest.fixture(autouse=True)
def _own_window(settings, monkeypatch):
    settings.API_RATE_LIMIT = 3
    settings.REDIS_PREFIX = f"test-{time.time_ns()}"
    monkeypatch.setattr(throttling, "counter", Counter())
    while time.time() % 60 > 57:  # a window must not end in the middle of a test
        time.sleep(0.2)


def test_the_limit_and_its_headers(brand, api):
    answers = [api.get("/orders") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert "Retry-After" not in answers[0].headers
    assert answers[3].json() == {"message": "Too Many Attempts."}
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    reset = int(answers[3].headers["X-RateLimit-Reset"])
    assert reset % 60 == 0
    assert time.time() < reset <= time.time() + 60


def test_each_token_has_its_own(brand, api):
    for _ in range(4):
        api.get("/orders")
    assert Api(brand, token_for(brand)).get("/orders").status_code == 200


def test_processes_count_together():
    here, there = Counter(), Counter()
    assert [here.count(7), there.count(7)] == [1, 2]
    assert [here.count(7) for _ in range(3)] == [2, 3, 4]  # within the tenth of a second, each alone
    time.sleep(throttling.ASKED_EVERY)
    assert here.count(7) == 6
    time.sleep(throttling.ASKED_EVERY)
    assert there.count(7) == 7


def test_what_is_over_is_forgotten(monkeypatch):
    counter = Counter()
    counter.count(7)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 60)
    assert counter.count(8) == 1
    assert list(counter.windows) == [8]
    assert counter.count(7) == 1


def test_redis_gone_means_each_process_counts_alone(brand, api, settings):
    settings.REDIS_URL = "unix:///tmp/nobody-listens-here.sock"
    throttling._redis.cache_clear()
    try:
        answers = [api.get("/orders") for _ in range(5)]
    finally:
        throttling._redis.cache_clear()
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    [window] = throttling.counter.windows.values()
    assert window.ask_at > time.monotonic() + 1
