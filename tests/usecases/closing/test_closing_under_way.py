"""A close that is killed goes on where it stopped, two at once do each thing once, and consumers pay meanwhile."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from fenqi.records.models import CloseRange, CloseRun
from fenqi.usecases.closing import run
from fenqi.usecases.closing.charging import charge_plan
from fenqi.usecases.reconciliation.check import check_books
from late_plans import charges, close, late
from malls import Bought, noon

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 2, 6)


class Killed(BaseException):
    """No handler of ours catches it."""


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Bought]:
    """Six late plans in ranges of two customers."""
    monkeypatch.setattr(run, "CUSTOMERS_IN_A_RANGE", 2)
    found = [late() for _ in range(6)]
    close(DAY - timedelta(days=1))
    return found


def assert_closed_once(plans: list[Bought]) -> None:
    assert CloseRun.objects.get(business_date=DAY).state == "finished"
    assert all([on for on, _, _ in charges(plan)] == ["2026-02-05", "2026-02-06"] for plan in plans)
    assert list(check_books()) == []


@pytest.mark.parametrize("point", ["find_late_rows", "charge_customers", "_count", "_finish", "_lay_out"])
@pytest.mark.parametrize("after", [False, True])
def test_a_killed_close_goes_on_where_it_stopped(
    plans: list[Bought],
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    after: bool,  # noqa: FBT001
) -> None:
    usual, spared = getattr(run, point), iter([] if point in ("_finish", "_lay_out") else [1])

    def stumble(*given: Any, **more: Any) -> Any:
        is_spared = next(spared, None)
        if not is_spared and not after:
            raise Killed
        done = usual(*given, **more)
        if not is_spared:
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(run, point, stumble)
        with pytest.raises(Killed):
            close(DAY)
    done = close(DAY)
    assert done.counts["charged"] == len(plans)
    assert done.counts["charged_minor"] == {"CNY": 5 * len(plans)}
    assert_closed_once(plans)


_IN_A_BATCH = """
import sys, time, django
django.setup()
from datetime import date
from fenqi.usecases.closing import run
from fenqi.usecases.closing.charging import charge_plan
from late_plans import close
usual = run.charge_customers
def slow(*given, **more):
    done = usual(*given, **more)
    print("charged", flush=True)
    time.sleep(60 if slow.calls else 0)
    slow.calls += 1
    return done
slow.calls = 0
run.charge_customers, run.CUSTOMERS_IN_A_RANGE = slow, 2
close(date.fromisoformat(sys.argv[1]))
"""


def test_a_process_that_is_killed_in_a_batch_leaves_nothing_half_done(plans: list[Bought]) -> None:
    given = connection.settings_dict
    address = (
        f"postgresql://{given['USER']}:{given['PASSWORD']}@/{given['NAME']}?host={given['HOST']}&port={given['PORT']}"
    )
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "fenqi.config.testing",
        "DATABASE_URL": address,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    closing = subprocess.Popen(
        [sys.executable, "-c", _IN_A_BATCH, DAY.isoformat()], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert closing.stdout is not None
    assert [closing.stdout.readline() for _ in range(2)] == ["charged\n"] * 2
    closing.send_signal(signal.SIGKILL)
    closing.wait()
    assert set(CloseRange.objects.filter(run__business_date=DAY).values_list("state", flat=True)) == {
        "finished",
        "running",
        "waiting",
    }
    assert close(DAY).counts["charged"] == len(plans)
    assert_closed_once(plans)


def test_two_closes_at_once_and_consumers_who_pay_meanwhile(plans: list[Bought]) -> None:
    paying = plans[::2]

    def pay(plan: Bought) -> None:
        for n in range(6):
            plan.record(500, on=DAY, now=noon(DAY), key=f"{plan.plan_id}-{n}")

    def alone(work: Any, *given: Any) -> None:
        try:
            work(*given)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(alone, close, DAY), pool.submit(alone, close, DAY)]
        jobs += [pool.submit(alone, pay, plan) for plan in paying]
        for job in jobs:
            job.result()
    close(DAY)
    assert_closed_once(plans)
    assert all(plan.state().totals.paid.total == 3_000 for plan in paying)


def test_a_plan_that_fails_is_counted_and_keeps_nobody_waiting(
    plans: list[Bought], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, usual = late(), charge_plan

    def fail(customer_id: Any, plan_id: Any, *given: Any, **more: Any) -> Any:
        if plan_id == broken.plan_id:
            raise RuntimeError
        return usual(customer_id, plan_id, *given, **more)

    with monkeypatch.context() as patched:
        patched.setattr(run, "charge_plan", fail)
        assert close(DAY).counts["failed"] == 1
    assert charges(broken) == []
    close(DAY + timedelta(days=1))
    assert len(charges(broken)) == 3
