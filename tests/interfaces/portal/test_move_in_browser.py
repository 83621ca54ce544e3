"""A migration watched from both sides: staff draft, approve and announce it, its customer reads, agrees and keeps the
receipt.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from browsing import Windows, picture, scrolls_sideways, violations
from fenqi.domain.migration import BatchState
from fenqi.records.models import Account, PlanMigration, Role
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.migrating.rehearsing import rehearse
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.staff.permissions import staff_member
from lenders import PLATFORM
from malls import Bought, bought
from moving import Moving, sheet
from town import Town
from visitors import ARTEFACTS, DESK_WIDTH, EN_DESK, PHONE_WIDTH, ZH_PHONE, Visitor, screen, walked_by

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def owed(town: Town) -> Bought:
    rate_limits.forget()
    admin = staff_member(Account.objects.create_staff(username="second", password="x" * 16, role=Role.ADMIN))
    assert admin
    edit_provider(admin, PLATFORM, now=clock.now())
    return bought(method="flat_fee", fee_rate="0.6", rounding="half_up")


def looked_at(desk: Page, name: str, visitor: Visitor) -> None:
    """Whole and accessible on both widths; numbers, accounts and the name of a kind of file may stand in it."""
    folder = ARTEFACTS / visitor.language[:2]
    folder.mkdir(parents=True, exist_ok=True)
    for width in (PHONE_WIDTH, DESK_WIDTH):
        picture(desk, width, folder / f"{name}-{width}.png")
        assert not scrolls_sideways(desk), f"{name} {width}"
    assert [(one["id"], one["nodes"]) for one in violations(desk)] == [], name


@pytest.mark.requirement("R146", "R147", "R182")
@walked_by(ZH_PHONE, EN_DESK)
def test_a_migration_is_watched_from_both_sides(
    windows: Windows, mall_server: LiveServer, owed: Bought, visitor: Visitor
) -> None:
    reads = visitor.reads
    customer = Account.objects.for_customer(owed.customer_id)
    second = Account.objects.get(username="second")
    maker = Account.objects.create_staff(username="maker", password="x" * 16, role=Role.FINANCE)
    cutover = clock.now().astimezone(clock.mall_zone()) + timedelta(days=5)
    with screen(windows, mall_server, visitor) as here:
        desk = here.of(maker, width=DESK_WIDTH)
        desk.goto("/console/moves/draft")
        desk.get_by_label(reads("转入方", "Taken by")).select_option("qingrong")
        desk.get_by_label(reads("切换时间", "Cut-over")).fill(f"{cutover:%Y-%m-%dT%H:%M}")
        desk.locator("#file").set_input_files(
            files=FilePayload(name="plans.csv", mimeType="text/csv", buffer=sheet([owed]))
        )
        looked_at(desk, "move-draft", visitor)
        desk.get_by_role("button", name=reads("建立批次", "Draft it")).click()
        expect(desk.get_by_role("heading", level=1)).to_have_text(
            re.compile(reads("商城自营 → 轻融分期", "The mall itself → Qingrong"))
        )
        moving = Moving(PlanMigration.objects.get().id, (owed,))
        rehearse(moving.migration_id, now=clock.now())
        desk.reload()
        looked_at(desk, "move-rehearsed", visitor)
        address = desk.url

        desk = here.of(second, width=DESK_WIDTH)
        desk.goto(address)
        desk.get_by_role("button", name=reads("复核通过", "Approve the batch")).click()
        desk.get_by_role("button", name=reads("向用户公告", "Announce it to the customers")).click()
        expect(desk.get_by_role("status").first).to_have_text(re.compile(reads("已公告", "Announced")))

        page = here.of(customer)
        page.goto(f"/orders/{owed.order_id}")
        page.get_by_role("link", name=reads("阅读并决定", "Read and decide")).click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text(
            re.compile(reads("同意把这笔分期转给轻融分期吗", "May this plan move to Qingrong"))
        )
        visitor.looks_at(page, "move-asked")
        page.get_by_role("button", name=reads("同意转移", "Agree to the move")).click()
        expect(heading).to_have_text(re.compile(reads("已同意", "You agreed")))

        assert moving.go_on() is BatchState.CONFIRMED
        page.reload()
        expect(heading).to_have_text(re.compile(reads("现由轻融分期收款", "Qingrong collects this plan now")))
        visitor.looks_at(page, "move-moved")
        page.get_by_role("link", name=reads("查看回执", "See the receipt")).click()
        expect(heading).to_have_text(re.compile(reads("一分未变", "unchanged to the fen")))
        looked_at(page, "move-receipt", visitor)
        page.goto(f"/orders/{owed.order_id}")
        visitor.looks_at(page, "move-order")

        desk = here.of(second, width=DESK_WIDTH)
        desk.goto(address)
        expect(desk.get_by_text(reads("已转移并确认", "Moved and confirmed"))).to_be_visible()
        looked_at(desk, "move-confirmed", visitor)
