"""What a repayment would cost and do, before it is confirmed: a promise until the quote expires (design, rule 7)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core import signing

from fenqi.domain.errors import FenqiError
from fenqi.domain.money import Money
from fenqi.domain.plans import Components, Event, EventKind, FutureRule, PlanState, Row, replay, settlement_quote
from fenqi.records.identifiers import new_id
from fenqi.records.models import PaymentPurpose
from fenqi.usecases import clock, plan_file
from fenqi.usecases.partners.providers import refuse_if_repaid_elsewhere
from fenqi.usecases.plan_file import PlanFile

_SALT = "fenqi.repayment.quote"


class NothingOwed(FenqiError):
    """There is nothing to repay."""

    code = "nothing_owed"
    status = 409
    zh = "这笔分期现在没有要还的。"
    en = "Nothing is owed on this plan."


class InvalidChoice(FenqiError):
    """The installments chosen are not the earliest open ones."""

    code = "invalid_choice"
    status = 422
    zh = "请从最早的未还期开始，按顺序选择要还的期次。"
    en = "Choose installments from the earliest open one on, without a gap."


class PartOutOfRange(FenqiError):
    """A part is at least the smallest sum that can be paid and less than all that is owed. Details: `owed`."""

    code = "part_out_of_range"
    status = 422
    zh = "请填大于 0、小于全部应还（{owed}）的金额。"
    en = "Enter an amount above 0 and below all that is owed ({owed})."


class QuoteExpired(FenqiError):
    """The quote is no longer what would happen."""

    code = "quote_expired"
    status = 409
    zh = "金额已有变化或报价已过期，没有扣款。请看一下新的金额再确认。"
    en = "The amount has changed or the quote has expired. Nothing was charged: confirm the new amount."


class PlanMoving(FenqiError):
    """The plan is being moved to another finance partner: nothing is newly started. Details: `until`, an instant."""

    code = "plan_moving"
    status = 409
    zh = "这笔分期正在转移给新的资金合作方，{until} 前暂停发起新的还款，没有扣款。期间不计逾期，请稍后再试。"
    en = (
        "This plan is being moved to another finance partner. New repayments pause until {until}; nothing was charged, "
        "and the pause makes nothing late. Please try again then."
    )

    def __init__(self, *, until: datetime) -> None:
        self.until = until
        super().__init__(until=f"{until.astimezone(clock.mall_zone()):%Y-%m-%d %H:%M}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the customer wants to repay; `installments` are row numbers, `amount_minor` a part: each for its purpose."""

    purpose: PaymentPurpose
    installments: tuple[int, ...] = ()
    amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentQuote:
    """The exact sum, what it is made of, and the plan before and after. Amounts in minor units."""

    customer_id: UUID
    plan_id: UUID
    choice: Choice
    rows: tuple[int, ...]
    amount_minor: int
    currency: str
    parts: Components
    quoted_on: date
    valid_until: datetime
    before: PlanState
    after: PlanState

    @property
    def token(self) -> str:
        """What the customer confirms: signed, so that nothing in it can be altered on the way."""
        return signing.dumps(
            {
                "customer": str(self.customer_id),
                "plan": str(self.plan_id),
                "purpose": self.choice.purpose.value,
                "installments": list(self.choice.installments),
                "part": self.choice.amount_minor,
                "amount": self.amount_minor,
                "on": self.quoted_on.isoformat(),
            },
            salt=_SALT,
        )


def quote(customer_id: UUID, plan_id: UUID, choice: Choice, *, now: datetime) -> RepaymentQuote:
    """Raises NotFound, RepaidElsewhere, PlanMoving, NothingOwed, InvalidChoice, PartOutOfRange."""
    return quote_on_file(plan_file.read(customer_id, plan_id), choice, now=now)


def quote_on_file(file: PlanFile, choice: Choice, *, now: datetime) -> RepaymentQuote:
    """The quote for a plan that was read already."""
    refuse_if_repaid_elsewhere(file.provider)
    if file.frozen_until is not None and now < file.frozen_until:
        raise PlanMoving(until=file.frozen_until)
    today = clock.business_date(now)
    before = file.state()
    if choice.purpose == PaymentPurpose.PART:
        return _quote_of_part(file, before, choice, today)
    rows = _chosen_rows(before, choice, today)
    parts = _parts(file, rows, choice, today)
    if parts.total <= 0:
        raise NothingOwed
    return _quote(file, before, choice, today, rows=tuple(row.n for row in rows), parts=parts)


def _quote_of_part(file: PlanFile, before: PlanState, choice: Choice, today: date) -> RepaymentQuote:
    """What the sum would pay is what the plan's rules make of it: the rows that it changes, and by how much."""
    owed = before.totals.outstanding.total
    if not owed:
        raise NothingOwed
    if not 0 < choice.amount_minor < owed:
        raise PartOutOfRange(owed=Money(owed, file.terms.currency).as_decimal())
    event = money_in(file, choice.purpose, amount=choice.amount_minor, on=today, event_id=str(new_id()))
    after = replay(file.terms, (*file.events, event))
    paid = {row.n: row.paid for row in before.rows}
    rows = tuple(row.n for row in after.rows if row.paid != paid.get(row.n))
    parts = Components(*(new - old for new, old in zip(after.totals.paid, before.totals.paid, strict=True)))
    return _quote(file, before, choice, today, rows=rows, parts=parts)


def _quote(
    file: PlanFile, before: PlanState, choice: Choice, today: date, *, rows: tuple[int, ...], parts: Components
) -> RepaymentQuote:
    event = money_in(file, choice.purpose, amount=parts.total, on=today, event_id=str(new_id()))
    return RepaymentQuote(
        customer_id=file.customer_id,
        plan_id=file.plan_id,
        choice=choice,
        rows=rows,
        amount_minor=parts.total,
        currency=file.terms.currency,
        parts=parts,
        quoted_on=today,
        valid_until=clock.end_of_business_day(today),
        before=before,
        after=replay(file.terms, (*file.events, event)),
    )


def _chosen_rows(state: PlanState, choice: Choice, today: date) -> tuple[Row, ...]:
    open_rows = tuple(row for row in sorted(state.rows, key=lambda row: (row.due_on, row.n)) if row.outstanding.total)
    if choice.purpose == PaymentPurpose.DUE:
        return tuple(row for row in open_rows if row.due_on <= today)
    if choice.purpose == PaymentPurpose.SETTLEMENT:
        return open_rows
    earliest = open_rows[: len(choice.installments)]
    if not earliest or tuple(row.n for row in earliest) != tuple(choice.installments):
        raise NothingOwed if not open_rows else InvalidChoice
    return earliest


def _parts(file: PlanFile, rows: tuple[Row, ...], choice: Choice, today: date) -> Components:
    if choice.purpose == PaymentPurpose.SETTLEMENT:
        return settlement_quote(file.terms, file.events, today).asked
    return Components(*(sum(amounts) for amounts in zip(*(row.outstanding for row in rows), strict=True)))


def money_in(file: PlanFile, purpose: str, *, amount: int, on: date, event_id: str) -> Event:
    """The plan event that money becomes.

    A settlement only while it is exactly the quote of its day; money for chosen installments goes to the earliest open
    ones, whatever the plan's rule for money that nobody named (P710: the debtor names the debt).
    """
    if purpose == PaymentPurpose.SETTLEMENT and settlement_quote(file.terms, file.events, on).total == amount:
        return Event(id=event_id, on=on, kind=EventKind.SETTLEMENT, amount=amount)
    return Event(id=event_id, on=on, kind=EventKind.REPAYMENT, amount=amount, future=FutureRule.NEXT)


def read_token(token: str, *, customer_id: UUID, plan_id: UUID, now: datetime) -> tuple[Choice, int]:
    """The choice and the amount that the customer was shown today. Raises QuoteExpired."""
    try:
        said: dict[str, Any] = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise QuoteExpired from None
    today = clock.business_date(now).isoformat()
    if (said["customer"], said["plan"], said["on"]) != (str(customer_id), str(plan_id), today):
        raise QuoteExpired
    choice = Choice(
        purpose=PaymentPurpose(said["purpose"]),
        installments=tuple(said["installments"]),
        amount_minor=said["part"],
    )
    return choice, said["amount"]
