"""Papers are held against the books: right ones, forged ones, corrected ones, and books that somebody broke."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.reserves import MoveState
from fenqi.domain.vouchers import Said, shown_code
from fenqi.records.models import IssuedPaper, JournalEntry, RefundLeg
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.partners import refunding
from fenqi.usecases.partners.providers import edit_provider
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment import resolve
from fenqi.usecases.reserves.capture import approve_capture, carry_out_capture, propose_capture
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.resolve import ask_release
from fenqi.usecases.reserves.send import send_release
from fenqi.usecases.staff.permissions import Permission
from fenqi.usecases.vouchers.account import statements
from fenqi.usecases.vouchers.papers import Checked, UnreadableSum, Verdict, check, issue, said_of
from fenqi.usecases.vouchers.queries import VoucherKind, voucher_detail, vouchers_of
from held import frozen
from lenders import PLATFORM, buy_financed, returned
from malls import Bought, Payer, bought, noon
from owed_back import legs_of, paid_twice
from returned import a_return, delivered
from sandbox_town import until
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


def repaid() -> tuple[Bought, Said, str]:
    """The first installment was received by the mall, and has its paper."""
    plan = bought()
    plan.record(10_000, on=date(2026, 2, 1), now=NOW, key="one")
    (voucher,) = vouchers_of(plan.customer_id, plan.order_id)
    said = said_of(voucher)
    return plan, said, issue(plan.customer_id, said, now=NOW)


def checked(code: str, said: Said, *, amount: str = "", on: date | None = None) -> Checked:
    sum_told = amount or f"{said.amount_minor / 100:.2f}"
    return check(code, amount=sum_told, on=on or said.on, remote_address="203.0.113.9")


@pytest.mark.requirement("R078", "R079")
def test_a_paper_that_is_right_is_confirmed_however_often_it_is_drawn() -> None:
    plan, said, code = repaid()
    for written in (code, shown_code(code), shown_code(code).lower().replace("-", " ")):
        found = checked(written, said)
        assert found.verdict is Verdict.SAYS_WHAT_THE_BOOKS_SAY
        assert found.paper == said
    assert issue(plan.customer_id, said, now=NOW) == code
    assert IssuedPaper.objects.filter(customer_id=plan.customer_id).count() == 1


@pytest.mark.requirement("R079")
def test_a_forged_sum_or_day_is_found_and_nothing_is_told() -> None:
    _plan, said, code = repaid()
    for forged in ({"amount": "1000.00"}, {"amount": "100.01"}, {"on": date(2026, 2, 2)}):
        assert checked(code, said, **forged) == Checked(verdict=Verdict.DOES_NOT_MATCH)
    assert checked("0" * 20, said) == Checked(verdict=Verdict.UNKNOWN_CODE)
    with pytest.raises(UnreadableSum):
        checked(code, said, amount="a hundred")


@pytest.mark.requirement("R079")
@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE journal_line SET debit_minor = debit_minor + 1 WHERE customer_id = %s AND debit_minor > 0",
        "UPDATE journal_entry SET effective_on = effective_on - 1 WHERE customer_id = %s AND seq = 1",
        "UPDATE issued_paper SET amount_minor = 10000, number = 'forged' WHERE customer_id = %s",
    ],
    ids=["a line", "an earlier entry", "the paper that was kept"],
)
def test_broken_books_confirm_nothing(tampering: str) -> None:
    plan, said, code = repaid()
    table = tampering.split()[1]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            cursor.execute(tampering, [plan.customer_id])
        finally:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    assert checked(code, said) == Checked(verdict=Verdict.BOOKS_BROKEN)


@pytest.mark.requirement("R079")
def test_a_statement_is_superseded_by_what_is_booked_later_for_its_days() -> None:
    plan, _said, _code = repaid()
    period = date(2026, 2, 1), date(2026, 2, 10)
    (before,) = statements(plan.customer_id, *period, now=NOW)
    code = issue(plan.customer_id, before.said, now=NOW)
    plan.record(10_000, on=date(2026, 2, 20), now=NOW, key="later day")
    assert checked(code, before.said).verdict is Verdict.SAYS_WHAT_THE_BOOKS_SAY
    plan.record(5_000, on=date(2026, 2, 5), now=NOW, key="one of its days")
    assert checked(code, before.said).verdict is Verdict.SUPERSEDED
    (after,) = statements(plan.customer_id, *period, now=NOW)
    assert (before.account.closing.owed, after.account.closing.owed) == (110_000, 105_000)
    assert checked(issue(plan.customer_id, after.said, now=NOW), after.said).verdict is Verdict.SAYS_WHAT_THE_BOOKS_SAY


@pytest.mark.requirement("R076")
def test_a_statement_ends_with_what_the_plans_say() -> None:
    plan, _said, _code = repaid()
    (all_of_it,) = statements(plan.customer_id, date(2026, 1, 1), date(2026, 3, 1), now=NOW)
    (one_plan,) = statements(plan.customer_id, date(2026, 1, 1), date(2026, 3, 1), plan_id=plan.plan_id, now=NOW)
    assert all_of_it.account.opening.owed == 0
    assert all_of_it.account.closing.owed == one_plan.account.closing.owed == plan.state().totals.outstanding.total
    assert [one.code for one, _ in all_of_it.account.movements] == ["opened", "repayment"]


def voucher_of_a_refund(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    now = clock.now()
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.SUCCEEDED
    return plan.customer_id, VoucherKind.REFUND, leg.id


def voucher_of_a_payment(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    plan, now = bought(), clock.now()
    started = plan.start(1, now=now)
    Payer(started.redirect_url).press("confirm")
    resolve.ask_channel(plan.customer_id, started.attempt_id, now=now)
    return plan.customer_id, VoucherKind.PAYMENT, started.attempt_id


def voucher_of_a_hold(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    secured = frozen(town, now=clock.now())
    return secured.customer_id, VoucherKind.RESERVE_HOLD, secured.hold_id


def voucher_of_a_release(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    now = clock.now()
    secured = frozen(town, now=now)
    plan = secured.plan
    plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
    release_what_is_due(plan.customer_id, plan.order_id, now=now)
    (move,) = secured.moves
    send_release(plan.customer_id, move.id, now=now)
    until(lambda: ask_release(plan.customer_id, move.id, now=now) is MoveState.DONE)
    return plan.customer_id, VoucherKind.RESERVE_RELEASE, move.id


def voucher_of_a_movement(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    plan = bought()
    return plan.customer_id, VoucherKind.ENTRY, JournalEntry.objects.get(customer_id=plan.customer_id, code="opened").id


def voucher_of_a_capture(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    now = clock.now()
    secured = frozen(town, now=now)
    propose_capture(secured.customer_id, secured.hold_id, amount=10_000, note="逾期未还", staff=finance("a"), now=now)
    at = approve_capture(secured.customer_id, secured.moves[-1].id, staff=finance("b"), now=now)
    assert carry_out_capture(secured.customer_id, secured.moves[-1].id, now=at) is MoveState.DONE
    return secured.customer_id, VoucherKind.RESERVE_CAPTURE, secured.moves[-1].id


def voucher_of_a_lenders_refund(town: Town) -> tuple[UUID, VoucherKind, UUID]:
    now = noon("2026-06-15")
    edit_provider(replace(finance("a"), permissions=frozenset(Permission)), PLATFORM, now=now)
    plan = buy_financed()
    refund = returned(plan, 30_000, now=now)
    refunding.send(plan.customer_id, refund.id, now=now)
    return plan.customer_id, VoucherKind.LENDER_REFUND, refund.id


EVERY_KIND: list[Callable[[Town], tuple[UUID, VoucherKind, UUID]]] = [
    voucher_of_a_payment,
    voucher_of_a_refund,
    voucher_of_a_hold,
    voucher_of_a_release,
    voucher_of_a_movement,
    voucher_of_a_capture,
    voucher_of_a_lenders_refund,
]


@pytest.mark.requirement("R078", "R079")
@pytest.mark.parametrize("make", EVERY_KIND)
def test_every_kind_is_checked_by_a_stranger_over_the_page(
    town: Town, make: Callable[[Town], tuple[UUID, VoucherKind, UUID]]
) -> None:
    customer_id, kind, voucher_id = make(town)
    said = said_of(voucher_detail(customer_id, kind, voucher_id).voucher)
    code = issue(customer_id, said, now=clock.now())
    stranger = Client(headers={"accept-language": "en"})
    assert f'value="{shown_code(code)}"' in stranger.get(f"/verify/{code}").content.decode()
    typed = {"code": shown_code(code), "amount": f"¥{said.amount_minor / 100:,.2f}", "day": said.on.isoformat()}
    page = stranger.post("/verify", typed).content.decode()
    assert "This paper says what our books say" in re.sub("<[^>]+>", "", page)
    assert f"entry {said.entry_seq}" in page
    wrong = stranger.post("/verify", typed | {"amount": "0.01"}).content.decode()
    assert "is not what we issued" in wrong
    assert kind is VoucherKind.ENTRY or said.number not in wrong


@pytest.mark.requirement("R079")
def test_what_came_back_or_was_undone_supersedes_its_paper(town: Town) -> None:
    customer_id, kind, leg_id = voucher_of_a_refund(town)
    said = said_of(voucher_detail(customer_id, kind, leg_id).voucher)
    code = issue(customer_id, said, now=clock.now())
    RefundLeg.objects.filter(customer_id=customer_id, id=leg_id).update(state=RefundState.RETURNED)
    assert checked(code, said).verdict is Verdict.SUPERSEDED


def test_sums_are_not_tried_out() -> None:
    _plan, said, code = repaid()
    verdicts = [checked(code, said, amount=f"{n}.00").verdict for n in range(1, 13)]
    assert set(verdicts) == {Verdict.DOES_NOT_MATCH}
    with pytest.raises(rate_limits.TooManyRequests):
        checked(code, said)


def test_the_page_says_what_is_wrong_with_what_was_typed() -> None:
    stranger = Client(headers={"accept-language": "zh-hans"})
    for typed in (
        {"code": "x", "amount": "1", "day": "2026-01-01"},
        {"code": "0" * 20, "amount": "一百", "day": "2026-01-01"},
        {"code": "0" * 20, "amount": "1", "day": "yesterday"},
        {},
    ):
        answer = stranger.post("/verify", typed)
        assert answer.status_code == 422
        assert "aria-invalid" in answer.content.decode()
    unknown = stranger.post("/verify", {"code": "0" * 20, "amount": "1", "day": "2026-01-01"})
    assert "没有开出过" in unknown.content.decode()
    assert stranger.get("/verify/" + "x" * 3000).status_code == 200


@pytest.mark.requirement("R045", "R078")
def test_a_case_has_a_paper_that_a_further_step_supersedes() -> None:
    bought_by = delivered()
    case = bought_by.apply(a_return((1, 1)))
    found = vouchers_of(case.customer_id, case.row.order_id)
    (voucher,) = (one for one in found if one.kind is VoucherKind.CASE)
    said = said_of(voucher)
    code = issue(case.customer_id, said, now=case.now)
    assert checked(code, said).verdict is Verdict.SAYS_WHAT_THE_BOOKS_SAY
    case.approve()
    assert checked(code, said).verdict is Verdict.SUPERSEDED
