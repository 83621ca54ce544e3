"""Staff see what stands against a channel, add to it and take it back; and how failed repayments are put right."""

from collections.abc import Callable

import pytest
from django.test import Client

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AuditRecord, ChannelCondition
from town import Town

Desk = Callable[..., Client]

pytestmark = pytest.mark.django_db

LIMIT = {"channel": "bank_card", "bank": "CMB", "kind": "limit_per_day", "amount": "5000", "note_zh": "招行单日限额"}


@pytest.mark.requirement("R138", "R139", "R140")
def test_finance_adds_a_limit_and_a_maintenance_and_withdraws(desk: Desk, town: Town) -> None:
    client = desk("finance")
    assert client.post("/console/channels", LIMIT).status_code == 302
    window = {"kind": "maintenance", "starts_at": "2020-01-01T23:00", "ends_at": "2099-01-02T05:00"}
    assert client.post("/console/channels", {"channel": "alipay", **window}).status_code == 302
    page = client.get("/console/channels").content.decode()
    for words in ("招商银行", "¥5,000.00", "招行单日限额", "维护", "关闭"):
        assert words in page
    kept = ChannelCondition.objects.get(kind="limit_per_day")
    assert client.post(f"/console/channels/{kept.id}/withdraw").status_code == 302
    assert "¥5,000.00" not in client.get("/console/channels").content.decode()
    acts = AuditRecord.objects.filter(customer_id=HOUSE_ID, action__startswith="condition_").order_by("at")
    assert [act.action for act in acts] == ["condition_added", "condition_added", "condition_withdrawn"]


@pytest.mark.parametrize(
    "entered",
    [
        {**LIMIT, "amount": ""},
        {**LIMIT, "amount": "-3"},
        {**LIMIT, "bank": "NOBANK"},
        {**LIMIT, "channel": "moon_pay"},
        {"channel": "alipay", "kind": "hours", "opens_at": "09:00"},
        {"channel": "alipay", "kind": "maintenance", "starts_at": "2099-01-02T05:00", "ends_at": "2099-01-01T05:00"},
        {"channel": "alipay", "kind": "maintenance", "starts_at": "2020-01-01T05:00", "ends_at": "2020-01-02T05:00"},
        {"channel": "alipay", "kind": "weather"},
    ],
)
def test_what_makes_no_sense_is_refused_beside_the_form(desk: Desk, town: Town, entered: dict[str, str]) -> None:
    answer = desk("finance").post("/console/channels", entered)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not ChannelCondition.objects.exists()


def test_an_agent_sees_and_does_not_edit(desk: Desk, town: Town) -> None:
    client = desk("agent")
    page = client.get("/console/channels").content.decode()
    assert "支付宝" in page
    assert "登记情况" not in page
    assert client.post("/console/channels", LIMIT).status_code == 422
    assert not ChannelCondition.objects.exists()


@pytest.mark.requirement("R181")
def test_the_share_that_was_solved_without_an_agent_is_shown_by_cause(
    desk: Desk, person: Callable[[str], object]
) -> None:
    page = desk("agent").get("/console/recovery?days=90").content.decode()
    assert "余额不足" in page
    assert "不找客服" in page
