"""Calls about money due keep hours and caps over all channels; what the customer starts is always kept."""

from datetime import datetime, timedelta

import pytest

from fenqi.domain.hardship.contact_rules import Hindrance, hindrance, next_allowed, rules_of
from fenqi.domain.hardship.policy import HardshipPolicy
from fenqi.records.models import AuditRecord
from fenqi.usecases.hardship.contacts import (
    How,
    Outcome,
    Said,
    contact_standing,
    contacts_of,
    log_contact,
    note_message,
)
from fenqi.usecases.hardship.errors import ContactNotAllowed
from malls import SHANGHAI, Bought, bought
from staff_members import agent

RULES = rules_of(HardshipPolicy())


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("when", "earlier", "why"),
    [
        (at(10, 7, 59), [], Hindrance.QUIET_HOURS),
        (at(10, 8), [], None),
        (at(10, 20, 59), [], None),
        (at(10, 21), [], Hindrance.QUIET_HOURS),
        (at(10, 12), [at(10, 9)], Hindrance.DAY_CAP),
        (at(10), [at(9), at(7), at(4)], Hindrance.WEEK_CAP),
        (at(11), [at(9), at(7), at(4)], None),
    ],
)
def test_hours_a_day_and_a_week(when: datetime, earlier: list[datetime], why: Hindrance | None) -> None:
    assert hindrance(RULES, when, earlier) is why


@pytest.mark.parametrize(
    ("when", "earlier", "first"),
    [
        (at(10, 22), [], at(11, 8)),
        (at(10, 6), [], at(10, 8)),
        (at(10), [at(10, 9)], at(11, 8)),
        (at(10), [at(9), at(7), at(4)], at(11, 8)),
        (at(10, 15), [], at(10, 15)),
    ],
)
def test_the_next_allowed_instant(when: datetime, earlier: list[datetime], first: datetime) -> None:
    assert next_allowed(RULES, when, earlier) == first


def called(plan: Bought, when: datetime, *, how: How = How.CALL, key: str = "") -> None:
    said = Said(how=how, outcome=Outcome.REACHED, note="will pay")
    log_contact(agent(), plan.customer_id, plan.plan_id, said, request_key=key or when.isoformat(), now=when)


@pytest.mark.django_db
def test_the_second_call_of_a_day_is_refused_and_that_is_kept() -> None:
    plan = bought()
    called(plan, at(10))
    with pytest.raises(ContactNotAllowed) as refused:
        called(plan, at(10, 15))
    assert refused.value.details["next"] == "2026-03-11 08:00"
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, action="debt_contact_refused").count() == 1
    called(plan, at(10, 16), how=How.CALLED_US)
    assert [contact.how for contact in contacts_of(plan.customer_id, plan.plan_id)] == [How.CALLED_US, How.CALL]


@pytest.mark.django_db
def test_a_message_counts_too_and_is_counted_once() -> None:
    plan = bought()
    for _ in range(2):
        note_message(plan.customer_id, plan.plan_id, key="reminder:1", now=at(10))
    standing = contact_standing(plan.customer_id, plan.plan_id, at=at(10) + timedelta(hours=1))
    assert (standing.today, standing.hindered) == (1, Hindrance.DAY_CAP)


@pytest.mark.django_db
def test_the_same_call_sent_twice_is_one() -> None:
    plan = bought()
    for _ in range(2):
        called(plan, at(10), key="same")
    assert len(contacts_of(plan.customer_id, plan.plan_id)) == 1
