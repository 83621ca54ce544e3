"""`kill -9` of every process, one after the other, in the middle of a hundred concurrent repayments.

The house runs as `make run` runs it, on a durable database. Whoever asks for a repayment goes on asking under the same
key until it is answered. In the end each is booked exactly once, and `fenqi check` finds nothing.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from malls import Payer
from sandbox_town import local_client
from town import free_port

COUNTER, CASHIER = 70, 30
PATIENCE = 120.0
START_SECONDS = 120.0
PAUSE = 1.0

KILLED = (("serve",), ("postgres", "-D"), ("worker",), ("fenqi.sandbox",), ("run", "--port"))
"""Words of the command lines: the web server with its workers, PostgreSQL, the job worker, the sandbox, and at last the
supervisor of them all."""


@dataclass
class House:
    """The processes of one data folder."""

    folder: Path
    web: int
    sandbox: int
    supervisor: "subprocess.Popen[bytes] | None" = None
    key: str = ""
    http: httpx.Client = field(default_factory=local_client)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FENQI_", "DATABASE_URL"))}
        kept.pop("DJANGO_SETTINGS_MODULE", None)
        return {**kept, "FENQI_DATA": str(self.folder)}

    def fenqi(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "fenqi.interfaces.commands.main", *words]

    def start(self) -> None:
        command = self.fenqi("run", "--no-sample", "--port", str(self.web), "--sandbox-port", str(self.sandbox))
        with (self.folder.parent / "run.log").open("ab") as log:
            self.supervisor = subprocess.Popen(
                command, env=self.environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        until(self.is_ready, START_SECONDS, "the house did not start")

    def is_ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return self.http.get(f"{self.address}/readyz", timeout=2).status_code == 200
        return False

    def call(self, method: str, path: str, *, key: str | None = None, body: object = None) -> httpx.Response:
        """One call of the API, asked again under the same key until something answers that is not broken."""
        headers = {"Authorization": f"Bearer {self.key}", **({"Idempotency-Key": key} if key else {})}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = self.http.request(method, f"{self.address}/api/v1{path}", headers=headers, json=body)
                if answer.status_code < 500:
                    return answer
            time.sleep(0.2)
        pytest.fail(f"{method} {path} was not answered")

    def kill(self, *words: str) -> int:
        """kill -9 the processes of this house whose command line has all the words; how many there were."""
        found = [pid for pid, command in self.processes() if all(word in command for word in words)]
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def processes(self) -> Iterator[tuple[int, str]]:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    told = (entry / "environ").read_bytes()
                    if f"FENQI_DATA={self.folder}\0".encode() in told + b"\0" or str(self.folder) in command:
                        yield int(entry.name), command


def until(done: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    folder = tmp_path / "data"
    folder.mkdir()
    house = House(folder, free_port(), free_port())
    try:
        house.start()
        house.key = made_key(house)
        yield house
    finally:
        if house.supervisor is not None:
            house.supervisor.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                house.supervisor.wait(timeout=30)
        house.kill("fenqi")


def made_key(house: House) -> str:
    scopes = ("customers:write", "orders:write", "plans:read", "payments:read", "repayments:write", "repayments:record")
    words = [word for scope in scopes for word in ("--scope", scope)]
    made = subprocess.run(
        house.fenqi("api-client", "create", "mall", *words),
        env=house.environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return next(word for word in made.stdout.split() if word.startswith("fk_"))


def a_plan(house: House, n: int) -> tuple[str, str]:
    """A customer with a plan of 1,200.00 over 12 months."""
    told = house.call("PUT", f"/customers/k{n}", body={"name": "赵一"})
    assert told.status_code in (200, 201), told.text
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    order = {
        "customer_ref": f"k{n}",
        "currency": "CNY",
        "placed_at": f"{today}T10:00:00+08:00",
        "status": "delivered",
        "lines": [{"sku": "X2", "name": "青屿 X2 手机", "unit_price_minor": 120_000}],
        "payments": [{"method": "installments", "amount_minor": 120_000, "installments": 12, "financed": True}],
        "plan": {
            "terms": {
                "principal": 120_000, "currency": "CNY", "opened_on": today, "installments": 12, "unit": "month",
                "method": "interest_free",
            }
        },
    }  # fmt: skip
    answer = house.call("PUT", f"/orders/K{n}", body=order)
    assert answer.status_code in (200, 201), answer.text
    taken = answer.json()
    return taken["customer_id"], taken["plan_id"]


def repay_at_the_counter(house: House, plan: tuple[str, str], n: int) -> None:
    body = {
        "amount_minor": 100 + n,
        "currency": "CNY",
        "received_on": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)),
    }
    path = f"/customers/{plan[0]}/plans/{plan[1]}/received-repayments"
    answer = house.call("POST", path, key=f"counter-{n}", body=body)
    assert answer.status_code == 201, answer.text


def repay_at_the_cashier(house: House, plan: tuple[str, str], n: int) -> None:
    """Quote, start, pay, and wait until the mall knows; a broken step is done again under the same key."""
    path = f"/customers/{plan[0]}/plans/{plan[1]}"
    quoted = house.call(
        "POST", f"{path}/quotes", key=f"quote-{n}", body={"purpose": "installments", "installments": [1]}
    )
    assert quoted.status_code == 201, quoted.text
    body = {"quote_token": quoted.json()["token"], "channel": "alipay"}
    started = house.call("POST", f"{path}/repayments", key=f"start-{n}", body=body)
    assert started.status_code == 201, started.text
    pay(started.json()["redirect_url"])
    payment = f"/customers/{plan[0]}/payments/{started.json()['payment_id']}"

    def is_known() -> bool:
        return bool(house.call("GET", payment).json()["state"] == "succeeded")

    until(is_known, PATIENCE, f"cashier {n} was paid and the mall never knew")


def pay(cashier: str) -> None:
    """Press the button until the sandbox has heard it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            payer = Payer(cashier)
            if "已付款" in payer.page.text or payer.press("confirm").status_code == 302:
                return
        time.sleep(0.2)
    pytest.fail("the cashier was not reached")


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_whatever_is_killed(house: House) -> None:
    counter = [a_plan(house, n) for n in range(10)]
    cashier = [a_plan(house, n) for n in range(10, 10 + CASHIER)]
    with ThreadPoolExecutor(24) as pool:
        work: list[Any] = []
        for n in range(COUNTER):
            work.append(pool.submit(repay_at_the_counter, house, counter[n % 10], n))
            if n < CASHIER:
                work.append(pool.submit(repay_at_the_cashier, house, cashier[n], n))
        killed = []
        for words in KILLED:
            time.sleep(PAUSE)
            killed.append(house.kill(*words))
        assert house.supervisor is not None
        house.supervisor.wait(timeout=10)
        house.start()
        for done in work:
            done.result()
    assert all(killed), dict(zip(KILLED, killed, strict=True))

    for place, plan in enumerate(counter):
        assert paid(house, plan) == sum(100 + n for n in range(COUNTER) if n % 10 == place)
    for plan in cashier:
        assert paid(house, plan) == 10_000
    checked = subprocess.run(
        house.fenqi("check", "--json"), env=house.environ, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["findings"] == []


def paid(house: House, plan: tuple[str, str]) -> int:
    """What the plan says was paid, which must be the sum of the payments that succeeded."""
    customer_id, plan_id = plan
    state = house.call("GET", f"/customers/{customer_id}/plans/{plan_id}").json()["state"]
    payments = house.call("GET", f"/customers/{customer_id}/payments?limit=100").json()["items"]
    succeeded = sum(payment["amount_minor"] for payment in payments if payment["state"] == "succeeded")
    assert succeeded == 120_000 - state["outstanding"]["principal_minor"], state
    assert state["balance_minor"] == 0
    return int(succeeded)
