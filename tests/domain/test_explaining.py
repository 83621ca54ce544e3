"""Why an installment is what it is: the schedule and every event's part add up to what it shows, for any history."""

from datetime import date

import pytest
from hypothesis import given

import plan_strategies as plans
from fenqi.domain.plans import Components, Event, Terms, replay
from fenqi.domain.plans.errors import UnableToReplay, UnknownRow
from fenqi.domain.plans.explaining import explain_row
from plan_strategies import event_of, terms_of


def added(parts: list[Components]) -> Components:
    return Components(*(sum(column) for column in zip(*parts, strict=True))) if parts else Components()


@given(plans.terms(), plans.events())
def test_the_schedule_and_every_event_add_up_to_what_each_row_shows(terms: Terms, events: list[Event]) -> None:
    try:
        state = replay(terms, events)
    except UnableToReplay:
        return
    for row in state.rows:
        story = explain_row(terms, events, row.n)
        assert added([story.scheduled, *(step.due for step in story.steps)]) == row.due
        assert added([step.paid for step in story.steps]) == row.paid
        assert story.row == row


def test_what_the_schedule_worked_a_row_out_from() -> None:
    terms = terms_of(method="equal_principal", annual_rate="12")
    story = explain_row(terms, (), 3)
    assert story.basis
    assert (story.basis.balance, story.basis.financed, story.basis.year_part) == (500_000, 600_000, (1, 12))
    assert (story.basis.starts_on, story.basis.due_on) == (date(2023, 3, 1), date(2023, 4, 1))
    assert story.scheduled == Components(50_000, 5_000)
    down = explain_row(terms_of(down_payment={"percent": "25"}), (), 1)
    assert down.basis
    assert (down.basis.is_down_payment, down.basis.balance) == (True, 600_000)


def test_a_return_and_a_late_fee_are_steps_of_the_rows_they_touched() -> None:
    terms = terms_of(method="flat_fee", fee_rate="0.6")
    events = [
        event_of("repayment", "2023-02-01", amount=53_600, id="paid"),
        event_of("late_fee", "2023-03-10", amount=150, id="late", due_on="2023-03-01"),
        event_of("refund", "2023-03-20", amount=100_000, id="back"),
    ]
    assert [step.event.id for step in explain_row(terms, events, 1).steps] == ["paid"]
    second = explain_row(terms, events, 2)
    assert next((step.event.id, step.due.late_fee) for step in second.steps) == ("late", 150)
    last = explain_row(terms, events, 12)
    assert [step.event.id for step in last.steps] == ["back"]
    assert last.steps[0].paid.total > 0


def test_a_row_that_is_not_there_has_no_story() -> None:
    with pytest.raises(UnknownRow):
        explain_row(terms_of(), (), 13)
