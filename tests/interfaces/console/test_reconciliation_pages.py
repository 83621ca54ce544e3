"""The pages of reconciliation: for those who may see them, in both languages, with repairs that are written down."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from bill_sources import CHANNEL, WrittenBills, bill_line, open_bills
from fenqi.domain.reconciliation import CAUSES, Cause
from fenqi.interfaces.console.reconciliation_chart import LINES_HEIGHT, charts_of
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord
from fenqi.usecases.reconciliation.clearing import clearing_days, suspense_of
from fenqi.usecases.reconciliation.findings import FindingView, findings_of
from fenqi.usecases.reconciliation.run import reconcile
from malls import noon

Desk = Callable[..., Client]
DAY = date(2026, 2, 1)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def finding(monkeypatch: pytest.MonkeyPatch) -> FindingView:
    """700 fen that are nobody's, in a bill of two lines."""
    bills: WrittenBills = open_bills(monkeypatch)
    bills.days[DAY] = [bill_line("NOBODYS1", 700, fee_minor=4), bill_line("", 100, kind="fee", channel_no="F1")]
    reconcile(CHANNEL, DAY, now=noon("2026-02-02"))
    (found,) = findings_of(CHANNEL, DAY)
    return found


def page(client: Client, path: str = "") -> str:
    answer = client.get(f"/console/reconciliation{path}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(("language", "heading"), [("zh-hans", "还有 1 笔没有对平"), ("en", "1 difference to be")])
def test_the_overview_shows_days_and_what_is_open(
    finding: FindingView, desk: Desk, language: str, heading: str
) -> None:
    shown = page(desk("finance", language))
    text = CAUSES[Cause.NOBODYS]
    for expected in (heading, "NOBODYS1", "1.04", text.zh if language == "zh-hans" else text.en, "<svg"):
        assert expected in shown
    assert "NOBODYS1" in page(desk("finance", language), "?channel=alipay")


def test_before_the_first_bill_the_page_says_what_to_do(db: None, desk: Desk) -> None:
    assert "fenqi reconcile" in page(desk("finance"))


def test_a_finding_is_closed_with_its_reason_and_written_down(finding: FindingView, desk: Desk) -> None:
    client = desk("finance")
    address = f"/console/findings/{finding.owner_id}/{finding.id}/repair"
    assert "关闭这笔差异" in page(client, "/alipay/2026-02-01")
    assert client.post(address, {"repair": "sent_back", "note": ""}).status_code == 422
    assert client.post(address, {"repair": "received_at_bank", "note": "received"}).status_code == 409
    assert client.post(address, {"repair": "no such"}).status_code == 404
    done = client.post(address, {"repair": "sent_back", "note": "bank transfer 0042"}, follow=True)
    assert "已从我们的银行账户退回" in done.content.decode()
    assert "关闭这笔差异" not in done.content.decode()
    assert suspense_of(CHANNEL) == 0
    act = AuditRecord.objects.get(customer_id=HOUSE_ID, action="finding_repaired")
    assert (act.reason, act.actor[:6]) == ("bank transfer 0042", "staff:")


def test_only_finance_and_admins_see_and_repair(finding: FindingView, desk: Desk) -> None:
    agent = desk("agent")
    assert agent.get("/console/reconciliation").status_code == 403
    assert agent.get("/console/reconciliation/alipay/2026-02-01").status_code == 403
    address = f"/console/findings/{finding.owner_id}/{finding.id}/repair"
    assert agent.post(address, {"repair": "sent_back", "note": "because"}).status_code == 403
    assert Client().get("/console/reconciliation").status_code == 302
    assert suspense_of(CHANNEL) == 700


@pytest.mark.parametrize("path", ["/alipay/2026-02-02", "/alipay/yesterday", "/unknown/2026-02-01"])
def test_a_bill_that_is_not_there_is_not_found(finding: FindingView, desk: Desk, path: str) -> None:
    assert desk("admin").get(f"/console/reconciliation{path}").status_code == 404


def test_the_chart_shows_what_is_there_however_little(finding: FindingView) -> None:
    (chart,) = charts_of(clearing_days())
    (column,) = chart.columns
    assert column.matched_height + column.differs_height <= LINES_HEIGHT
    assert min(column.matched_height, column.differs_height, column.fee_height) > 0
    assert (chart.first, chart.last) == (DAY, DAY)
