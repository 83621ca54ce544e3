"""Versions of entries: the newest rules, a move leads on, and what makes no sense is refused."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from closings import APPROVER, PLANNER, closed
from fenqi.domain.entries import Entry, EntryKind, EntryState, Group, Reason
from fenqi.domain.errors import InvalidInput
from fenqi.records.models import Customer, Notice, OutboxMessage, Plan, RepaymentEntry
from fenqi.records.scope import across_customers
from fenqi.usecases import audit, clock
from fenqi.usecases.entries.announce_leaving import tell_of_leaving, tell_of_staying
from fenqi.usecases.entries.catalog import ruling_entries
from fenqi.usecases.entries.errors import (
    EntryChanged,
    LastWayClosed,
    ProposalDecided,
    SamePerson,
    SuccessorNotOpen,
)
from fenqi.usecases.entries.planned import change_when_left, planned_changes
from fenqi.usecases.entries.proposals import waiting_proposals
from fenqi.usecases.entries.publish import approve_entry, preview_entry, propose_entry, turn_down_entry
from fenqi.usecases.entries.routing import route
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.staff.permissions import NotPermitted
from malls import Bought, a_customer, bought, noon
from published_entries import published
from staff_members import agent
from town import Town

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
    assert published(moved, now=NOW) == 2
    found = route(plan.customer_id, plan.plan_id, now=NOW)
    way = found.way("mall_page")
    assert way is not None
    assert (way.state, way.reason, way.instead) == (EntryState.MOVED, Reason.MOVED, "message_link")
    assert found.best.code == "message_link"
    assert RepaymentEntry.objects.filter(code="mall_page").count() == 2


@pytest.mark.requirement("R144", "R182")
def test_a_version_rules_once_a_second_person_approved_it(plan: Bought) -> None:
    proposal = propose_entry(PLANNER, replace(entry("mall_page"), name_en="Bills"), after=1, now=NOW)
    assert [one.proposal_id for one in waiting_proposals(now=NOW)] == [proposal]
    with pytest.raises(SamePerson):
        approve_entry(PLANNER, proposal, now=NOW)
    with pytest.raises(NotPermitted):
        approve_entry(agent(), proposal, now=NOW)
    assert entry("mall_page").name_en != "Bills"
    assert approve_entry(APPROVER, proposal, now=NOW) == 2
    assert entry("mall_page").name_en == "Bills"
    for decide in (approve_entry, turn_down_entry):
        with pytest.raises(ProposalDecided):
            decide(APPROVER, proposal, now=NOW)
    acts, _ = audit.list_acts(limit=5)
    assert [(act.action, act.details["version"]) for act in acts[:1]] == [("entry_published", 2)]
    assert [act.subject for act in acts] == ["entry:mall_page"] * 2


@pytest.mark.requirement("R079")
def test_the_check_finds_a_version_that_two_people_did_not_publish() -> None:
    published(replace(entry("mall_page"), name_en="Bills"), now=NOW)
    assert list(check_books()) == []
    with across_customers(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_record SET actor = '{APPROVER.actor}' WHERE action = 'entry_proposed'")
    assert [finding.law for finding in check_books()] == ["entries_were_published_by_two"]


def test_what_was_written_from_an_older_version_is_not_published(plan: Bought) -> None:
    first = propose_entry(PLANNER, replace(entry("mall_page"), name_en="One"), after=1, now=NOW)
    second = propose_entry(PLANNER, replace(entry("mall_page"), name_en="Two"), after=1, now=NOW)
    approve_entry(APPROVER, first, now=NOW)
    with pytest.raises(EntryChanged):
        approve_entry(APPROVER, second, now=NOW)
    turn_down_entry(PLANNER, second, reason="late", now=NOW)
    assert waiting_proposals(now=NOW) == ()
    with pytest.raises(InvalidInput):
        propose_entry(PLANNER, entry("mall_page"), after=0, now=NOW)


@pytest.mark.requirement("R145")
def test_the_preview_counts_whom_a_version_serves_and_whom_no_more(plan: Bought) -> None:
    bought()
    ref = Customer.objects.get(id=plan.customer_id).ref
    listed = replace(entry("mall_page"), group=Group(customers=frozenset({ref})))
    served = preview_entry(PLANNER, listed, after=1, now=NOW)
    assert (served.customers, served.plans, served.gained, served.lost) == (1, 1, 0, 1)
    app = Entry(code="new_app", kind=EntryKind.FINANCE_APP, position=5, name_zh="新", name_en="New", group=listed.group)
    fresh = preview_entry(PLANNER, replace(app, address="https://app.example/x"), after=0, now=NOW)
    assert (fresh.plans, fresh.gained, fresh.lost, fresh.shut_out) == (1, 1, 0, 0)


@pytest.mark.requirement("R149")
def test_no_version_takes_the_last_way_away(plan: Bought) -> None:
    nobody = Group(customers=frozenset({"nobody"}))
    for code in [one.code for one in ruling_entries(NOW)][:-1]:
        published(replace(entry(code), address="", opens_at=None, closes_at=None, group=nobody), now=NOW)
    last = ruling_entries(NOW)[-1]
    bare = replace(last, address="", opens_at=None, closes_at=None)
    for change in ({"group": nobody}, {"closes_on": NOW.date()}):
        with pytest.raises(LastWayClosed):
            propose_entry(PLANNER, replace(bare, **change), after=1, now=NOW)


@pytest.mark.requirement("R143", "R182")
def test_who_is_touched_reads_beforehand_what_changes_and_what_works_then(plan: Bought) -> None:
    plans = [plan.plan_id]
    closed(NOW + timedelta(days=8), now=NOW)
    assert planned_changes(plan.customer_id, plans, now=NOW) == ()
    begins = NOW + timedelta(days=2)
    closed(begins, now=NOW, hours=3)
    published(replace(entry("mall_page"), moved_at=begins + timedelta(days=1), successor="message_link"), now=NOW)
    told = planned_changes(plan.customer_id, plans, now=NOW)
    assert [(one.starts_at, one.until, one.notice_en, one.instead[0].code) for one in told] == [
        (begins, begins + timedelta(hours=3), "An upgrade", "message_link"),
        (begins + timedelta(days=1), None, "", "message_link"),
    ]
    during = planned_changes(plan.customer_id, plans, now=begins)
    assert [one.until for one in during] == [None]
    others = bought()
    assert planned_changes(others.customer_id, plans, now=NOW) == ()


def told_of(topic: str) -> list[tuple[UUID, dict[str, str], datetime]]:
    with across_customers():
        return list(OutboxMessage.objects.filter(topic=topic).values_list("customer_id", "body", "not_before"))


@pytest.mark.requirement("R143", "R182")
def test_who_loses_an_entry_is_told_a_week_ahead_once_and_told_if_it_stays(town: Town) -> None:
    phone = "17000001962"
    plan, other = bought("loses"), bought("loses-none")
    a_customer("loses", phone=phone)
    at = NOW + timedelta(days=20)
    group = Group(customers=frozenset({"loses"}))
    bare = replace(entry("message_link"), address="", opens_at=None, closes_at=None, group=group)
    leaves = replace(bare, moved_at=at, successor="mall_page")
    published(leaves, now=NOW)
    published(replace(leaves, name_en="The link"), after=2, now=NOW)
    queued = told_of("entry_leaving")
    assert [(one, body["version"], when) for one, body, when in queued] == [
        (plan.customer_id, version, at - timedelta(days=7)) for version in ("2", "3")
    ]
    later = at - timedelta(days=7)
    assert tell_of_leaving(plan.customer_id, "message_link", version=2, now=later) is False
    for _ in range(2):
        tell_of_leaving(plan.customer_id, "message_link", version=3, now=later)
        assert tell_of_leaving(other.customer_id, "message_link", version=3, now=later) is False
    said = town.messages(phone)
    assert ["不再使用" in message["text"] for message in said] == [True]

    assert told_of("entry_staying") == []
    published(bare, after=3, now=later)
    ((customer_id, body, _when),) = told_of("entry_staying")
    assert (customer_id, body) == (plan.customer_id, {"code": "message_link", "version": "3"})
    for _ in range(2):
        tell_of_staying(plan.customer_id, "message_link", version=3, now=later)
        assert tell_of_staying(other.customer_id, "message_link", version=3, now=later) is False
    assert [text["text"].count("可以继续使用") for text in town.messages(phone)] == [1, 0]
    assert tell_of_leaving(plan.customer_id, "message_link", version=3, now=later) is False

    published(leaves, after=4, now=later)
    assert tell_of_staying(plan.customer_id, "message_link", version=3, now=later) is False
    tell_of_leaving(plan.customer_id, "message_link", version=5, now=later)
    assert ["不再使用" in text["text"] for text in town.messages(phone)] == [True, False, True]


@pytest.mark.requirement("R143")
def test_who_has_repaid_meanwhile_is_not_told_that_an_entry_ends(plan: Bought) -> None:
    last_day = NOW.date() + timedelta(days=3)
    published(replace(entry("mall_page"), closes_on=last_day), now=NOW)
    ((_, _, when),) = told_of("entry_leaving")
    assert when == NOW
    change = change_when_left(plan.customer_id, [plan.plan_id], entry("mall_page"), now=NOW)
    assert change is not None
    assert change.starts_at == datetime.combine(last_day + timedelta(days=1), time(), clock.mall_zone())
    with across_customers():
        Plan.objects.update(outstanding_minor=0, next_due_on=None)
    tell_of_leaving(plan.customer_id, "mall_page", version=2, now=NOW)
    with across_customers():
        assert not Notice.objects.exists()


@pytest.mark.requirement("R145")
def test_an_entry_may_be_for_a_group_and_for_hours(plan: Bought) -> None:
    narrow = replace(
        entry("message_link"), group=Group(languages=frozenset({"en"})), opens_at=time(9), closes_at=time(9)
    )
    published(narrow, now=NOW)
    assert route(plan.customer_id, plan.plan_id, now=NOW).way("message_link") is None


def test_an_entry_does_not_move_to_where_nobody_can_go(plan: Bought) -> None:
    closed(NOW, hours=5, entry="message_link", successor="agent")
    moved = replace(entry("mall_page"), moved_at=NOW, successor="message_link")
    with pytest.raises(SuccessorNotOpen):
        propose_entry(PLANNER, moved, after=1, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        {"name_en": " "},
        {"code": "x" * 41},
        {"opens_at": time(9)},
        {"opens_on": date(2026, 2, 2), "closes_on": date(2026, 2, 1)},
        {"moved_at": NOW, "successor": "nowhere"},
        {"moved_at": NOW, "successor": "mall_page"},
        {"address": "https://elsewhere.example"},
        {"kind": EntryKind.AGENT},
        {"howto_en": ""},
        {"name_zh": "商城\u202e页面"},
        {"position": 1_000},
        {"group": Group(share_from=60, share_to=40)},
        {"code": "Mall Page"},
    ],
    ids=str,
)
def test_a_version_that_makes_no_sense_is_refused(db: None, change: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        propose_entry(PLANNER, replace(entry("mall_page"), **change), after=1, now=NOW)  # type: ignore[arg-type]
    assert waiting_proposals(now=NOW) == ()


def test_the_database_keeps_every_version_as_it_was(db: None) -> None:
    for statement in ("UPDATE repayment_entry SET position = 1", "DELETE FROM repayment_entry"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
