"""The page of the daily close: what it did, what it left and why, for those who may see it."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord, CloseRange, CloseRun
from fenqi.usecases import clock
from late_plans import charges, close, late
from malls import noon

Desk = Callable[..., Client]
pytestmark = pytest.mark.django_db


def page(client: Client) -> str:
    answer = client.get("/console/daily-close")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("每天都已日结", "在宽限期内", "计收", ".05", "账龄", "1–30 天")),
        ("en", ("Every day is closed", "In the days of grace", "Charged", ".05", "How late plans are", "1–30 days")),
    ],
)
def test_what_the_close_did_and_why_it_left_the_rest(desk: Desk, language: str, words: tuple[str, ...]) -> None:
    late()
    late(first_due_on="2026-02-04")
    close("2026-02-05")
    with clock.stopped(noon("2026-02-05")):
        shown = page(desk("finance", language))
    for expected in words:
        assert expected in shown


def test_a_close_under_way_has_a_bar(desk: Desk) -> None:
    run = CloseRun.objects.create(
        business_date=date(2026, 2, 5), state="running", started_by="clock", customers=30, started_at=noon("2026-02-05")
    )
    for no, state in enumerate(("finished", "running", "waiting")):
        CloseRange.objects.create(run=run, no=no, first_id=HOUSE_ID, last_id=HOUSE_ID, customers=10, state=state)
    with clock.stopped(noon("2026-02-05")):
        shown = page(desk("finance", "en"))
    assert '<progress class="plain" value="10" max="30"' in shown
    assert "is being closed" in shown
    assert "Close now" not in shown


def test_a_close_can_be_asked_for_and_is_written_down(desk: Desk) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    from fenqi.interfaces.jobs.closing import close_now

    plan = late()
    client = desk("finance", "en")
    with clock.stopped(noon("2026-02-05")):
        assert "1 day waits to be closed" in page(client)
        for _ in range(2):
            assert client.post("/console/daily-close/run").status_code == 302
        job = ProcrastinateJob.objects.get(task_name="close_now")
        assert AuditRecord.objects.filter(customer_id=HOUSE_ID, action="daily_close_asked").count() == 1
        close_now(**job.args)
    assert [on for on, _, _ in charges(plan)] == ["2026-02-05"]
    assert CloseRun.objects.get().started_by.startswith("staff:")


def test_agents_neither_see_nor_run_it(desk: Desk) -> None:
    client = desk("agent")
    assert client.get("/console/daily-close").status_code == 403
    assert client.post("/console/daily-close/run").status_code == 403
    assert "daily-close" not in client.get("/console/").content.decode()
