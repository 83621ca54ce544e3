"""The first page of the day: what is late, what fails, what does not reconcile, how money moves; each with its list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.console.after_sales.desk import lines_of
from fenqi.interfaces.console.ageing_bar import ageing_bars
from fenqi.interfaces.console.pages import render_page
from fenqi.interfaces.console.search import recent_customers
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.desk import Pile, desk, desk_state
from fenqi.usecases.closing.ageing import ageing
from fenqi.usecases.closing.queries import close_desk
from fenqi.usecases.hardship import desk as collections
from fenqi.usecases.morning.differences import Differences, differences
from fenqi.usecases.morning.refunds import Late, late_refunds
from fenqi.usecases.morning.repayments import ChannelDay, MoneyDay, channels_today, money_by_day, unknown_outcomes
from fenqi.usecases.rails import rail_names
from fenqi.usecases.staff.permissions import Permission, Staff

FIRST_CASES: Final = 5
FIRST_DIFFERENCES: Final = 5
DAYS_DRAWN: Final = 30
MALLS_CURRENCY: Final = "CNY"

SPARK_WIDTH: Final = 96
SPARK_HEIGHT: Final = 22

BAR_STEP: Final = 20
BAR_WIDTH: Final = 14
BARS_LEFT: Final = 4
REPAID_HEIGHT: Final = 96
REFUNDED_HEIGHT: Final = 40
ZERO_LINE: Final = 8 + REPAID_HEIGHT
LEAST_SEEN: Final = 2
POOR_SHARE: Final = 85
"""Below so many percent a channel is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """A channel's day with its line drawn; `spark` is the points of a polyline, empty where nothing ended."""

    day: ChannelDay
    spark: str
    is_poor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day's money as two bars from the zero line, up for what came in, down for what went back; in pixels."""

    money: MoneyDay
    x: int
    middle: int
    repaid_y: int
    repaid_height: int
    refunded_height: int
    is_named: bool


@require_safe
@staff_page(Permission.SEE_CUSTOMERS)
def overview(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Each reader sees the parts that their role may see; it names customers, so looking is written down."""
    now = clock.now()
    today = clock.business_date(now)
    context: dict[str, object] = {"place": "home", "now": now, "recent": recent_customers(request)}
    if staff.may(Permission.SEE_CASES):
        audit.record(staff.actor, audit.Action.CASES_SEEN, subject="morning", now=now)
        first, _ = desk(staff, Pile.ALL, limit=FIRST_CASES, now=now)
        context |= {"desk": desk_state(staff, now=now), "cases": lines_of(first, now=now)}
    if staff.may(Permission.SEE_RECONCILIATION):
        found = differences(rail_names(), now=now)
        context |= {"differences": found, "first_differences": found.findings[:FIRST_DIFFERENCES]}
        money = money_by_day(from_on=today - timedelta(days=DAYS_DRAWN - 1), to_on=today, currency=MALLS_CURRENCY)
        context |= _money(money)
    if staff.may(Permission.SEE_COLLECTIONS):
        piles = {one.pile: one.plans for one in collections.pile_sums(staff, today=today)}
        context |= {
            "ageing": ageing_bars(ageing(today)),
            "promised_today": piles[collections.Pile.PROMISED_TODAY],
            "promises_broken": piles[collections.Pile.BROKEN],
        }
    if staff.may(Permission.SEE_DAILY_CLOSE):
        context["closing"] = close_desk(now=now)
    late = late_refunds(today=today)
    unknown = unknown_outcomes()
    context |= {"late": late, "unknown": unknown}
    context["channels"] = [_channel_line(day) for day in channels_today(rail_names(), now=now)]
    context["to_do"] = _to_do(context, late=late, unknown_count=unknown.count)
    return render_page(request, "morning.html", context)


def _to_do(context: Mapping[str, object], *, late: Late, unknown_count: int) -> int:
    """How many things wait for somebody: reviews past their time, unknown outcomes, differences, late refunds."""
    state, found = context.get("desk"), context.get("differences")
    reviews = getattr(state, "review_late", 0)
    unexplained = len(found.findings) + len(found.missing_bills) if isinstance(found, Differences) else 0
    return reviews + unexplained + late.count + unknown_count


def _channel_line(day: ChannelDay) -> ChannelLine:
    return ChannelLine(day=day, spark=_spark(day.shares), is_poor=day.share is not None and day.share < POOR_SHARE)


def _spark(shares: Sequence[int | None]) -> str:
    """Steps in which nothing ended are left out of the line."""
    width = SPARK_WIDTH / max(1, len(shares) - 1)
    points = [
        f"{n * width:.0f},{SPARK_HEIGHT - 2 - share * (SPARK_HEIGHT - 4) // 100}"
        for n, share in enumerate(shares)
        if share is not None
    ]
    return " ".join(points if len(points) > 1 else [*points, *(f"{SPARK_WIDTH},{one.split(',')[1]}" for one in points)])


def _money(days: Sequence[MoneyDay]) -> dict[str, object]:
    most_repaid = max((day.repaid_minor for day in days), default=0)
    most_refunded = max((day.refunded_minor for day in days), default=0)
    return {
        "bars": [_bar(n, day, most_repaid, most_refunded) for n, day in enumerate(days)],
        "bars_width": BARS_LEFT * 2 + BAR_STEP * len(days),
        "bar_width": BAR_WIDTH,
        "bars_height": ZERO_LINE + REFUNDED_HEIGHT + 20,
        "zero_line": ZERO_LINE,
        "names_y": ZERO_LINE + REFUNDED_HEIGHT + 16,
        "repaid_sum": sum(day.repaid_minor for day in days),
        "refunded_sum": sum(day.refunded_minor for day in days),
        "money_from": days[0].day,
        "money_to": days[-1].day,
        "malls_currency": MALLS_CURRENCY,
    }


def _bar(n: int, day: MoneyDay, most_repaid: int, most_refunded: int) -> Bar:
    repaid = _height(day.repaid_minor, most_repaid, REPAID_HEIGHT)
    x = BARS_LEFT + n * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2
    return Bar(
        money=day,
        x=x,
        middle=x + BAR_WIDTH // 2,
        repaid_y=ZERO_LINE - repaid,
        repaid_height=repaid,
        refunded_height=_height(day.refunded_minor, most_refunded, REFUNDED_HEIGHT),
        is_named=_is_named(day.day),
    )


def _is_named(day: date) -> bool:
    """Mondays carry their date."""
    return day.weekday() == 0


def _height(value: int, most: int, full: int) -> int:
    """What is there is seen, however little it is."""
    return max(value * full // most, LEAST_SEEN) if value > 0 and most else 0
