"""Starting programs, waiting until they answer, and being sure that they end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from devtools import guardian
from devtools.progress import tail

ROOT = Path(__file__).resolve().parent.parent
Command = Sequence[str | Path]
Process = subprocess.Popen[str]


class Failed(Exception):
    """Something that the person at the terminal has to know, said in words for them; dev.py prints it and exits 1."""


def stop_on_signals() -> None:
    """Let SIGTERM unwind like Ctrl-C does, so that what runs is stopped before dev.py ends.

    A shell that starts something in the background has it ignore SIGINT, and its children with it; not here.
    """

    def unwind(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, unwind)
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Children:
    """The processes of one run. Each leads a session of its own, and the guardian ends them all when we are gone."""

    def __init__(self, run: str, locks: Sequence[int]) -> None:
        """Start the guardian before anything that it has to guard. It inherits the locks."""
        self.run_name = run
        self.started: list[Process] = []
        read_end, self.notes = os.pipe()
        self.guardian = subprocess.Popen(
            [sys.executable, "-I", guardian.__file__, run], stdin=read_end, start_new_session=True, pass_fds=locks
        )
        os.close(read_end)

    def __enter__(self) -> Self:
        """Use the children in a with block: they end with it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        """Let the guardian end everything; an impatient second Ctrl-C does not interrupt that."""
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.close(self.notes)
        self.guardian.wait()
        for process in self.started:
            process.poll()  # so that none stays behind as a zombie
        signal.signal(signal.SIGINT, previous)

    def _note(self, **facts: Any) -> None:
        """Tell the guardian something that it must know when we are gone. Short writes to a pipe are never mixed up."""
        try:
            os.write(self.notes, json.dumps(facts).encode() + b"\n")
        except BrokenPipeError as error:
            raise Failed("The guardian process has ended, and without it nothing would be stopped.") from error

    def remove_at_end(self, *paths: Path) -> None:
        """Have files and folders removed after the last process has ended."""
        for path in paths:
            self._note(remove=str(path))

    def _spawn(
        self, command: Command, environment: Mapping[str, str], polite: signal.Signals, stage: str, **streams: Any
    ) -> Process:
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **environment, "DEV_RUN": self.run_name},
            text=True,
            start_new_session=True,
            **{"cwd": ROOT, **streams},
        )
        self.started.append(process)
        self._note(group=process.pid, signal=int(polite), stage=stage)
        return process

    def start(
        self,
        command: Command,
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        polite: signal.Signals = signal.SIGTERM,
        stage: str = "program",
    ) -> Process:
        """Start a program in the background. Those of the stage "server" are ended after those that use them."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as file:
            streams = {"stdin": subprocess.DEVNULL, "stdout": file, "stderr": subprocess.STDOUT}
            return self._spawn(command, environment or {}, polite, stage, **streams)

    def run(self, command: Command, environment: Mapping[str, str] | None = None, **streams: Any) -> int:
        """Run a program at the terminal. Ctrl-C is passed on to it, as it has a session of its own."""
        process = self._spawn(command, environment or {}, signal.SIGINT, "program", **streams)
        while process.returncode is None:
            try:
                process.wait()
            except KeyboardInterrupt:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)
        self._note(forget=process.pid)
        return process.returncode

    def listen(
        self,
        command: Command,
        environment: Mapping[str, str] | None = None,
        *,
        text: str = "",
        polite: signal.Signals = signal.SIGTERM,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and return what it said. Ctrl-C stops us, and the guardian ends the program."""
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr}
        process = self._spawn(command, environment or {}, polite, "program", **streams)
        out, error = process.communicate(text)
        self._note(forget=process.pid)
        return subprocess.CompletedProcess(process.args, process.returncode, out, error)

    def output_of(self, command: Command, environment: Mapping[str, str] | None = None, **options: Any) -> str:
        """Run a program that has to succeed and return its stdout; if it fails, show what it said."""
        done = self.listen(command, environment, **options)
        if done.returncode:
            words = " ".join(str(word) for word in command)
            raise Failed(f"`{words}` ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


def wait_until(probe: Callable[[], bool], process: Process, log: Path, name: str, seconds: float = 60) -> None:
    """Wait until a program answers, and stop waiting as soon as it has died."""
    deadline = time.monotonic() + seconds
    while not _holds(probe):
        if process.poll() is not None:
            raise Failed(f"{name} ended with {process.returncode} instead of starting.\n{tail(log)}")
        if time.monotonic() > deadline:
            raise Failed(f"{name} did not answer within {seconds:.0f} s.\n{tail(log)}")
        time.sleep(0.05)


def _holds(probe: Callable[[], bool]) -> bool:
    try:
        return probe()
    except OSError:
        return False
