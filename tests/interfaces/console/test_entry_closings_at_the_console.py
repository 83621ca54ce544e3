"""Closing an entry at the console: previewed, proposed, approved by a colleague, changed; refused where it must be."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from closings import closed
from fenqi.records.models import EntryWindow
from fenqi.usecases import clock
from malls import bought

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/console/entries/closings/new"


def entered(**changes: str) -> dict[str, str]:
    tomorrow = clock.now().astimezone(clock.mall_zone()) + timedelta(days=1)
    return {
        "entry": "mall_page",
        "successor": "message_link",
        "starts_at": f"{tomorrow:%Y-%m-%d}T22:00",
        "ends_at": f"{tomorrow + timedelta(days=1):%Y-%m-%d}T06:00",
        "notice_zh": "系统升级",
        "notice_en": "An upgrade",
        **changes,
    }


@pytest.mark.requirement("R144")
def test_a_closing_from_the_preview_to_its_early_end(desk: Callable[..., Client]) -> None:
    bought()
    planner, approver = desk("finance"), desk("admin")
    preview = planner.post(NEW, entered()).content.decode()
    assert "影响谁" in preview
    assert 'name="confirmed"' in preview
    assert not EntryWindow.objects.exists()
    address = planner.post(NEW, entered(confirmed="yes"))["Location"]
    assert planner.post(f"{address}/approve", {"version": "1"}).status_code == 409
    assert approver.post(f"{address}/approve", {"version": "1"})["Location"] == address
    assert "已安排" in planner.get("/console/entries").content.decode()
    assert planner.post(f"{address}/cancel", {"reason": "later"})["Location"] == address
    assert "已取消" in planner.get(address).content.decode()
    begun = closed(clock.now(), hours=2)
    page = approver.get(f"/console/entries/closings/{begun}").content.decode()
    assert f"/console/entries/closings/{begun}/end" in page
    assert approver.post(f"/console/entries/closings/{begun}/end", {}).status_code == 302


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"starts_at": "2020-01-01T10:00", "ends_at": "2020-01-02T10:00"}, "已经过去"),
        ({"ends_at": "2020-01-01T10:00"}, "ends_at"),
        ({"starts_at": "32.13.2026"}, "starts_at"),
        ({"notice_en": "", "confirmed": "yes"}, "notice_en"),
        ({"share_from": "90", "share_to": "10", "confirmed": "yes"}, "share"),
        ({"entry": "<script>"}, "entry"),
    ],
)
def test_a_closing_that_makes_no_sense_is_told_so(
    desk: Callable[..., Client], change: dict[str, str], told: str
) -> None:
    page = desk("finance").post(NEW, entered(**change))
    assert page.status_code == 422
    assert told in page.content.decode()
    assert "<script>" not in page.content.decode().replace("<script src", "")
    assert not EntryWindow.objects.exists()


def test_an_agent_sees_closings_and_decides_nothing(desk: Callable[..., Client]) -> None:
    bought()
    closing_id = closed(clock.now(), hours=2)
    agent = desk("agent")
    assert agent.get("/console/entries?month=2026-13").status_code == 200
    assert agent.get("/console/entries?month=9999-99").status_code == 200
    assert agent.get(f"/console/entries/closings/{closing_id}").status_code == 200
    assert agent.get(NEW).status_code == 403
    assert agent.post(f"/console/entries/closings/{closing_id}/end", {}).status_code == 403
