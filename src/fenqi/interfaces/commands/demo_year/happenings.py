"""What the house and the channels do on certain days of the year: a dated list, drawn from the seed where it varies.

A new room adds its dates to `HAPPENINGS`: a function of the day within the year (0 is the first), of which it uses the
ones it wants. What a happening needs is in `Stage`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from fenqi.channels.first_run import OTHER_PARTNER_CODE
from fenqi.domain.migration import BatchState, ItemState
from fenqi.domain.payments.conditions import ConditionKind
from fenqi.interfaces.commands.demo_mall import MALL, PRODUCTS
from fenqi.interfaces.commands.demo_year import moments
from fenqi.interfaces.commands.demo_year.desk import Desk
from fenqi.interfaces.commands.demo_year.moments import Town
from fenqi.records.models import EntryWindow, PlanMigration, PlanMigrationItem
from fenqi.records.scope import across_customers
from fenqi.usecases.conditions.edit import NewCondition, add_condition
from fenqi.usecases.entries.decide_closing import approve_closing
from fenqi.usecases.entries.plan_closing import NewClosing, plan_closing
from fenqi.usecases.migrating.approving import announce, approve, drop_plan
from fenqi.usecases.migrating.drafting import PlanFilter, Wanted, draft_from_filter
from fenqi.usecases.migrating.rehearsing import order_rehearsal
from fenqi.usecases.partners.providers import MALL as THE_MALL
from fenqi.usecases.price_protection.feed import PriceInput, take_prices

SALES: Final = {120: ("618 年中大促", 8), 285: ("双 11 大促", 7), 40: ("春季焕新", 9), 200: ("开学季", 9)}
"""Day of the year -> what the sale is called, and tenths of the price."""

FELL: Final = ("QY-X2-256", "KQ-4PRO", "NB-AIR14", "QY-BUDS3", "TV-65Q")
SALE_DAYS: Final = 12
MAINTENANCE_EVERY: Final = 61
FAILING_EVERY: Final = 17
LATE_BILL_EVERY: Final = 47
BANKS: Final = (("ICBC", "工商银行", "ICBC"), ("CCB", "建设银行", "CCB"), ("CMB", "招商银行", "CMB"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The morning of a day: `n` is the day within the year, `of` how many it has."""

    day: date
    n: int
    of: int
    now: datetime
    town: Town
    desk: Desk


def prices_fall(stage: Stage) -> None:
    """Some goods are cheaper during a sale, and at their price again afterwards."""
    for first, (_name, tenths) in SALES.items():
        if stage.n in {first, first + SALE_DAYS}:
            _see_prices(stage, tenths=tenths if stage.n == first else 10)
    if stage.n == stage.of - 3:  # so that the last pages of the year have offers
        _see_prices(stage, tenths=9)


def _see_prices(stage: Stage, *, tenths: int) -> None:
    take_prices(
        PriceInput(
            sku=sku,
            price_minor=PRODUCTS[sku].price_minor * tenths // 10,
            currency="CNY",
            observed_at=stage.now,
            seller=MALL,
        )
        for sku in FELL
    )


def maintenance(stage: Stage) -> None:
    """Announced by staff in the morning: a channel in the evening, or a bank at night."""
    if stage.n % MAINTENANCE_EVERY == MAINTENANCE_EVERY // 2:
        _announce(stage, "wechat_pay", "", moments.at(stage.day, 20), 2, "微信支付系统升级", "WeChat Pay upgrades")
    if stage.n % MAINTENANCE_EVERY == 0 and stage.n:
        code, name, english = BANKS[stage.n % len(BANKS)]
        tonight = moments.at(stage.day + timedelta(days=1), 0, 30)
        _announce(stage, "bank_card", code, tonight, 5, f"{name}系统升级", f"{english} upgrades its systems")
    if stage.n == stage.of - 1:  # one that is still ahead when the year ends
        tonight = moments.at(stage.day + timedelta(days=1), 23, 30)
        _announce(stage, "bank_card", "ICBC", tonight, 5, "工商银行系统升级", "ICBC upgrades its systems")


def _announce(stage: Stage, channel: str, bank: str, begins: datetime, hours: int, zh: str, en: str) -> None:  # noqa: PLR0917
    entered = NewCondition(
        channel=channel,
        bank=bank,
        kind=ConditionKind.MAINTENANCE,
        starts_at=begins,
        ends_at=begins + timedelta(hours=hours),
        note_zh=zh,
        note_en=en,
    )
    add_condition(stage.desk.finance, entered, now=stage.now)


def channels_fail(stage: Stage) -> None:
    """Answers that break or say nothing, callbacks that are lost or come twice: each for a handful of calls."""
    turn, is_one = divmod(stage.n, FAILING_EVERY)
    if is_one != FAILING_EVERY // 2:
        return
    for channel, operation, kind, value, times in FAILURES[turn % len(FAILURES)]:
        stage.town.order_fault(channel, operation, kind, value, times)


FAILURES: Final[tuple[tuple[tuple[str, str, str, str, int], ...], ...]] = (
    (("alipay", "query", "http_500", "", 6), ("alipay", "notify", "drop", "", 4)),
    (("wechat_pay", "charge", "code_after", "SYSTEM_ERROR", 2), ("wechat_pay", "notify", "twice", "", 5)),
    (("bank_card", "charge", "code", "64", 3), ("bank_card", "notify", "drop", "", 3)),
    (("alipay", "notify", "wrong_signature", "", 2), ("alipay", "refund", "no_fund_change", "", 1)),
    (("wechat_pay", "query", "code", "SYSTEM_ERROR", 5), ("wechat_pay", "refund", "code_after", "SYSTEM_ERROR", 1)),
    (("bank_card", "charge", "code_after", "03", 2), ("bank_card", "query", "reset", "", 3)),
    (("alipay", "refund", "reset", "", 1), ("wechat_pay", "notify", "drop", "", 4)),
    (
        ("alipay", "charge", "code", "ACQ.BUYER_BALANCE_NOT_ENOUGH", 2),
        ("wechat_pay", "charge", "code", "NOTENOUGH", 2),
        ("bank_card", "charge", "code", "64", 2),
    ),
)
"""(channel, operation, kind, value, times), one group a time."""


def bills_are_late(stage: Stage) -> None:
    """A channel has not made its bill yet: it is taken when it is asked for again."""
    turn, is_one = divmod(stage.n, LATE_BILL_EVERY)
    if is_one == LATE_BILL_EVERY // 2:
        stage.town.order_fault(("alipay", "wechat_pay", "bank_card")[turn % 3], "bill", "creating")


def entries_close(stage: Stage) -> None:
    """Twice, at a third and at three quarters of the run: planned by one person, approved by another the day after,
    announced by that, in force some days, and over.
    """
    for share, closing in CLOSINGS.items():
        if stage.n == int(stage.of * share):
            _plan_closing(stage, closing)
    waiting = EntryWindow.objects.filter(
        approved_by="", rejected_by="", proposed_at__lt=stage.now - timedelta(hours=12)
    )
    for row in waiting:
        stage.desk.do("closing:approved", approve_closing, stage.desk.admin, row.closing_id, row.version, now=stage.now)


def _plan_closing(stage: Stage, closing: "PlannedClosing") -> None:
    begins = moments.at(stage.day + timedelta(days=CLOSING_NOTICE_DAYS), 0)
    asked = NewClosing(
        entry=closing.entry,
        successor=closing.successor,
        starts_at=begins,
        ends_at=begins + timedelta(days=closing.days),
        notice_zh=closing.zh,
        notice_en=closing.en,
        reason="planned",
    )
    stage.desk.do("closing:planned", plan_closing, stage.desk.finance, asked, now=stage.now)


@dataclass(frozen=True, slots=True)
class PlannedClosing:
    entry: str
    successor: str
    days: int
    zh: str
    en: str


CLOSING_NOTICE_DAYS: Final = 3
CLOSINGS: Final = {
    1 / 3: PlannedClosing("mall_page", "message_link", 3, "还款页面升级", "We upgrade the repayment page"),
    3 / 4: PlannedClosing(
        "message_link", "mall_page", 2, "短信链接服务更换", "Links in messages move to a new service"
    ),
}
"""By the part of the run that is over when it is planned."""


def plans_move(stage: Stage) -> None:
    """Once: some plans of the mall go to another lender. It is rehearsed the day it is drafted, approved and announced
    the day after, and six days after that those plans move whose customers have agreed.
    """
    if stage.n == int(stage.of * MOVE_SHARE) and not PlanMigration.objects.exists():
        cutover = moments.at(stage.day + timedelta(days=MOVE_DAYS), 10)
        wanted = Wanted(
            from_provider=THE_MALL, to_provider=OTHER_PARTNER_CODE, cutover_at=cutover, note="sale of plans"
        )
        stage.desk.do("move:drafted", _draft, stage, wanted)
    for batch in PlanMigration.objects.filter(state=BatchState.REHEARSED, rehearsing=False):
        with across_customers():
            items = PlanMigrationItem.objects.filter(migration_id=batch.id, state=ItemState.DIFFERS)
            differing = list(items.values_list("customer_id", "id"))
        for customer_id, item_id in differing:
            drop_plan(stage.desk.finance, customer_id, item_id, reason="试算有差异", now=stage.now)
        stage.desk.do("move:approved", approve, stage.desk.admin, batch.id, now=stage.now)
    for batch in PlanMigration.objects.filter(state=BatchState.APPROVED):
        stage.desk.do("move:announced", announce, stage.desk.finance, batch.id, now=stage.now)


def _draft(stage: Stage, wanted: Wanted) -> None:
    migration_id = draft_from_filter(stage.desk.finance, wanted, PlanFilter(limit=MOST_MOVED), now=stage.now)
    order_rehearsal(stage.desk.finance, migration_id, now=stage.now)


MOVE_SHARE: Final = 0.45
MOVE_DAYS: Final = 7
MOST_MOVED: Final = 12

HAPPENINGS: Final[tuple[Callable[[Stage], None], ...]] = (
    prices_fall,
    maintenance,
    channels_fail,
    bills_are_late,
    entries_close,
    plans_move,
)
"""In this order, every morning."""
