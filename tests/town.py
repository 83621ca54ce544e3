"""A plugin of the tests: the sandbox as a process of its own, spoken to over real HTTP with real signatures."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from pathlib import Path

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Town:
    """The running sandbox."""

    url: str

    def tell(self, path: str, **body: Any) -> Any:
        """A call of its control API; the answer's JSON."""
        answer = httpx.post(f"{self.url}/control/api/{path}", json=body, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def ask(self, path: str, **query: str) -> Any:
        answer = httpx.get(f"{self.url}/control/api/{path}", params=query, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The sandbox, started once for all tests of a worker."""
    port, state = free_port(), tmp_path_factory.mktemp("sandbox")
    process = subprocess.Popen(
        [sys.executable, "-m", "fenqi.sandbox", "--port", str(port), "--state", str(state)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    town = Town(f"http://127.0.0.1:{port}")
    try:
        _wait_until_it_answers(town, process)
        yield town
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_it_answers(town: Town, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the sandbox ended while it was starting"
        try:
            httpx.get(f"{town.url}/healthz", timeout=1, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the sandbox did not answer")


@pytest.fixture(scope="session")
def town(sandbox_process: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The sandbox with this mall registered in it: Alipay and text messages are open as in a first run."""
    from fenqi.channels.first_run import sandbox_environ
    from fenqi.usecases.notices.templates import templates
    from fenqi.usecases.rails import forget_rails

    folder: Path = tmp_path_factory.mktemp("keys")
    environ = sandbox_environ(sandbox_url=sandbox_process.url, folder=folder, sms_templates=templates())
    before = {name: os.environ.get(name) for name in environ}
    os.environ.update(environ)
    forget_rails()
    yield sandbox_process
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    forget_rails()
