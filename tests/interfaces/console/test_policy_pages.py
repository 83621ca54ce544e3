"""Staff see every version of every policy, draft the next one, see what it would change, publish it, take it back."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AftersalesCase, AftersalesPolicy, AuditRecord, CaseLine, Order
from fenqi.records.scope import across_customers
from fenqi.usecases import clock

Desk = Callable[..., Client]

pytestmark = pytest.mark.django_db

PAGE = "/console/after-sales/policies"
DRAFT = f"{PAGE}/return/draft"


def words_of(answer: Any) -> str:
    body = re.sub(r"<(style|script|head)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def form_of(
    client: Client, address: str = f"{DRAFT}?follow=return.default&version=1", **changes: Any
) -> dict[str, Any]:
    """What a browser would send of the form as it stands, with some fields changed."""
    page = client.get(address).content.decode()
    said: dict[str, Any] = {}
    for field in re.findall(r"<input[^>]+>", page):
        name, value = (re.search(rf'{what}="([^"]*)"', field) for what in ("name", "value"))
        if not name or name[1] in ("csrfmiddlewaretoken", "q"):
            continue
        if 'type="checkbox"' not in field:
            said[name[1]] = html.unescape(value[1]) if value else ""
        elif " checked" in field and value:
            said.setdefault(name[1], []).append(value[1])
    for name, inner in re.findall(r'<select[^>]+name="([^"]+)">(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        said[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]+name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.DOTALL):
        said[name] = html.unescape(inner)
    return said | changes


@pytest.mark.requirement("R024", "R086", "R164")
def test_every_version_is_listed_with_its_days_and_what_customers_read(desk: Desk) -> None:
    page = words_of(desk("agent").get(PAGE))
    for told in (
        "退货、退款、换货",
        "价格保护",
        "全部商品",
        "合作平台",
        "现行",
        "第 1 版",
        "收货次日起 7 天内可以无理由",
    ):
        assert told in page
    assert "起草新版本" not in page
    english = words_of(desk("finance", language="en").get(PAGE))
    for told in ("All goods", "Rules now", "Draft the next version", "within 7 days"):
        assert told in english


@pytest.mark.requirement("R023", "R024")
def test_a_draft_is_previewed_published_and_audited(desk: Desk) -> None:
    client = desk("finance")
    said = form_of(client, window_days="15", category="phone", two_people_above_minor="8000.50")
    said.pop("requires_resalable")
    seen = client.post(DRAFT, said | {"preview": "1"})
    assert seen.status_code == 200
    told = words_of(seen)
    for words in (
        "会有的变化：类别 phone",
        "自收货次日起 7 天 15 天",
        "¥8,000.50",
        "15 天内可以无理由",
        "within 15 days",
    ):
        assert words in told
    assert AftersalesPolicy.objects.count() == 4
    assert client.post(DRAFT, said | {"publish": "1"}).status_code == 302
    kept = AftersalesPolicy.objects.get(code="return.category.phone")
    assert kept.body["window_days"] == 15
    assert kept.body["requires_resalable"] is False
    assert kept.body["two_people_above_minor"] == 800_050
    default = AftersalesPolicy.objects.get(code="return.default").body
    same = set(default) - {"window_days", "requires_resalable", "two_people_above_minor"}
    assert {name: kept.body[name] for name in same} == {name: default[name] for name in same}
    (act,) = AuditRecord.objects.filter(customer_id=HOUSE_ID, action="policy_published")
    assert act.subject == "policy:return.category.phone:1"
    assert "类别 phone" in words_of(client.get(PAGE))


@pytest.mark.requirement("R085", "R086", "R091")
def test_price_protection_is_drafted_the_same_way(desk: Desk) -> None:
    client, address = desk("finance", language="en"), f"{PAGE}/price_protection/draft"
    said = form_of(client, address, window_days="15", excluded_tags="custom launch_week", clock="hours")
    told = words_of(client.post(address, said | {"preview": "1"}))
    assert "custom flash_sale" not in told
    assert "made to order, launch_week" in told
    assert client.post(address, said | {"publish": "1"}).status_code == 302
    kept = AftersalesPolicy.objects.get(code="price_protection.default", version=2)
    assert kept.body["excluded_tags"] == ["custom", "launch_week"]
    assert kept.body["clock"] == "hours"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"window_days": "6"}, "自收货次日起: 不得少于 7 天"),
        ({"window_days": "seven"}, "自收货次日起: 应为"),
        ({"window_days": ""}, "自收货次日起: 应为"),
        ({"excluded_by_law": ["flash_sale"]}, "法律没有排除"),
        ({"two_people_above_minor": "5.001"}, "超过此金额须两人批准: 应为"),
        ({"sku": "X2", "category": "phone"}, "适用范围: 商品、类别、销售渠道只能选一种"),
        ({"sales_channel": "MOON"}, "销售渠道: 没有这个销售渠道"),
        ({"valid_from": "2026-02-30"}, "开始日: 没有这一天"),
        ({"valid_from": "2020-01-01"}, "新版本不能从今天以前开始"),
        ({"fees.otherwise": "half"}, "退还手续费和利息"),
        ({"procedure_zh": "请到平台办理"}, "平台办理流程（英文）: 须同时填写中文和英文"),
    ],
)
@pytest.mark.parametrize("button", ["preview", "publish"])
def test_what_may_not_be_is_told_beside_the_form_and_keeps_what_was_entered(
    desk: Desk, changes: dict[str, Any], told: str, button: str
) -> None:
    client = desk("finance")
    answer = client.post(DRAFT, form_of(client, review_hours="33", **changes) | {button: "1"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert told in words_of(answer)
    assert 'name="review_hours" inputmode="numeric" value="33"' in page
    assert AftersalesPolicy.objects.count() == 4


def test_a_version_is_taken_back_and_the_last_for_all_goods_is_not(desk: Desk) -> None:
    client = desk("finance")
    assert client.post(DRAFT, form_of(client, window_days="15") | {"publish": "1"}).status_code == 302
    assert client.post(f"{PAGE}/withdraw", {"code": "return.default", "version": "2"}).status_code == 302
    assert "已撤回" in words_of(client.get(PAGE))
    refused = client.post(f"{PAGE}/withdraw", {"code": "return.default", "version": "1"})
    assert refused.status_code == 409
    assert "请先发布新版本" in words_of(refused)


@pytest.mark.parametrize(
    "address",
    [
        f"{PAGE}/moon/draft",
        f"{DRAFT}?follow=return.default&version=99",
        f"{DRAFT}?follow=return.default&version=x",
        f"{DRAFT}?follow=nothing&version=1",
    ],
)
def test_what_is_not_there_is_not_found(desk: Desk, address: str) -> None:
    assert desk("finance").get(address).status_code == 404
    for version in ("-1", "9" * 10, "9" * 5_000, "٣"):
        assert desk("finance").post(f"{PAGE}/withdraw", {"code": "x", "version": version}).status_code == 404


def test_an_agent_may_not_draft_publish_or_take_back(desk: Desk) -> None:
    client = desk("agent")
    assert client.get(DRAFT).status_code == 403
    assert client.post(DRAFT, {"publish": "1"}).status_code == 403
    assert client.post(f"{PAGE}/withdraw", {"code": "return.default", "version": "1"}).status_code == 403


@pytest.mark.requirement("R024")
def test_the_preview_shows_cases_that_would_have_been_judged_otherwise(
    desk: Desk, person: Callable[[str], UUID]
) -> None:
    customer_id = person("chen")
    order = Order.objects.filter(customer_id=customer_id, status="delivered").order_by("placed_at").first()
    assert order is not None
    assert order.delivered_at is not None
    case = AftersalesCase.objects.create(
        customer_id=customer_id,
        case_no="AS-PREVIEW-1",
        order_id=order.id,
        kind="return",
        reason="no_reason",
        via="portal",
        applied_by="customer",
        state="rejected",
        policy_code="return.default",
        policy_version=1,
        currency="CNY",
        review_due_at=clock.now(),
        promise_by=clock.business_date(clock.now()),
        created_at=order.delivered_at + timedelta(days=25),
        updated_at=clock.now(),
    )
    CaseLine.objects.create(customer_id=customer_id, case_id=case.id, order_id=order.id, line_no=1, pieces=1)
    client = desk("finance")
    answer = client.post(DRAFT, form_of(client, window_days="30") | {"preview": "1"})
    told = words_of(answer)
    for words in (
        "AS-PREVIEW-1",
        "无理由退换期已于",
        "收货次日起 30 天内可以无理由退换",
        "新增可以申请 1",
        "近期已签收订单",
    ):
        assert words in told
    assert f"/console/after-sales/{customer_id}/{case.id}" in answer.content.decode()
    with across_customers():
        assert AftersalesCase.objects.get(case_no="AS-PREVIEW-1").state == "rejected"
