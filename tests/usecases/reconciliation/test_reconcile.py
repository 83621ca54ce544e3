"""A day's bill against our books: each way in which they can differ ends in books that come to zero, once."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from another_rail import AnotherRail, open_rail
from bill_sources import CHANNEL, WrittenBills, bill_line, open_bills
from fenqi.channels.bills import BillNotReady, BillRefused
from fenqi.channels.interface import ChannelReply
from fenqi.domain.ledger import clearing
from fenqi.domain.money import Money
from fenqi.domain.payments import AttemptState, Outcome, Step
from fenqi.domain.reconciliation import Repair, RepairNotFitting
from fenqi.records.identifiers import HOUSE_ID, house_of
from fenqi.records.models import (
    AuditRecord,
    BillLine,
    ChannelBill,
    ChannelNotification,
    JournalEntry,
    JournalLine,
    PaymentAttempt,
    ReconciliationFinding,
)
from fenqi.records.scope import across_customers
from fenqi.usecases.reconciliation.bills import AnotherBillTaken
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.reconciliation.clearing import clearing_day, days_overdue, suspense_of
from fenqi.usecases.reconciliation.findings import ExplanationMissing, findings_of, repair
from fenqi.usecases.reconciliation.nightly import days_due, reconcile_due
from fenqi.usecases.reconciliation.run import Reconciled, reconcile
from fenqi.usecases.repayment.settle import settle_attempt
from malls import Bought, bought, noon

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 2, 1)
PAID_AT = noon(DAY)
MORNING = noon("2026-02-02")


@pytest.fixture(autouse=True)
def _rail(monkeypatch: pytest.MonkeyPatch) -> None:
    open_rail(AnotherRail(CHANNEL), monkeypatch)


@pytest.fixture
def bills(monkeypatch: pytest.MonkeyPatch) -> WrittenBills:
    return open_bills(monkeypatch)


class Paying:
    """One attempt at a repayment of 100.00, of a customer of its own."""

    def __init__(self, at: datetime = PAID_AT, plan: Bought | None = None, key: str = "k1") -> None:
        self.plan = plan or bought()
        self.attempt_id = self.plan.start(1, now=at, key=key).attempt_id
        self.customer_id = self.plan.customer_id
        self.at = at

    @property
    def row(self) -> PaymentAttempt:
        return PaymentAttempt.objects.get(customer_id=self.customer_id, id=self.attempt_id)

    @property
    def number(self) -> str:
        return self.row.out_trade_no

    def settle(self, told: Outcome | Step, *, paid_at: datetime | None = None) -> "Paying":
        reply: ChannelReply | Step
        if isinstance(told, Step):
            reply = told
        else:
            amount = Money(10_000, "CNY")
            reply = ChannelReply(outcome=told, out_trade_no=self.number, amount=amount, paid_at=paid_at or self.at)
        settle_attempt(self.customer_id, self.attempt_id, reply, actor="test", now=self.at)
        return self

    def line(self, amount: int = 10_000, **more: Any) -> dict[str, Any]:
        return bill_line(self.number, amount, **{"at": self.at, **more})


def paid(at: datetime = PAID_AT) -> Paying:
    return Paying(at).settle(Outcome.SUCCEEDED)


def run(day: date = DAY, *, now: datetime = MORNING) -> Reconciled:
    return reconcile(CHANNEL, day, now=now)


def on_clearing(day: date = DAY) -> int:
    with across_customers():
        entries = JournalEntry.objects.filter(effective_on=day).values_list("id", flat=True)
        lines = JournalLine.objects.filter(account=clearing(CHANNEL), entry_id__in=list(entries))
        return sum(line.debit_minor - line.credit_minor for line in lines)


def house_books() -> Counter[str]:
    sums: Counter[str] = Counter()
    for line in JournalLine.objects.filter(customer_id=house_of(CHANNEL)):
        sums[line.account] += line.debit_minor - line.credit_minor
    return sums


def causes(state: str = "open") -> list[str]:
    with across_customers():
        found = ReconciliationFinding.objects.filter(state=state)
        return sorted(found.values_list("cause", flat=True))


TABLES = ("channel_bill", "bill_line", "reconciliation_finding", "journal_entry", "journal_line", "payment_attempt")


def everything() -> list[list[tuple[Any, ...]]]:
    """Every row that a run may touch."""
    rows = []
    with across_customers(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1")
            rows.append(cursor.fetchall())
    return rows


def test_a_day_that_agrees_is_settled_into_the_bank(bills: WrittenBills) -> None:
    payings = [paid() for _ in range(3)]
    bills.days[DAY] = [paying.line(fee_minor=60) for paying in payings]
    bills.days[DAY].append(bill_line("", 500, kind="fee", channel_no="F1"))
    ran = run()
    assert (ran.lines, ran.counts["matched"], ran.open_findings) == (4, 4, 0)
    assert house_books() == {"bank.settlement": 29_320, "expense.channel_fee": 680, "clearing.alipay": -30_000}
    assert on_clearing() == 0
    assert list(check_books()) == []
    with across_customers():
        assert set(BillLine.objects.values_list("customer_id", "verdict")) == {
            *((paying.customer_id, "matched") for paying in payings),
            (house_of(CHANNEL), "matched"),
        }
    shown = clearing_day(CHANNEL, DAY)
    assert (shown.booked_in_minor, shown.billed_in_minor, shown.settled_minor, shown.left_minor) == (
        30_000,
        30_000,
        29_320,
        0,
    )


def test_the_same_bill_again_changes_no_row(bills: WrittenBills) -> None:
    first, second, silent = paid(), paid(), Paying()
    bills.days[DAY] = [first.line(), bill_line("NOBODYS1", 700), first.line(), Paying().line()]
    run()
    before = everything()
    again = run(now=MORNING + timedelta(hours=1))
    assert everything() == before
    assert not again.is_new
    assert second.row.state == "succeeded"
    assert silent.row.state == "closed"


def test_a_run_that_is_killed_anywhere_ends_as_one_that_was_not(
    bills: WrittenBills, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked, unknown = paid(), Paying()
    bills.days[DAY] = [booked.line(9_000), unknown.line(), bill_line("NOBODYS1", 700)]
    module = "fenqi.usecases.reconciliation"
    for step in ("bills._store_findings", "run.settle_proven", "run.close_unbilled", "settlement._settle_day"):
        with monkeypatch.context() as patched:

            def killed(*_: Any, **__: Any) -> None:
                raise KeyboardInterrupt

            patched.setattr(f"{module}.{step}", killed)
            with pytest.raises(KeyboardInterrupt):
                run()
    run()
    assert on_clearing() == 0
    assert unknown.row.state == "succeeded"
    assert causes() == ["nobodys", "other_amount_booked"]
    assert house_books()["suspense"] == -(700 - 1_000)
    assert JournalEntry.objects.filter(customer_id=house_of(CHANNEL), code="channel_settlement").count() == 1


@pytest.mark.requirement("R137")
@pytest.mark.parametrize("before", [Outcome.UNKNOWN, Outcome.FAILED, Outcome.CLOSED, Step.SENT])
def test_what_the_bill_proves_is_booked_on_the_day_it_was_paid(bills: WrittenBills, before: Outcome | Step) -> None:
    paying = Paying().settle(before)
    bills.days[DAY] = [paying.line()]
    ran = run()
    assert (paying.row.state, paying.row.paid_at) == ("succeeded", PAID_AT)
    assert paying.plan.state().rows[0].paid.total == 10_000
    assert (ran.settled, ran.open_findings, ran.counts["state_differs"]) == (1, 0, 1)
    assert (on_clearing(), house_books()["suspense"]) == (0, 0)
    assert causes("repaired") in (["outcome_unknown"], ["closed_here"])
    (evidence,) = ChannelNotification.objects.filter(customer_id=paying.customer_id)
    assert evidence.notify_id == "bill:2026-02-01:payment:1"
    assert list(check_books()) == []


def test_a_second_success_that_only_the_bill_knew_is_owed_back(bills: WrittenBills) -> None:
    plan = bought()
    lost = Paying(plan=plan, key="lost").settle(Outcome.FAILED)
    bills.days[DAY] = [lost.line(), Paying(plan=plan, key="again").settle(Outcome.SUCCEEDED).line()]
    run()
    lines = JournalLine.objects.filter(customer_id=plan.customer_id, account="payable.refund")
    assert sum(line.credit_minor for line in lines) == 10_000
    assert on_clearing() == 0


@pytest.mark.requirement("R137")
@pytest.mark.parametrize("before", [Outcome.UNKNOWN, Step.SENT])
def test_what_the_bill_does_not_have_was_not_paid(bills: WrittenBills, before: Outcome | Step) -> None:
    paying = Paying().settle(before)
    bills.days[DAY] = [paid().line()]
    ran = run()
    assert paying.row.state == "closed"
    assert ran.closed == 1


def test_around_midnight_two_bills_decide(bills: WrittenBills) -> None:
    midnight = noon(DAY) + timedelta(hours=12)
    paying = Paying(midnight - timedelta(minutes=5)).settle(Outcome.UNKNOWN)
    PaymentAttempt.objects.filter(customer_id=paying.customer_id).update(expires_at=midnight + timedelta(minutes=5))
    bills.days[DAY] = []
    bills.days[DAY + timedelta(days=1)] = []
    run()
    assert paying.row.state == "unknown"
    run(DAY + timedelta(days=1), now=noon("2026-02-03"))
    assert paying.row.state == "closed"


def test_money_that_is_nobodys_stands_on_suspense_until_it_is_explained(bills: WrittenBills) -> None:
    bills.days[DAY] = [bill_line("NOBODYS1", 700, at=PAID_AT)]
    assert run().open_findings == 1
    (finding,) = findings_of(CHANNEL, DAY)
    assert (finding.kind, finding.cause, finding.standing_minor) == ("missing_here", "nobodys", 700)
    assert finding.repairs == (Repair.SENT_BACK, Repair.CHANNEL_CHARGE)
    assert (on_clearing(), suspense_of(CHANNEL)) == (0, 700)

    def explain(chosen: Repair, note: str) -> None:
        repair(finding.owner_id, finding.id, chosen, note=note, actor="staff:x", now=MORNING)

    with pytest.raises(ExplanationMissing):
        explain(Repair.SENT_BACK, " ")
    with pytest.raises(RepairNotFitting):
        explain(Repair.RECEIVED_AT_BANK, "it came to the bank")
    explain(Repair.SENT_BACK, "returned to the payer by bank transfer 0042")
    assert (on_clearing(), suspense_of(CHANNEL)) == (0, 0)
    assert house_books()["bank.settlement"] == 0
    (act,) = AuditRecord.objects.filter(customer_id=HOUSE_ID, subject=f"finding:{finding.id}")
    assert act.details["repair"] == "sent_back"
    with pytest.raises(RepairNotFitting):
        explain(Repair.SENT_BACK, "a second time")
    before = everything()
    run(now=MORNING + timedelta(hours=1))
    assert everything() == before
    assert list(check_books()) == []


@pytest.mark.parametrize(
    ("lines", "cause", "standing"),
    [
        (lambda ours: [ours.line(9_000)], "other_amount_booked", -1_000),
        (lambda ours: [ours.line(), ours.line()], "line_twice", 10_000),
        (lambda ours: [ours.line(state="failed")], "not_paid_there", -10_000),
        (lambda _: [bill_line("NOBODYS1", 5)], "nobodys not_in_bill", -9_995),
        (lambda ours: [ours.line(), bill_line("NOBODYS1", 300, kind="refund")], "nobodys", -300),
    ],
)
def test_a_difference_stands_on_suspense(bills: WrittenBills, lines: Any, cause: str, standing: int) -> None:
    bills.days[DAY] = lines(paid())
    run()
    assert causes() == cause.split()
    assert (on_clearing(), suspense_of(CHANNEL)) == (0, standing)
    assert list(check_books()) == []


def test_another_sum_than_asked_for_is_not_booked(bills: WrittenBills) -> None:
    paying = Paying()
    bills.days[DAY] = [paying.line(9_000)]
    run()
    assert causes() == ["other_amount_asked"]
    assert (paying.row.state, suspense_of(CHANNEL), on_clearing()) == ("submitted", 9_000, 0)


def test_what_crossed_midnight_closes_with_the_second_bill(bills: WrittenBills) -> None:
    paying = paid()
    next_day = DAY + timedelta(days=1)
    bills.days = {DAY: [paid().line()], next_day: [paying.line(at=noon(next_day))]}
    run()
    assert causes() == ["not_in_bill"]
    run(next_day, now=noon("2026-02-03"))
    assert causes() == []
    assert causes("explained") == ["booked_another_day", "not_in_bill"]
    assert (on_clearing(), on_clearing(next_day), suspense_of(CHANNEL)) == (0, 0, 0)


def test_what_was_booked_after_the_bill_is_seen_by_the_next_run(bills: WrittenBills) -> None:
    late = Paying()
    bills.days[DAY] = [paid().line()]
    run()
    assert late.row.state == "closed"
    settle_attempt(
        late.customer_id,
        late.attempt_id,
        ChannelReply(outcome=Outcome.SUCCEEDED, out_trade_no=late.number, amount=Money(10_000, "CNY"), paid_at=PAID_AT),
        actor="test",
        now=MORNING + timedelta(hours=1),
    )
    assert list(check_books()) == []
    assert on_clearing() == 10_000
    assert DAY in days_due(CHANNEL, now=noon("2026-02-04"))
    run(now=MORNING + timedelta(hours=2))
    assert (on_clearing(), causes()) == (0, ["not_in_bill"])
    assert list(check_books()) == []


def test_a_bill_that_cannot_be_used_leaves_nothing(bills: WrittenBills) -> None:
    paying = paid()
    with pytest.raises(BillNotReady):
        run()
    with pytest.raises(BillNotReady):
        run(now=PAID_AT)
    bills.days[DAY] = []
    with pytest.raises(BillRefused, match="empty"):
        run()
    bills.days[DAY] = [paying.line()]
    bills.refuses = BillRefused(channel=CHANNEL, day=DAY, problem="it is torn", problem_zh="文件不完整")
    with pytest.raises(BillRefused, match="torn"):
        run()
    assert (ChannelBill.objects.count(), house_books()) == (0, Counter())
    with across_customers():
        assert BillLine.objects.count() == 0


def test_a_day_whose_bill_did_not_come_is_told_and_holds_up_no_other(bills: WrittenBills) -> None:
    first, second = paid(), paid(noon(DAY + timedelta(days=1)))
    assert days_overdue(CHANNEL, now=datetime(2026, 2, 2, 2, 0, tzinfo=UTC)) == []  # 10:00 at the mall
    assert days_overdue(CHANNEL, now=MORNING) == [DAY]
    bills.days = {DAY: [], DAY + timedelta(days=1): [second.line()]}  # empty, though something was booked: refused
    with pytest.raises(BillRefused, match="empty"):
        reconcile_due(CHANNEL, now=noon("2026-02-03"))
    assert days_overdue(CHANNEL, now=noon("2026-02-03")) == [DAY]
    assert on_clearing(DAY + timedelta(days=1)) == 0
    bills.days[DAY] = [first.line()]
    reconcile_due(CHANNEL, now=noon("2026-02-03"))
    assert days_overdue(CHANNEL, now=noon("2026-02-03")) == []


def test_another_file_for_the_day_is_refused(bills: WrittenBills, tmp_path: Any) -> None:
    bills.days[DAY] = [paid().line()]
    file, other = tmp_path / "bill.csv", tmp_path / "other.csv"
    file.write_text("one")
    other.write_text("two")
    reconcile(CHANNEL, DAY, file=file, now=MORNING)
    before = everything()
    reconcile(CHANNEL, DAY, file=file, now=MORNING)
    assert everything() == before
    with pytest.raises(AnotherBillTaken):
        reconcile(CHANNEL, DAY, file=other, now=MORNING)


def test_a_day_without_lines_is_taken_as_such(bills: WrittenBills) -> None:
    bills.days[DAY] = []
    ran = run()
    assert (ran.lines, ran.is_new) == (0, True)
    assert (house_books(), run().is_new) == (Counter(), False)


def test_every_morning_takes_what_is_due(bills: WrittenBills) -> None:
    first, second = paid(), paid(noon("2026-02-02"))
    bills.days = {DAY: [first.line()], date(2026, 2, 3): []}
    with pytest.raises(BillNotReady):
        reconcile_due(CHANNEL, now=noon("2026-02-04"))
    taken = set(ChannelBill.objects.values_list("bill_date", flat=True))
    assert taken == {DAY, date(2026, 2, 3)}
    bills.days[date(2026, 2, 2)] = [second.line()]
    assert [ran.day for ran in reconcile_due(CHANNEL, now=noon("2026-02-04"))] == [date(2026, 2, 2), date(2026, 2, 3)]
    assert PaymentAttempt.objects.get(customer_id=second.customer_id).state == AttemptState.SUCCEEDED


def laws_broken() -> set[str]:
    return {finding.law for finding in check_books()}


def test_a_finding_that_is_closed_without_an_explanation_is_noticed(bills: WrittenBills) -> None:
    bills.days[DAY] = [bill_line("NOBODYS1", 700)]
    run()
    assert laws_broken() == set()
    with across_customers():
        ReconciliationFinding.objects.update(state="explained")
    assert laws_broken() == {"suspense_is_open_findings"}


def test_what_is_booked_while_a_bill_is_reconciled_belongs_to_its_cut_off(bills: WrittenBills) -> None:
    paying = Paying(PAID_AT)
    bills.days[DAY] = [paying.line()]
    paying.at = MORNING + timedelta(seconds=1)
    paying.settle(Outcome.SUCCEEDED, paid_at=PAID_AT)
    run(now=MORNING)
    assert on_clearing() == 0
    assert laws_broken() == set()
    assert not run(now=MORNING + timedelta(hours=1)).is_new


def test_a_reconciled_day_that_is_off_zero_is_noticed(bills: WrittenBills) -> None:
    bills.days[DAY] = [bill_line("", 100, kind="fee", channel_no="F1")]
    run()
    paid()
    assert laws_broken() == {"reconciled_days_are_zero"}
