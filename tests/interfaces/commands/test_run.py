"""`fenqi run`: the whole house comes up, mends itself, goes down without a trace, and goes on where it was."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from fenqi.config.postgres import free_port
from sandbox_town import local_client

FENQI = [sys.executable, "-P", "-m", "fenqi.interfaces.commands.main"]
WAIT_SECONDS = 90

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads processes from /proc"),
    pytest.mark.timeout(400),
]


class House:
    """One data folder, the house that runs on it, and the processes of it."""

    def __init__(self, folder: Path) -> None:
        self.web, self.sandbox = free_port(), free_port()
        self.folder = folder
        self.http = local_client()
        self.output = folder / "output"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FENQI_", "DATABASE_URL"))}
        self.environ = kept | {
            "FENQI_DATA": str(folder / "data"),
            "FENQI_WEB_PORT": str(self.web),
            "FENQI_SANDBOX_PORT": str(self.sandbox),
        }
        self.environ.pop("DJANGO_SETTINGS_MODULE", None)

    def start(self) -> None:
        with self.output.open("w") as output:
            self.process = subprocess.Popen([*FENQI, "run"], env=self.environ, stdout=output, stderr=output)
        self.wait_until(lambda: self.is_down() or "Ctrl-C" in self.told())
        assert not self.is_down(), self.told()

    def stop(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(timeout=WAIT_SECONDS)

    def is_down(self) -> bool:
        return self.process.poll() is not None

    def told(self) -> str:
        return self.output.read_text()

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*FENQI, *words], env=self.environ, capture_output=True, text=True, check=False)

    def processes(self) -> dict[int, str]:
        """Number and command line of everything that lives in this house."""
        mark = f"FENQI_DATA={self.environ['FENQI_DATA']}"
        return {number: command for number, (command, place) in living().items() if mark in place}

    def one_of(self, word: str) -> int:
        return min(number for number, command in self.processes().items() if word in command)

    def kill_and_wait_for_another(self, word: str) -> None:
        killed = self.one_of(word)
        os.kill(killed, signal.SIGKILL)
        self.wait_until(lambda: {n for n, command in self.processes().items() if word in command} - {killed})

    def answers(self, address: str) -> bool:
        try:
            return self.http.get(f"http://127.0.0.1:{address}").is_success
        except httpx.HTTPError:
            return False

    def wait_until(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not holds():
            assert time.monotonic() < deadline, f"{self.told()}\n{self.processes()}"
            time.sleep(0.1)


def living() -> dict[int, tuple[str, str]]:
    """Command line and environment of every process that is no zombie."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_text().replace("\0", " ")
            if command:
                found[int(entry.name)] = command, (entry / "environ").read_text(errors="replace")
        except OSError:
            continue
    return found


@pytest.fixture
def house() -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="fenqi-"))
    folder.chmod(0o755)
    house = House(folder)
    yield house
    for process in house.processes():
        with suppress(ProcessLookupError):  # the others may have taken it down with them
            os.kill(process, signal.SIGKILL)
    house.wait_until(lambda: not house.processes())
    shutil.rmtree(folder)


def test_it_comes_up_mends_itself_goes_on_where_it_was_and_dies_whole(house: House) -> None:
    """One life of a house: to come up takes longer than all that is asked of it."""
    comes_up(house)
    is_alone(house)
    mends_itself(house)
    goes_down_without_a_trace(house)
    goes_on_where_it_was(house)
    dies_whole_when_it_is_killed(house)
    serves_other_commands(house)


def comes_up(house: House) -> None:
    house.start()
    assert house.answers(f"{house.web}/readyz")
    assert house.answers(f"{house.web}/console/sign-in")
    assert house.answers(f"{house.sandbox}/sms")
    for port in (house.web, house.sandbox):
        assert f"http://127.0.0.1:{port}/" in house.told()


def is_alone(house: House) -> None:
    second = house.call("run")
    assert second.returncode == 1
    assert f"http://127.0.0.1:{house.web}" in second.stderr


def mends_itself(house: House) -> None:
    for word in ("serve", "worker", "fenqi.sandbox", "postgres -D"):
        house.kill_and_wait_for_another(word)
    house.wait_until(lambda: house.answers(f"{house.web}/readyz"))
    house.wait_until(lambda: house.answers(f"{house.sandbox}/sms"))


def goes_down_without_a_trace(house: House) -> None:
    before = time.monotonic()
    house.stop(signal.SIGINT)
    assert time.monotonic() - before < 20
    assert not house.processes()


def goes_on_where_it_was(house: House) -> None:
    with socket.create_server(("127.0.0.1", house.web)):
        house.start()
        assert f"Port {house.web} is taken" in house.told()
        assert "Loaded" not in house.told()  # the sample mall is there from the first time


def dies_whole_when_it_is_killed(house: House) -> None:
    house.stop(signal.SIGKILL)
    house.wait_until(lambda: not house.processes())


def serves_other_commands(house: House) -> None:
    answer = house.call("doctor", "--json")
    assert '"fit": true' in answer.stdout, answer
    assert not house.processes()


def test_the_templates_are_told_to_the_message_service_before_any_settings_are_loaded() -> None:
    asked = "from fenqi.usecases.notices.templates import templates; print(templates(portal='http://mall.example'))"
    environ = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-P", "-c", asked], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "http://mall.example/p/" in done.stdout
