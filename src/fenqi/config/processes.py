"""Child processes that do not outlive their parent, and that are started again when they die."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 12.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # who lived this long is thought well again
LARGEST_LOG_BYTES = 20_000_000


def dying_with(parent: int, number: signal.Signals) -> Callable[[], None]:
    """What a child calls first: from then on the kernel sends it `number` when `parent` dies, whatever killed it.

    Linux only; elsewhere the child merely refuses to start when its parent is gone already. The kernel means the thread
    that started the child, so children are started by main threads.
    """
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def tie() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


class Child:
    """A process that should always run, with its output in a log file of its own.

    It is in a session of its own, so that a Ctrl-C in the terminal reaches us alone and we stop the house in order.
    """

    def __init__(self, name: str, command: Sequence[str], *, log: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self.command = command
        self.log = log
        self.environ = environ
        self.deaths = 0
        self.start()

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with(os.getpid(), signal.SIGTERM),  # noqa: PLW1509 - we have one thread
            )
        self.started_at = time.monotonic()
        self.start_again_at: float | None = None

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def tend(self) -> str | None:
        """Start it again if it died, after a pause that doubles with each death; what to tell the user, if anything."""
        if self.is_alive():
            return None
        now = time.monotonic()
        if self.start_again_at is None:
            self.deaths = 1 if now - self.started_at > STEADY_SECONDS else self.deaths + 1
            pause = min(2.0 ** (self.deaths - 2), LONGEST_PAUSE_SECONDS)
            self.start_again_at = now + pause
            return f"{self.name} ended with {self.process.returncode}; it starts again in {pause:g} s. See {self.log}"
        if now >= self.start_again_at:
            self.start()
        return None


def stop(children: Sequence[Child]) -> None:
    """Ask all of them to finish, and end those that do not within STOP_SECONDS."""
    for child in children:
        child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
