"""What the queue does by the clock: every channel's bill, each by a job of its own that waits while there is none."""

from datetime import date

import pytest
from django.db import connection
from procrastinate import JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from bill_sources import WrittenBills, open_bills
from fenqi.channels.bills import BillNotReady, BillRefused
from fenqi.channels.transport import NoAnswer
from fenqi.interfaces.jobs import periodic
from fenqi.records.models import ChannelBill
from fenqi.usecases import clock
from malls import noon
from own_loop import in_own_loop

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bills(monkeypatch: pytest.MonkeyPatch) -> WrittenBills:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    monkeypatch.setattr("fenqi.interfaces.jobs.periodic.rail_names", lambda: ("alipay", "wechat_pay"))
    return open_bills(monkeypatch)


def a_job(attempts: int) -> Job:
    return Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts)


def test_every_morning_queues_one_job_for_each_channel(bills: WrittenBills) -> None:
    assert "reconcile" in {periodic_id for _name, periodic_id in app.periodic_registry.periodic_tasks}
    for _ in range(2):
        periodic.reconcile_all(0)
    queued = ProcrastinateJob.objects.filter(task_name="reconcile_channel").values_list("args", flat=True)
    assert sorted(job["channel"] for job in queued) == ["alipay", "wechat_pay"]


def test_the_job_takes_yesterdays_bill_and_waits_for_one_that_is_late(bills: WrittenBills) -> None:
    with clock.stopped(noon("2026-02-02")):
        with pytest.raises(BillNotReady):
            periodic.reconcile_channel(channel="alipay")
        bills.days[date(2026, 2, 1)] = []
        periodic.reconcile_channel(channel="alipay")
    assert ChannelBill.objects.get().bill_date == date(2026, 2, 1)


def test_only_what_may_still_come_is_waited_for() -> None:
    wait = periodic.UntilItIsThere()
    late = BillNotReady(channel="alipay", day="2026-02-01")
    decision = wait.get_retry_decision(exception=late, job=a_job(0))
    assert isinstance(decision, RetryDecision)
    assert wait.get_retry_decision(exception=NoAnswer("transport.timeout"), job=a_job(3))
    assert wait.get_retry_decision(exception=late, job=a_job(periodic.MOST_TRIES)) is None
    torn = BillRefused(channel="alipay", day="2026-02-01", problem="it is torn", problem_zh="文件不完整")
    assert wait.get_retry_decision(exception=torn, job=a_job(0)) is None


def test_what_a_dead_worker_was_doing_is_done_again(bills: WrittenBills) -> None:
    assert "rescue" in {periodic_id for _name, periodic_id in app.periodic_registry.periodic_tasks}
    periodic.reconcile_channel.defer(channel="alipay")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL")
    context = JobContext(app=app, job=a_job(0), start_timestamp=0.0, abort_reason=lambda: None)

    async def rescue() -> None:
        await periodic.rescue_lost_jobs.func(context, 0)

    in_own_loop(rescue)
    assert list(ProcrastinateJob.objects.values_list("task_name", "status")) == [("reconcile_channel", "todo")]
