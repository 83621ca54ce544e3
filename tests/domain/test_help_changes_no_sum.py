"""Whatever happened before: extension and new schedule change no total, a waiver never goes below what was paid."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.hardship import extension
from fenqi.domain.hardship.policy import HardshipPolicy
from fenqi.domain.plans import Component, Event, EventKind, Terms, preview, replay
from fenqi.domain.plans.late_fees import last_free_on
from plan_strategies import events as histories
from plan_strategies import terms

POLICY = HardshipPolicy(extension_fee_minor=700)


@given(st.data())
def test_an_extension_costs_its_fee_and_nothing_else(data: st.DataObject) -> None:
    plan: Terms = data.draw(terms())
    events = data.draw(histories())
    state = replay(plan, events)
    row = min((row for row in state.rows if row.outstanding.total), key=lambda row: (row.due_on, row.n), default=None)
    today = state.on
    if row is None or row.is_down_payment or state.days_past_due:
        return
    facts = extension.Facts(
        today=today,
        row=row,
        free_until=last_free_on(plan, row),
        earlier=(),
        is_charged_off=False,
        is_returning=False,
        has_open_attempt=False,
        waits_for_consent=False,
    )
    try:
        quoted = extension.quote(POLICY, plan, events, facts, days=5, ids=("x1", "x2"))
    except extension.ExtensionOfAddedRow:
        assert row.n > plan.installments
        return
    before, after = quoted.before, quoted.after
    assert after.totals.due.total - before.totals.due.total in (0, POLICY.extension_fee_minor)
    assert after.totals.outstanding.principal == before.totals.outstanding.principal
    assert after.totals.paid.total >= before.totals.paid.total
    moved = {row.n: row.due_on for row in before.rows}
    assert {r.n: r.due_on for r in after.rows}[row.n] == moved[row.n] + timedelta(days=5)


@given(st.data())
def test_a_new_schedule_changes_no_total(data: st.DataObject) -> None:
    plan: Terms = data.draw(terms())
    events = data.draw(histories())
    on = replay(plan, events).on
    anew = Event(
        id="anew",
        on=on,
        kind=EventKind.RESCHEDULE,
        installments=data.draw(st.integers(1, 36)),
        first_due_on=on + timedelta(days=data.draw(st.integers(1, 45))),
    )
    before, after = preview(plan, events, anew)
    assert after.totals.outstanding == before.totals.outstanding
    assert after.totals.paid == before.totals.paid
    assert after.balance == before.balance


@given(st.data())
def test_a_waiver_never_goes_below_what_was_paid(data: st.DataObject) -> None:
    plan: Terms = data.draw(terms())
    events = data.draw(histories())
    on = replay(plan, events).on
    component = data.draw(st.sampled_from(Component))
    amount = data.draw(st.integers(1, 10**7))
    waived = Event(id="waived", on=on, kind=EventKind.WAIVER, component=component, amount=amount)
    before, after = preview(plan, events, waived)
    open_before = getattr(before.totals.outstanding, component.value)
    assert after.totals.paid == before.totals.paid
    assert before.totals.outstanding.total - after.totals.outstanding.total == min(amount, open_before)
    assert all(part >= 0 for row in after.rows for part in row.outstanding)
