"""What devices write, read: the two forms of lines, the table of troubles, and lines by people who mean harm."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from applewallet.device_log import TROUBLES, Parsed, grouped, mask, masked, parse, trouble_of
from applewallet.models import DeviceLog
from applewallet.services import keep_log
from tests.applewallet.making import make_credential

DEVICE = "ceed8761e584e814ed4fe73cbb334ee9"
URL = "https://x.example/w/slug"
CHANGED = "Response to 'What changed?' request included 1 serial numbers but"
SERIAL = "6f1b0a0e-8d2a-4d58-9b1e-0c4a3a8f5a11"


def task(words, name="Register"):
    about = f"for device {DEVICE}, pass type pass.com.example.card, serial number {SERIAL}; with web service url {URL}"
    return f"[2026-08-01 10:00:00 +0200] {name} task ({about}) encountered error: {words}"


def service(words):
    return (
        f"[2026-08-01 10:22:35 AM +0200] Web service error for pass.com.example.card (https://x.example/w/s): {words}"
    )


def test_a_request_that_failed():
    assert parse(task("Unexpected response code 500")) == Parsed(
        "Register", SERIAL, DEVICE, "pass.com.example.card", "Unexpected response code 500"
    )
    line = (
        "[2026-09-06 09:14:07 +0800] Get pass task (pass type pass.x, serial number ab.c-1, if-modified-since (null);"
        " with web service url https://x.example/w/s) encountered warning: The pass was unchanged."
    )
    assert parse(line) == Parsed("Get pass", "ab.c-1", "", "pass.x", "The pass was unchanged.")
    line = f"[t] Get serial #s task (for device {DEVICE}, pass type pass.x, last updated (null)) encountered error: No"
    assert parse(line) == Parsed("Get serial #s", "", DEVICE, "pass.x", "No")
    line = f"Get order task (order type order.x, order identifier {SERIAL}) encountered error: No"
    assert parse(line) == Parsed("Get order", SERIAL, "", "order.x", "No")


def test_an_answer_that_made_no_sense():
    words = f"Update requested for unregistered serial number {SERIAL}"
    assert parse(service(words)) == Parsed("Web service", SERIAL, "", "pass.com.example.card", words)
    words = f"Device received spurious push. Request for passesUpdatedSince '1.5' returned no … (Device = {DEVICE})"
    assert parse(service(words)) == Parsed("Web service", "", DEVICE, "pass.com.example.card", words)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        (task("Authentication failure", "Unregister"), "The package was not let in"),
        (task("Unexpected response code 401"), "The package was not let in"),
        (task("Unexpected response code 404", "Get serial #s"), "The address was not found"),
        (task("Unexpected response code 503", "Get pass"), "The package could not be signed"),
        (task("Unexpected response code 500"), "Our server failed"),
        (task("Unexpected response code 301"), "An answer that phones do not expect"),
        (task("Received invalid pass data (Der Pass ist ungültig.)", "Get pass"), "The package was refused"),
        (service("Server requested update to serial number 'x', but the pass was unchanged."), "A push without news"),
        (service("Device received spurious push. Request for passesUpdatedSince '1'"), "A push without news"),
        (service(f"Update requested for unregistered serial number {SERIAL}"), "A package that the phone has no more"),
        (service(f"{CHANGED} omitted a lastUpdated tag."), "A header or tag was lost on the way"),
        (service(f"{CHANGED} the lastUpdated tag (7) remained the same."), "A header or tag was lost on the way"),
        (service("Server ignored the 'if-modified-since' header (Tue, 23"), "A header or tag was lost on the way"),
        (service("but did not provide a 'last-modified' header."), "A header or tag was lost on the way"),
        (task("Server response was malformed (Missing response data)"), "An answer that made no sense"),
        (task("A TLS error caused the secure connection to fail."), "The connection was not trusted"),
        (task("The request timed out."), "The server was not reached"),
        (task("Could not connect to the server."), "The server was not reached"),
    ],
)  # fmt: skip
def test_known_troubles_are_explained(line, title):
    trouble = trouble_of(parse(line))
    assert trouble.title == title
    assert str(trouble.meaning)
    assert str(trouble.cure)


def test_every_trouble_of_the_table_is_different():
    assert len({str(trouble.title) for trouble in TROUBLES}) == len(TROUBLES)


HOSTILE = [
    "",
    "\0",
    "\ud800",
    "<script>alert(1)</script>",
    "task (" * 200,
    "] " * 500,
    "serial number " * 70,
    "[x] A task (serial number '; DROP TABLE applewallet_package; --) encountered error: " + "%s{}" * 50,
    "Web service error for " + "a." * 400 + "): " * 100,
    "-" * 100_000,
    "a" * 100_000,
    ("a1" * 50 + " ") * 2000,
    "encountered error: " * 5000,
    "Σ" * 1000,
    "\u202e[x] Register task (serial number \u202e",
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_lines_are_read_at_once_and_do_no_harm(line):
    started = time.process_time()
    for _ in range(20):
        parsed = parse(line)
        trouble_of(parsed)
        [group] = grouped([(line, datetime.now(UTC))])
    assert time.process_time() - started < 0.5
    assert len(parsed.task) <= 60
    assert len(parsed.serial) <= 64
    assert group.count == 1


def test_a_hostile_serial_is_no_serial():
    assert parse("[x] A task (serial number <b>1</b>)").serial == ""
    assert parse("[x] A task (serial number " + "9" * 500 + ")").serial == "9" * 64


def test_secrets_are_masked():
    token, push_token = "x" * 20 + "-_" * 12, "ab12" * 16
    line = masked(task(f"Authorization: ApplePass {token} for {push_token} (Device = {DEVICE})"))
    assert DEVICE not in line
    assert token not in line
    assert push_token not in line
    assert "for device …334ee9, pass type pass.com.example.card" in line
    assert SERIAL in line
    assert masked("for device short1, x") == "for device …, x"
    assert mask("0123456789") == "…456789"


def test_lines_are_grouped_by_trouble_and_task():
    now = datetime.now(UTC)
    lines = [
        task("Authentication failure", "Unregister"),
        *[task("Authentication failure", "Register").replace(SERIAL, f"serial-{number}") for number in range(8)],
        task("Unexpected response code 401", "Register"),
        "At 10:15 the moon rose 7 times",
        "At 11:20 the moon rose 8 times",
        "The sun rose",
    ]
    groups = grouped([(line, now - timedelta(minutes=age)) for age, line in enumerate(lines)])
    assert [(group.task, group.count) for group in groups] == [("Register", 9), ("", 2), ("Unregister", 1), ("", 1)]
    assert groups[0].last == now - timedelta(minutes=1)
    assert groups[0].serials == [f"serial-{number}" for number in range(5)]
    assert groups[0].newest.endswith("encountered error: Authentication failure")
    assert [group.trouble for group in groups][1] is None


def test_what_is_kept_is_what_was_read(brand):
    package_type = make_credential(brand).type
    keep_log(package_type, [task("Authentication failure"), *(line for line in HOSTILE if "\ud800" not in line)])
    first = DeviceLog.objects.order_by("pk").first()
    assert (first.task, first.serial) == ("Register", SERIAL)
    assert DeviceLog.objects.count() == len(HOSTILE)
