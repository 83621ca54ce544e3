"""Weeks of a simulated year over the real channels: days pass, and every fen is where it should be."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fenqi.interfaces.commands.demo_year.desk import ADMIN, AGENT, FINANCE
from fenqi.interfaces.commands.demo_year.figures import figures_of
from fenqi.interfaces.commands.demo_year.moments import Calendar, Town
from fenqi.interfaces.commands.demo_year.progressed import NOTHING, Lived
from fenqi.interfaces.commands.demo_year.receiver import receiving
from fenqi.interfaces.commands.demo_year.year import Simulation, year_until
from fenqi.records.models import ChannelBill, EntryWindow, PaymentAttempt, PlanMigration
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.create import create_staff
from town import Town as Sandbox

pytestmark = pytest.mark.django_db(transaction=True)

CUSTOMERS, DAYS, SEED = 6, 24, 560


@pytest.fixture
def calendar(town: Sandbox, settings: Any) -> Iterator[Calendar]:
    settings.FENQI_SANDBOX_URL = town.url
    calendar = Calendar(Town(town.url))
    yield calendar
    calendar.give_back()


def after_the_close() -> datetime:
    """The present, unless it is shortly after midnight, when the last day has begun and nobody has closed it."""
    now = datetime.now(UTC)
    return (
        now if clock.business_date(now - timedelta(hours=1)) == clock.business_date(now) else now - timedelta(hours=1)
    )


@pytest.mark.timeout(400)
@pytest.mark.requirement("R136", "R142")
def test_weeks_end_with_books_that_hold_and_channels_that_agree(town: Sandbox, calendar: Calendar) -> None:
    now = after_the_close()
    for name, role in ((AGENT, "agent"), (FINANCE, "finance"), (ADMIN, "admin")):
        create_staff(username=name, password="a-long-sample-word", role=role, actor="system", now=now)
    year = year_until(now, days=DAYS, customers=CUSTOMERS, seed=SEED)
    lived: list[Lived] = []
    with receiving(calendar):
        told = Simulation(year, town=Town(town.url), calendar=calendar, until=now).live(
            begin=NOTHING, note=lived.append
        )
    figures = figures_of(year, told)
    assert lived[-1] == Lived(DAYS, calendar.now)
    assert [one.days for one in lived] == sorted(one.days for one in lived)
    assert not list(check_books())
    assert figures["not_reconciled"] == 0
    assert figures["jobs_given_up"] == {}
    assert figures["closings"] == {"mall_page": 1, "message_link": 1}
    assert figures["days_closed"] == {"finished": DAYS}
    assert figures["reminders"]["told"]
    assert figures["moved_plans"]["confirmed"]
    for closing in EntryWindow.objects.all():
        assert closing.approved_by not in {"", closing.proposed_by}
        assert closing.ends_at < now
    assert figures["attempts"].get("succeeded", 0) >= CUSTOMERS // 2
    with across_customers():
        days = set(ChannelBill.objects.values_list("channel", "bill_date"))
        assert len(days) >= 3 * (DAYS - 1)  # every channel's bill of every day but today's
        assert PlanMigration.objects.get().state == "confirmed"
        assert not PaymentAttempt.objects.filter(created_at__gt=now).exists()
