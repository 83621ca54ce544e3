"""What the sample mall has of repayment entries: the finance app in the sandbox with its key, and a planned closing."""

from datetime import datetime, time, timedelta
from typing import Final

import httpx
from django.conf import settings

from fenqi.records.models import Account, ApiClient, EntryWindow
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope, make_client
from fenqi.usecases.entries.decide_closing import approve_closing
from fenqi.usecases.entries.plan_closing import NewClosing, plan_closing
from fenqi.usecases.staff.permissions import staff_member

APP_CLIENT: Final = "finance-app"
PLANNED_BY, APPROVED_BY = "zhao.finance", "chen.admin"


def add_finance_app(*, now: datetime) -> None:
    """Make the app's key and hand it over, unless that was done: the key can be read this once."""
    if ApiClient.objects.filter(name=APP_CLIENT).exists():
        return
    key = make_client(APP_CLIENT, [Scope.FINANCE_APP], now=now)
    address = f"{settings.FENQI_SANDBOX_URL}/control/api/finance_app/register"
    httpx.post(address, json={"mall": settings.FENQI_PUBLIC_URL, "key": key}, trust_env=False).raise_for_status()


def plan_sample_closing(*, now: datetime) -> None:
    """The mall's page is closed in a night five days ahead, for an upgrade; unless a closing is on record."""
    planner, approver = (
        staff_member(Account.objects.filter(username=name).first()) for name in (PLANNED_BY, APPROVED_BY)
    )
    if planner is None or approver is None or EntryWindow.objects.exists():
        return
    day = clock.business_date(now) + timedelta(days=5)
    starts_at = datetime.combine(day, time(23), tzinfo=clock.mall_zone())
    asked = NewClosing(
        entry="mall_page",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=7),
        notice_zh="还款系统升级，升级后支持更多付款方式。",
        notice_en="We upgrade the repayment system; more ways to pay come with it.",
        successor="finance_app" if settings.FENQI_FINANCE_APP_URL else "message_link",
        reason="sample",
    )
    closing_id = plan_closing(planner, asked, now=now)
    approve_closing(approver, closing_id, 1, now=now)
