"""Publishing a version of an entry at the console: previewed, proposed, approved by a colleague; refused in words."""

from collections.abc import Callable

import pytest
from django.test import Client

from fenqi.records.models import RepaymentEntry
from malls import bought

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/console/entries/versions/new"


def entered(**changes: str) -> dict[str, str]:
    return {
        "after": "0",
        "code": "new_app",
        "kind": "finance_app",
        "position": "5",
        "name_zh": "新金融 App",
        "name_en": "The new app",
        "address": "https://app.example/repay",
        **changes,
    }


@pytest.mark.requirement("R144", "R145", "R182")
def test_a_version_from_the_preview_to_its_publication(desk: Callable[..., Client]) -> None:
    bought()
    planner, approver = desk("finance"), desk("admin")
    preview = planner.post(NEW, entered(languages="en"))
    assert preview.context["served"].plans == 0
    assert planner.post(NEW, entered()).context["served"].gained == 1
    assert 'name="confirmed"' in preview.content.decode()
    address = planner.post(NEW, entered(confirmed="yes"))["Location"]
    assert not RepaymentEntry.objects.filter(code="new_app").exists()
    assert address in planner.get("/console/entries").content.decode()
    assert planner.post(f"{address}/approve").status_code == 409
    shown = approver.get(address).content.decode()
    assert "批准并发布" in shown
    assert "https://app.example/repay" in shown
    assert approver.post(f"{address}/approve")["Location"] == "/console/entries"
    assert RepaymentEntry.objects.get(code="new_app").version == 1
    assert approver.post(f"{address}/reject").status_code == 409
    assert "已发布" in approver.get(address).content.decode()
    form = planner.get(f"{NEW}?entry=new_app").context["form"]
    assert (form["after"].value(), form["name_en"].value()) == (1, "The new app")
    assert planner.post(NEW, entered()).status_code == 422


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"code": "<script>"}, "code"),
        ({"kind": "teleport"}, "kind"),
        ({"name_en": ""}, "中英文都要填写"),
        ({"howto_zh": "打开 App"}, "中英文都要填写"),
        ({"address": "javascript:alert(1)"}, "https://"),
        ({"kind": "hotline"}, "热线填电话号码"),
        ({"opens_at": "09:00"}, "起止时间"),
        ({"closes_on": "2026-01-01", "opens_on": "2026-02-01"}, "结束日期须晚于开始日期"),
        ({"moved_at": "2027-01-01T10:00"}, "请选择迁往的入口"),
        ({"after": "7", "code": "mall_page", "kind": "mall_page", "address": ""}, "新版本"),
        ({"share_from": "90", "share_to": "10"}, "前小后大"),
        ({"position": "x"}, "position"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_version_that_makes_no_sense_is_told_so(
    desk: Callable[..., Client], change: dict[str, str], told: str
) -> None:
    page = desk("finance").post(NEW, entered(confirmed="yes", **change))
    assert page.status_code in (409, 422)
    assert told in page.content.decode()
    assert "<script>" not in page.content.decode().replace("<script src", "")


def test_an_agent_publishes_nothing(desk: Callable[..., Client]) -> None:
    address = desk("finance").post(NEW, entered(confirmed="yes"))["Location"]
    agent = desk("agent")
    assert agent.get(NEW).status_code == 403
    assert agent.get(address).status_code == 200
    assert {agent.post(f"{address}/{verb}").status_code for verb in ("approve", "reject")} == {403}
    assert agent.get(f"{NEW[:-3]}{'0' * 8}-0000-7000-8000-{'0' * 12}").status_code == 404
