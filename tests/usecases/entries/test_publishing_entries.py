"""Versions of entries: the newest rules, a move leads on, and what makes no sense is refused."""

from dataclasses import replace
from datetime import date, time

import pytest
from django.db import IntegrityError, connection, transaction

from closings import closed
from fenqi.domain.entries import Entry, EntryState, Group, Reason
from fenqi.domain.errors import InvalidInput
from fenqi.records.models import RepaymentEntry
from fenqi.usecases.entries.catalog import ruling_entries
from fenqi.usecases.entries.errors import SuccessorNotOpen
from fenqi.usecases.entries.publish import publish_entry
from fenqi.usecases.entries.routing import route
from fenqi.usecases.staff.permissions import NotPermitted
from malls import Bought, bought, noon
from staff_members import agent, finance

NOW = noon("2026-01-20")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(db: None) -> Bought:
    return bought()


def entry(code: str) -> Entry:
    return next(one for one in ruling_entries(NOW) if one.code == code)


@pytest.mark.requirement("R144")
def test_an_entry_that_moved_leads_to_its_successor(plan: Bought) -> None:
    moved = replace(entry("mall_page"), moved_at=NOW, successor="message_link")
    assert publish_entry(finance("f"), moved, now=NOW) == 2
    found = route(plan.customer_id, plan.plan_id, now=NOW)
    way = found.way("mall_page")
    assert way is not None
    assert (way.state, way.reason, way.instead) == (EntryState.MOVED, Reason.MOVED, "message_link")
    assert found.best.code == "message_link"
    assert RepaymentEntry.objects.filter(code="mall_page").count() == 2


@pytest.mark.requirement("R145")
def test_an_entry_may_be_for_a_group_and_for_hours(plan: Bought) -> None:
    narrow = replace(
        entry("message_link"), group=Group(languages=frozenset({"en"})), opens_at=time(9), closes_at=time(9)
    )
    publish_entry(finance("f"), narrow, now=NOW)
    assert route(plan.customer_id, plan.plan_id, now=NOW).way("message_link") is None


def test_an_entry_does_not_move_to_where_nobody_can_go(plan: Bought) -> None:
    closed(NOW, hours=5, entry="message_link", successor="agent")
    moved = replace(entry("mall_page"), moved_at=NOW, successor="message_link")
    with pytest.raises(SuccessorNotOpen):
        publish_entry(finance("f"), moved, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"name_en": " "},
        {"code": "x" * 41},
        {"opens_at": time(9)},
        {"opens_on": date(2026, 2, 2), "closes_on": date(2026, 2, 1)},
        {"moved_at": NOW, "successor": "nowhere"},
        {"moved_at": NOW, "successor": "mall_page"},
    ],
    ids=str,
)
def test_a_version_that_makes_no_sense_is_refused(db: None, change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        publish_entry(finance("f"), replace(entry("mall_page"), **change), now=NOW)  # type: ignore[arg-type]
    with pytest.raises(NotPermitted):
        publish_entry(agent(), entry("mall_page"), now=NOW)


def test_the_database_keeps_every_version_as_it_was(db: None) -> None:
    for statement in ("UPDATE repayment_entry SET position = 1", "DELETE FROM repayment_entry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
