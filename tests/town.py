"""A plugin of the tests: the sandbox as a process of its own, spoken to over real HTTP with real signatures."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import pytest

from sandbox_town import Sandbox as Town
from sandbox_town import running_sandbox

__all__ = ["Town", "_every_service_is_rested", "free_port", "sandbox_process", "town"]

PACE = 240
RAILS = ("alipay", "wechat_pay", "bank_card", "partner")
ANSWER_SECONDS = 2.0
"""How long this mall waits for a rail. The town answers within hundredths of a second, or was told never to."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The sandbox, started once for all tests of a worker."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), pace=PACE) as running:
        yield running


@pytest.fixture(scope="session")
def town(sandbox_process: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The sandbox with this mall registered in it: Alipay and text messages are open as in a first run."""
    from fenqi.channels import ChannelSettings
    from fenqi.channels.first_run import sandbox_environ
    from fenqi.usecases import rails
    from fenqi.usecases.notices.templates import templates

    @lru_cache(maxsize=1)
    def impatient() -> ChannelSettings:
        found = ChannelSettings.from_environ(os.environ)
        set_up = {name: config for name in RAILS if (config := getattr(found, name))}
        return replace(
            found, **{name: replace(config, answer_seconds=ANSWER_SECONDS) for name, config in set_up.items()}
        )

    folder = tmp_path_factory.mktemp("keys")
    environ = sandbox_environ(sandbox_url=sandbox_process.url, folder=folder, sms_templates=templates())
    before = {name: os.environ.get(name) for name in environ}
    os.environ.update(environ)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rails, "_settings", impatient)
        yield sandbox_process
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    rails.forget_rails()


@pytest.fixture(autouse=True)
def _every_service_is_rested(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test saw fail, the next thinks well of; what one ordered to fail, fails for nobody else."""
    if "sandbox_process" not in request.fixturenames:
        yield
        return
    from fenqi.usecases.notices import providers

    providers.forget()
    yield
    request.getfixturevalue("sandbox_process").behave()
