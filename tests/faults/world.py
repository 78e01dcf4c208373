"""One world for one scenario: PostgreSQL, Redis, a receiver and our programs, each a process that may be killed."""

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row
from redis import Redis

from devtools import postgres, redis, servers
from devtools.environment import PYTHON
from devtools.processes import ROOT, wait_until
from devtools.progress import tail
from devtools.runs import begin

HERE = ROOT / "tests" / "faults"
WORKER = [PYTHON, "-m", "celery", "-A", "walletapp", "worker", "-P", "threads", "-c", "4", "-l", "info"]
WORKER += ["--without-gossip", "--without-mingle"]
BEAT = [PYTHON, "-m", "celery", "-A", "walletapp", "beat", "--pidfile=", "-l", "info"]
PUMP = [PYTHON, ROOT / "manage.py", "webhook_pump", "--pause", "0.2"]
WHOLE = os.environ.get("FAULTS") == "whole"
PATIENCE = 240.0 if WHOLE else 90.0  # seconds until we believe that something will never happen
QUICK = {
    "WEBHOOK_LEASE": "7",  # longer than a call may last, also on a machine that is busy
    "WEBHOOK_TOTAL_TIMEOUT": "5",
    "WEBHOOK_RETRY_INTERVALS": ",".join(["1"] * 30),
    "LOG_LEVEL": "INFO",
}
FILL = """
WITH brand AS (
    SELECT id, uuid, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS brands FROM shops_brand
), placed AS (
    INSERT INTO orders_order (uuid, brand_id, member_id, number, status, processing_status, currency, total,
        total_order_points_price, points_used, point_value, member_partner_id, mail_delivered_in_inbox, version,
        created_at)
    SELECT gen_random_uuid(), b.id, m.id, 1000000 * %(round)s + n, 'paid', 'open', 'EUR', 0, 0, 0, 100, '', false, 2,
        now() + make_interval(secs => %(seconds)s * n / %(orders)s)
    FROM generate_series(1, %(orders)s) n JOIN brand b ON b.place = n %% b.brands
    JOIN shops_member m ON m.brand_id = b.id
    RETURNING *
), event AS (
    INSERT INTO webhooks_event (uuid, brand_id, order_uuid, order_status, version, occurred_at, body)
    SELECT gen_random_uuid(), o.brand_id, o.uuid, news.status, news.version, o.created_at, convert_to(format(
        '{"order_id":"%%s","brand_id":"%%s","order_status":"%%s"}', o.uuid, b.uuid, news.status), 'UTF8')
    FROM placed o JOIN brand b ON b.id = o.brand_id CROSS JOIN (VALUES ('open', 1), ('paid', 2)) news (status, version)
    RETURNING *
)
INSERT INTO webhooks_delivery
    (uuid, brand_id, event_id, endpoint_id, order_uuid, version, state, attempts, interval, due_at, created_at)
SELECT gen_random_uuid(), v.brand_id, v.id, e.id, v.order_uuid, v.version, 'pending', 0, 0, v.occurred_at, v.occurred_at
FROM event v JOIN webhooks_endpoint e ON e.brand_id = v.brand_id
"""
PER_ORDER = 4  # deliveries: two statuses, to two endpoints


@contextlib.contextmanager
def new_world(template, *, hurried=True, kind=None):
    """A world of a kind, on a copy of the template's data. All of it ends with the block, however the block ends."""
    with begin() as run:
        shutil.copytree(template / "data", run.data / "postgres" / "data")
        shutil.copy(template / "secrets.json", run.data)
        world = (kind or World)(run, hurried=hurried)
        try:
            world.start()
            yield world
        finally:
            world.end()


def make_template(folder):
    """Data with our tables, brands and endpoints, made once: initdb and migrations take seconds."""
    with begin() as run:
        address = postgres.start(run, hurried=True)
        server = run.children.started[-1]
        settings = servers.django_environment(run.data, {"DATABASE_URL": address, "REDIS_URL": "unix:///nowhere"})
        servers.migrate(run, settings)
        run.children.output_of([PYTHON, HERE / "program.py", "seed"], settings)
        stop(run, server, signal.SIGINT)
        shutil.copytree(run.data / "postgres" / "data", folder / "data")
        shutil.copy(run.data / "secrets.json", folder)


def stop(run, process, how=signal.SIGKILL):
    """Send a program's whole group a signal and wait for its end."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    process.wait(PATIENCE)
    run.children._note(forget=process.pid)


@dataclass(frozen=True)
class Judged:
    """How far earlier scenarios of the same world went."""

    at: float
    delivery: int = 0  # the last id
    received: int = 0  # lines of the receiver's log


class World:
    """What a scenario starts, harms and looks at."""

    host = "127.0.0.1"  # where the receiver listens
    listen = ""  # where PostgreSQL listens, beside its Unix socket
    inside = ()  # the beginning of the commands that start these two

    def __init__(self, run, *, hurried):
        self.run = run
        self.hurried = hurried
        self.receiver_port = 0
        self.fillings = 0
        self.judged = Judged(time.monotonic())
        self.programs = {}
        self.settings = {}

    def start(self):
        addresses = {"DATABASE_URL": self.start_postgres(), "REDIS_URL": self.start_redis()}
        self.settings = servers.django_environment(self.run.data, addresses) | QUICK
        self.behave("ok 0.02")
        self.start_receiver()
        address = f"http://{self.host}:{self.receiver_port}/"
        self.sql("UPDATE webhooks_endpoint SET url = %(address)s || id", address=address)

    def end(self):
        """Spare the guardian's patience: nobody here has to end politely any more."""
        for name in list(self.programs):
            self.kill(name)
        self.thaw_redis()

    # --- PostgreSQL

    def start_postgres(self):
        address = postgres.start(self.run, hurried=self.hurried, inside=self.inside, listen=self.listen)
        self.postgres = self.run.children.started[-1]
        return address

    def crash_postgres(self):
        """An immediate shutdown: no checkpoint, and every client is cut off."""
        os.kill(self.postgres.pid, signal.SIGQUIT)
        self.postgres.wait(PATIENCE)
        self.run.children._note(forget=self.postgres.pid)

    def sql(self, statement, **values):
        """Run one statement; its rows as dicts."""
        folder = self.run.sockets / "pg"
        with psycopg.connect(host=str(folder), user="postgres", dbname="walletapp", row_factory=dict_row) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    # --- Redis

    def start_redis(self):
        address = redis.start(self.run, prefer_installed=True)
        self.redis = self.run.children.started[-1]
        return address

    def stop_redis(self):
        stop(self.run, self.redis)
        (self.run.sockets / "redis.sock").unlink(missing_ok=True)

    def freeze_redis(self):
        """A black hole: connections are taken, and nothing is ever answered."""
        os.kill(self.redis.pid, signal.SIGSTOP)

    def thaw_redis(self):
        with contextlib.suppress(ProcessLookupError, AttributeError):
            os.kill(self.redis.pid, signal.SIGCONT)

    def flush_redis(self):
        with Redis(unix_socket_path=str(self.run.sockets / "redis.sock")) as client:
            client.flushall()

    # --- The receiver

    def behave(self, mode, others=None):
        """How the receiver answers from now on; `others` maps paths to what differs there."""
        file = self.run.data / "mode.json"
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps({"*": mode} | (others or {})))
        draft.rename(file)

    def start_receiver(self):
        command = [*self.inside, sys.executable, HERE / "receiver.py", "--host", self.host]
        command += ["--port", str(self.receiver_port), "--folder", self.run.data]
        log = self.run.data / "logs" / "receiver.log"
        self.receiver = self.run.children.start(command, log, stage="server")
        wait_until(lambda: "listening on" in log.read_text(), self.receiver, log, "The receiver")
        self.receiver_port = int(log.read_text().split()[-1])

    def kill_receiver(self):
        stop(self.run, self.receiver)

    def received(self):
        """What arrived, the oldest first."""
        log = self.run.data / "received.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    # --- Our programs

    def program(self, name, command, **environment):
        """Start one of our programs in the background; a second one of the same name replaces the first."""
        log = self.run.data / "logs" / f"{name}.log"
        if log.exists():
            log.rename(log.with_name(f"{name}-{time.monotonic_ns()}.log"))
        self.programs[name] = self.run.children.start(command, log, self.settings | environment)
        return self.programs[name]

    def worker(self, name="worker", **environment):
        return self.program(name, WORKER, **environment)

    def beat(self, **environment):
        return self.program("beat", [*BEAT, "-s", self.run.data / "beat-schedule"], **environment)

    def pump(self, name="pump", **environment):
        return self.program(name, PUMP, **environment)

    def log(self, name):
        return (self.run.data / "logs" / f"{name}.log").read_text(errors="replace")

    def kill(self, name, how=signal.SIGKILL):
        stop(self.run, self.programs.pop(name), how)

    def start_program(self, *arguments):
        """Start one of program.py's in the background."""
        return self.program(arguments[0], [PYTHON, HERE / "program.py", *arguments])

    def run_program(self, *arguments):
        """Run one of program.py's to its end; its exit status and what it said."""
        done = self.run.children.listen([PYTHON, HERE / "program.py", *arguments], self.settings)
        return done.returncode, done.stdout

    # --- Deliveries

    def fill(self, deliveries, seconds=0.0):
        """Deliveries of new orders, due at once or spread over so many seconds from now."""
        self.fillings += 1
        self.sql(FILL, orders=deliveries // PER_ORDER, seconds=seconds, round=self.fillings)

    def time_passes(self):
        """Whoever waits for an endpoint that was left alone has waited: an open breaker takes up to 15 minutes."""
        self.sql("UPDATE webhooks_endpoint SET open_until = now() WHERE open_until > now()")

    def states(self):
        rows = self.sql("SELECT state, count(*) AS n FROM webhooks_delivery GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    def wait(self, what, seconds=PATIENCE):
        """Wait until `what()` is true, and show everything when it never is."""
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                logs = sorted((self.run.data / "logs").glob("*.log"))
                raise AssertionError("\n".join([f"{self.states()}", *(tail(log, 15) for log in logs)]))
            time.sleep(0.1)

    def wait_received(self, count):
        self.wait(lambda: len(self.received()) >= count)

    def is_settled(self):
        return not {"pending", "sending"} & self.states().keys()

    def wait_settled(self):
        """Wait until nothing is on its way any more."""
        self.wait(self.is_settled)
