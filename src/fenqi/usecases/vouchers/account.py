"""A customer's statement of account for any period: opening balance, movements, closing balance, from the journal.

What counts for the period is the value date. An entry that is booked later with an earlier value date changes the
statement of that period; a paper drawn before it is then superseded, and the books as they were stay provable.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.vouchers import AccountStatement, Balances, Movement, Said, backwards_period, over_period
from fenqi.domain.vouchers.period import change_of
from fenqi.records.models import Customer, JournalEntry, JournalLine, Order, Plan
from fenqi.usecases import clock
from fenqi.usecases.partners.queries import repaid_elsewhere

STATEMENT: Final = "statement"
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2100, 1, 1)


class PeriodRefused(FenqiError):
    """No such period."""

    code = "period_refused"
    status = 422
    zh = "起止日期不对：开始日期不能晚于结束日期，结束日期不能晚于今天。"
    en = "This period cannot be shown: it must begin before it ends, and end today at the latest."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoice:
    """A plan whose movements may be shown alone."""

    plan_id: UUID
    order_id: UUID
    order_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerStatement:
    """One currency of one customer's account. `plan_id` narrows it to one plan; `said` is what the paper says."""

    currency: str
    plan_id: UUID | None
    account: AccountStatement
    said: Said
    taken_at: datetime


def plan_choices(customer_id: UUID) -> tuple[PlanChoice, ...]:
    """All plans, the newest first."""
    numbers = dict(Order.objects.filter(customer_id=customer_id).values_list("id", "order_no"))
    plans = Plan.objects.filter(customer_id=customer_id).order_by("-opened_on", "id")
    return tuple(PlanChoice(plan_id=one.id, order_id=one.order_id, order_no=numbers[one.order_id]) for one in plans)


def open_plans(customer_id: UUID, currency: str, plan_id: UUID | None = None) -> tuple[PlanChoice, ...]:
    """Of all plans, or of the one: those of which something is left to repay here, the next due first."""
    owing = Plan.objects.filter(customer_id=customer_id, currency=currency, outstanding_minor__gt=0)
    plans = owing.order_by("next_due_on", "id")
    rows = list(plans.filter(id=plan_id) if plan_id else plans)
    elsewhere = repaid_elsewhere(row.provider for row in rows)
    mine = [row for row in rows if row.provider not in elsewhere]
    orders = Order.objects.filter(customer_id=customer_id, id__in=[row.order_id for row in mine])
    numbers = dict(orders.values_list("id", "order_no"))
    return tuple(PlanChoice(plan_id=row.id, order_id=row.order_id, order_no=numbers[row.order_id]) for row in mine)


def require_period(first: date, last: date, *, today: date) -> None:
    """Raises PeriodRefused."""
    if backwards_period(first, last) or last > today or first < FIRST_DAY:
        raise PeriodRefused


def statements(
    customer_id: UUID, first: date, last: date, *, plan_id: UUID | None = None, now: datetime
) -> tuple[CustomerStatement, ...]:
    """One for each currency that the customer has, or one empty in yuan. Raises PeriodRefused, NotFound."""
    require_period(first, last, today=clock.business_date(now))
    found = _movements(customer_id, plan_id)
    return tuple(
        CustomerStatement(
            currency=currency,
            plan_id=plan_id,
            account=(account := over_period(movements, first, last)),
            said=_said(customer_id, account, currency, plan_id),
            taken_at=now,
        )
        for currency, movements in sorted(found.items())
    )


def said_of_statement(customer_id: UUID, said: Said) -> Said:
    """What the same statement would say now. Raises NotFound."""
    plan_id = UUID(said.details["plan"]) if said.details.get("plan") else None
    movements = _movements(customer_id, plan_id).get(said.currency, [])
    account = over_period(movements, date.fromisoformat(said.details["first"]), said.on)
    return _said(customer_id, account, said.currency, plan_id)


def _said(customer_id: UUID, account: AccountStatement, currency: str, plan_id: UUID | None) -> Said:
    """Its sum is what is owed at the end; every row is among it by a digest."""
    head = Customer.objects.values("entry_seq", "entry_hash").get(id=customer_id)
    return Said(
        kind=STATEMENT,
        subject_id=plan_id or customer_id,
        number="",
        amount_minor=account.closing.owed,
        currency=currency,
        on=account.last,
        entry_seq=head["entry_seq"],
        entry_hash=bytes(head["entry_hash"]).hex(),
        details={
            "first": account.first.isoformat(),
            "plan": str(plan_id or ""),
            "opening": _figures(account.opening),
            "closing": _figures(account.closing),
            "rows": sha256(
                ";".join(f"{one.seq},{_figures(one.change)}" for one, _ in account.movements).encode()
            ).hexdigest()[:16],
        },
    )


def _figures(balances: Balances) -> str:
    return "/".join(map(str, balances))


def _movements(customer_id: UUID, plan_id: UUID | None) -> Mapping[str, list[Movement]]:
    """By currency, with nothing left out; an account without entries is an empty one in yuan. Raises NotFound."""
    entries = JournalEntry.objects.filter(customer_id=customer_id)
    lines = JournalLine.objects.filter(customer_id=customer_id)
    if plan_id is not None:
        order_id = Plan.objects.filter(customer_id=customer_id, id=plan_id).values_list("order_id", flat=True).first()
        if order_id is None:
            raise NotFound
        entries = entries.filter(plan_id=plan_id) | entries.filter(plan_id=None, order_id=order_id)
        lines = lines.filter(entry_id__in=entries.values("id"))
    changes: dict[UUID, Balances] = defaultdict(Balances)
    for entry_id, account, debit, credit in lines.values_list("entry_id", "account", "debit_minor", "credit_minor"):
        changes[entry_id] = changes[entry_id].plus(change_of(account, debit, credit))
    found: dict[str, list[Movement]] = defaultdict(list)
    for entry in entries.order_by("seq"):
        found[entry.currency].append(
            Movement(
                entry_id=entry.id,
                seq=entry.seq,
                code=entry.code,
                on=entry.effective_on,
                posted_at=entry.posted_at,
                change=changes[entry.id],
                proof=bytes(entry.hash).hex(),
                plan_id=entry.plan_id,
                order_id=entry.order_id,
            )
        )
    return found or {"CNY": []}
