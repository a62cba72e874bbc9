"""One nursery and its one child at a time, from the side of the parent."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 300
NO_THREADS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
"""Libraries that start threads when they are imported are asked not to."""


@dataclass(frozen=True)
class Moment:
    """When a run is killed: so many seconds after its birth, or after it reached ``point``."""

    seconds: float
    point: str = ""


@dataclass(frozen=True)
class Ended:
    """How a run's process ended. ``points`` is what it reached, in order."""

    killed: bool
    success: bool
    points: tuple[str, ...]
    seconds: float


class Worker:
    """Runs one order after the other in children that may be killed."""

    def __init__(self, settings: dict[str, Any], folder: Path) -> None:
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        self._log = folder / "nursery.log"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kills.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **NO_THREADS, "PYTHONPATH": path},
            )
        self._read = b""
        self._child = 0
        self._points: list[str] = []
        self._started = 0.0
        self._order({"settings": settings, "folder": str(folder)})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self) -> None:
        told = self._answer("ready", time.monotonic() + PATIENCE)
        assert told is not None, f"the nursery did not start; see {self._log}"
        assert told["ready"] == 1, f"{told['ready']} threads before the first fork"

    def run(self, run: str, partition: str, *, kill: Moment | None = None) -> Ended:
        """One run; at its moment it gets a real ``SIGKILL``, unless it ended before."""
        self.start(run, partition)
        return self.finish(kill)

    def start(self, run: str, partition: str, *, stop_at: tuple[str, int] | None = None) -> int:
        """Begin a run; answers its process. It stops itself (``SIGSTOP``) when it reaches a point for the n-th time."""
        self._order({"run": run, "partition": partition, "log": str(self._log), "stop_at": stop_at})
        born = self._answer("born", time.monotonic() + PATIENCE)
        assert born is not None
        self._child, self._points, self._started = born["born"], [], time.monotonic()
        return self._child

    def wait_until_stopped(self) -> None:
        """Until the run has stopped itself."""
        assert self._answer("stops", time.monotonic() + PATIENCE) is not None, f"it reached {self._points}"
        until = time.monotonic() + PATIENCE
        while Path(f"/proc/{self._child}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < until
            time.sleep(0.01)

    def resume(self) -> None:
        """Let the run go on."""
        os.kill(self._child, signal.SIGCONT)

    def finish(self, kill: Moment | None = None) -> Ended:
        """Wait for the end of the run, or make it end."""
        ended = self._lives_until(kill) if kill is not None else self._answer("ended", self._started + PATIENCE)
        if ended is None:
            os.kill(self._child, signal.SIGKILL)
            ended = self._answer("ended", time.monotonic() + PATIENCE)
            assert kill is not None, f"a run did not end within {PATIENCE} seconds; it reached {self._points}"
        assert ended is not None
        seconds = time.monotonic() - self._started
        self._order({})
        buried = self._answer("buried", time.monotonic() + PATIENCE)
        assert buried is not None
        status = buried["buried"]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed, status == 0, tuple(self._points), seconds)

    def _lives_until(self, kill: Moment) -> dict[str, Any] | None:
        """The run's end, if it comes before its moment."""
        if not kill.point:
            return self._answer("ended", self._started + kill.seconds)
        while kill.point not in self._points:
            told = self._line(self._started + PATIENCE)
            if told is None or "ended" in told:
                return told
            self._keep(told)
        return self._answer("ended", time.monotonic() + kill.seconds)

    def _order(self, order: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(order) + "\n").encode())
        self._process.stdin.flush()

    def _answer(self, wanted: str, until: float) -> dict[str, Any] | None:
        """The next line of that kind, or ``None`` when it did not come by then; points on the way are kept."""
        while True:
            told = self._line(until)
            if told is None or wanted in told:
                return told
            self._keep(told)

    def _keep(self, told: dict[str, Any]) -> None:
        if "reached" in told:
            self._points.append(told["reached"])

    def _line(self, until: float) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        out = self._process.stdout.fileno()
        ready = select.poll()  # select() itself takes no descriptor above 1023, and a long test session has more
        ready.register(out, select.POLLIN)
        while b"\n" not in self._read:
            if not ready.poll(max(0.0, until - time.monotonic()) * 1000):
                return None
            got = os.read(out, 65536)
            if not got:
                raise AssertionError(f"the nursery is gone; see {self._log}")
            self._read += got
        line, _, self._read = self._read.partition(b"\n")
        told: dict[str, Any] = json.loads(line)
        return told
