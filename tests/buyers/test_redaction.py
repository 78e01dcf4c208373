"""No line of the log holds a card number, a token or a secret (buyer-wallet.md §C.6)."""

import io
import json
import logging
import time

import pytest
import structlog

from buyers.published_cards import PUBLISHED
from tests.secrecy import Collector, leaks, spaced
from walletapp.redaction import MASK, redact, redacted

PAN, TOKEN = "4111111111111111", "q7Hd0Zp3Vx9Rk2Lm5Tn8"


@pytest.fixture
def written():
    """What the handler of settings.LOGGING writes, as text; log to the logger it comes with."""
    handler, stream = Collector(), io.StringIO()
    logger = logging.getLogger("tests.redaction")
    handler.emit = lambda record: stream.write(handler.format(record) + "\n")
    logger.addHandler(handler)
    logger.propagate = False  # pytest would show it, and the guard of the whole run would find it, if it failed here
    yield logger, stream
    logger.removeHandler(handler)
    logger.propagate = True


def fail(text):
    raise ValueError(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"paid with {PAN} today", f"paid with {MASK} today"),
        ("paid with 4111 1111 1111 1111 today", f"paid with {MASK} today"),
        ("4111-1111-1111-1111", MASK),
        ("378282246310005", MASK),
        ("card:4111111111111111,exp", f"card:{MASK},exp"),
        ("4111111111111112", "4111111111111112"),  # no card number: its last digit is wrong
        ("411111111111", "411111111111"),
        ("00004111111111111111", "00004111111111111111"),  # twenty digits
        ("11111111-1111-4111-8111-111111111111", "11111111-1111-4111-8111-111111111111"),
        (f"Authorization: Bearer {TOKEN}", f"Authorization: Bearer {MASK}"),
        ("basic Y2g0cmwxbmgwOjEyM2FiYw==", f"basic {MASK}"),
        ('Basic realm="wallet"', 'Basic realm="wallet"'),
        (f"/oauth/token?code={TOKEN}&state=abc", f"/oauth/token?code={MASK}&state=abc"),
        (f"{{'refresh_token': '{TOKEN}', 'x': 1}}", f"{{'refresh_token': '{MASK}', 'x': 1}}"),
        (f'{{"code_verifier":"{TOKEN}"}}', f'{{"code_verifier":"{MASK}"}}'),
        (f"client_secret={TOKEN}", f"client_secret={MASK}"),
        ("west-a1584d23a51970fb8065ec71c34d25db", MASK),
        ("the exit code=1, the token is fine", "the exit code=1, the token is fine"),
        ("", ""),
    ],
)
def test_a_text_loses_what_is_secret_and_nothing_else(text, left):
    assert redacted(text) == left


def test_a_card_beside_other_numbers_is_gone_whatever_they_are():
    for before in range(1000, 1200):
        assert "1111 1111" not in redacted(f"2026-11-22 {before} 4111 1111 1111 1111 12")


def test_every_published_card_is_masked_however_it_is_written():
    for card in PUBLISHED:
        for text in (card.number, spaced(card.number), f"x{card.number}", f"{card.number}!"):
            assert leaks([redacted(text)]) == []


def test_keys_that_name_a_secret_are_masked_however_deep_and_numbers_stay_numbers():
    line = {
        "event": "x",
        "Authorization": TOKEN,
        "certificate": b"abc",
        "code": 7,
        "deep": [{"token": "short", "status": 200, "amount": 1.5, "ok": True, "none": None}],
        "pan": int(PAN),
        "number": 1234567890123456,
        "error": ValueError(f"card {PAN}"),
        "within": {PAN: 1},
    }
    found = redact(None, "", line)
    assert found == {
        "event": "x",
        "Authorization": MASK,
        "certificate": MASK,
        "code": 7,
        "deep": [{"token": MASK, "status": 200, "amount": 1.5, "ok": True, "none": None}],
        "pan": MASK,
        "number": 1234567890123456,
        "error": f"ValueError('card {MASK}')",
        "within": {MASK: 1},
    }


def test_lines_of_the_standard_library_are_masked_with_their_arguments_and_exceptions(written):
    logger, stream = written
    try:
        fail(f"no such card: {PAN}")
    except ValueError:
        logger.exception("charging %s with Bearer %s failed", PAN, TOKEN)
    line = json.loads(stream.getvalue())
    assert line["event"] == f"charging {MASK} with Bearer {MASK} failed"
    assert line["exception"].endswith(f"ValueError: no such card: {MASK}")
    assert PAN not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_lines_of_structlog_are_masked_with_their_context_and_exceptions(written):
    _logger, stream = written
    log = structlog.get_logger("tests.redaction")
    with structlog.contextvars.bound_contextvars(request_id=PAN):
        try:
            fail(f"refresh_token={TOKEN}")
        except ValueError:
            log.exception("refused", code=TOKEN, card=[PAN])
    line = json.loads(stream.getvalue())
    assert (line["request_id"], line["code"], line["card"]) == (MASK, MASK, [MASK])
    assert line["exception"].endswith(f"ValueError: refresh_token={MASK}")
    assert TOKEN not in stream.getvalue()


def test_the_line_of_a_request_is_masked(client, db, capsys):
    client.get(f"/nothing/{PAN}/here")
    line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert line["path"] == f"/nothing/{MASK}/here"


def test_the_guard_of_the_whole_run_finds_what_leaks():
    secret = TOKEN * 2
    assert leaks(["fine", "a 1f0c1a2b-1111-4111-8111-1111cc111111"], {secret}) == []
    assert leaks([f"x{PAN}y", f"see{secret}z", spaced(PAN)], {secret}) == [spaced(PAN), PAN, secret]


def test_a_line_costs_little():
    line = {
        "event": "request",
        "method": "GET",
        "path": "/shops/1f0c1a2b-7d11-4111-8111-1111cc111111/orders",
        "status": 200,
        "request_id": "8c0c1a2b-7d11-4111-8111-1111cc111111",
        "timestamp": "2026-11-22T10:10:10.123456Z",
        "level": "info",
        "logger": "webhooks.delivery",
    }
    took = []
    for _ in range(20):
        started = time.thread_time()
        for _ in range(200):
            redact(None, "", line)
        took.append((time.thread_time() - started) / 200)
    assert min(took) < 20e-6
