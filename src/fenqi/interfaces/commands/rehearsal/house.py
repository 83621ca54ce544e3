"""The whole house in a folder of its own, as `fenqi run` starts it: called by its API, killed, and started later."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

START_SECONDS: Final = 180.0
PATIENCE_SECONDS: Final = 180.0
CALL_SECONDS: Final = 30.0
STOP_SECONDS: Final = 60.0
SERVER_ERROR: Final = 500
TOO_MANY: Final = 429

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "web": ("main serve",),
    "worker": ("main worker",),
    "database": ("postgres", "-D"),
    "sandbox": ("fenqi.sandbox",),
}
"""Part -> words of its command line."""


class NotAnswered(Exception):
    """The house did not answer for longer than anybody waits."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(holds: Callable[[], bool], *, seconds: float, otherwise: str, every: float = 0.2) -> None:
    """Wait for what other processes do, and look `every` so many seconds. Raises NotAnswered."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise NotAnswered(otherwise)
        time.sleep(every)


@dataclass
class House:
    """The processes of one data folder; `ahead` is how far their clock, and the town's, is ahead."""

    folder: Path
    web_workers: int = 2
    web: int = field(default_factory=free_port)
    sandbox: int = field(default_factory=free_port)
    ahead: int = 0
    key: str = ""
    supervisor: "subprocess.Popen[bytes] | None" = None
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=CALL_SECONDS))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @property
    def town(self) -> str:
        return f"http://127.0.0.1:{self.sandbox}"

    @property
    def environ(self) -> dict[str, str]:
        """The machine's own, without another house's settings."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FENQI_", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"))
        }
        ours = {"FENQI_DATA": self.folder, "FENQI_CLOCK_AHEAD_SECONDS": self.ahead, "FENQI_WORKERS": self.web_workers}
        return kept | {name: str(value) for name, value in ours.items()}

    def start(self) -> None:
        """Raises NotAnswered."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = fenqi("run", "--no-sample", "--port", str(self.web), "--sandbox-port", str(self.sandbox))
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self.supervisor = subprocess.Popen(
                command, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        until(self.is_ready, seconds=START_SECONDS, otherwise="the house did not start")

    def stop(self) -> None:
        if self.supervisor is None:
            return
        self.supervisor.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.supervisor.wait(timeout=STOP_SECONDS)
        for pid, _command in list(self.processes()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.supervisor = None

    def start_later(self, ahead: int) -> None:
        """Stop all of it, and start it again at a later time, which the town is told first: it keeps it."""
        self.ahead = ahead
        self.kill("worker")  # nothing of ours may act in a town that is ahead of us
        self.tell_town("clock", offset_seconds=ahead)
        self.stop()
        self.start()

    def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return self.http.get(f"{self.address}/readyz", timeout=2).is_success
        return False

    def kill(self, part: str) -> int:
        """Kill -9 the processes of a part; how many there were."""
        found = [pid for pid, command in self.processes() if all(word in command for word in PARTS[part])]
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def processes(self) -> Iterator[tuple[int, str]]:
        """Of this house, whoever started them, but for the one that asks."""
        mark = f"FENQI_DATA={self.folder}\0".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if mark in (entry / "environ").read_bytes() + b"\0" or str(self.folder) in command:
                        yield int(entry.name), command

    def call(self, method: str, path: str, *, key: str | None = None, body: object = None) -> httpx.Response:
        """One call of the API, asked again under the same key until it is answered. Raises NotAnswered."""
        headers = {"Authorization": f"Bearer {self.key}", **({"Idempotency-Key": key} if key else {})}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = self.http.request(method, f"{self.address}/api/v1{path}", headers=headers, json=body)
                if answer.status_code < SERVER_ERROR and answer.status_code != TOO_MANY:
                    return answer
            time.sleep(0.3)
        raise NotAnswered(f"{method} {path}")

    def tell_town(self, path: str, **body: object) -> dict[str, Any] | None:
        """One call of the sandbox's control, until it is answered; None when it says that this cannot be."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = self.http.post(f"{self.town}/control/api/{path}", json=body)
                if answer.status_code < SERVER_ERROR:
                    told: dict[str, Any] = answer.json()
                    return told if answer.is_success else None
            time.sleep(0.3)
        raise NotAnswered(path)

    def ask_town(self, path: str) -> dict[str, Any] | None:
        """What the sandbox knows; None when it knows nothing of it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = self.http.get(f"{self.town}/control/api/{path}")
                if answer.status_code < SERVER_ERROR:
                    told: dict[str, Any] = answer.json()
                    return told if answer.is_success else None
            time.sleep(0.3)
        raise NotAnswered(path)


def fenqi(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "fenqi.interfaces.commands.main", *words]
