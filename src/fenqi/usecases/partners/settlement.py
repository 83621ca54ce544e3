"""A lender's daily file: repayments made there are recorded, every other line is compared, and the day is paid out.

Taken once for each day; the same file again changes nothing, another one for a day that was taken is refused.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from fenqi.channels.partner.interface import SettlementLine
from fenqi.domain.errors import FenqiError
from fenqi.domain.ledger import Account, clearing, partner_settlement_entry
from fenqi.domain.payments.refunds import ASKED_ABOUT
from fenqi.domain.plans import Event, EventKind
from fenqi.records import directory, locks
from fenqi.records.identifiers import derived_id, house_of
from fenqi.records.models import (
    DirectoryKind,
    PartnerPlan,
    PartnerRefund,
    PartnerSettlement,
    PassedRepayment,
    PlanEvent,
    PlanMigrationItem,
)
from fenqi.records.posting import Decision, write
from fenqi.usecases import clock, plan_file, rails
from fenqi.usecases.partners.providers import provider_of
from fenqi.usecases.partners.refunding import ask
from fenqi.usecases.projection import About, ChainHead, entry_columns

CURRENCY = "CNY"
_ASKED_ABOUT = [state.value for state in ASKED_ABOUT]


class SettlementChanged(FenqiError):
    """The day's file was taken, and this is another one. Details: `provider`, `day`."""

    code = "settlement_changed"
    status = 409
    zh = "「{provider}」{day} 的结算文件已入账，这次给的内容不同。没有入账任何内容，请与资方核对。"
    en = "The file of {provider} for {day} was taken, and this is another one. Nothing was booked: ask the lender."


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What taking a day came to. `differences` are lines that do not agree with ours: `number` and `problem`."""

    provider: str
    day: date
    line_count: int
    net_minor: int
    repayments: int
    differences: tuple[dict[str, Any], ...]
    is_new: bool


def take_settlement(provider: str, day: date, *, now: datetime) -> Taken:
    """Fetch the day's file and take it. Raises UnknownProvider, UnknownPartner, BillNotReady, BillRefused,
    SettlementChanged.
    """
    provider_of(provider)
    lines = rails.partner(provider).settlement(day)
    digest = _digest(lines)
    settlement_id = derived_id("partner_settlement", provider, day)
    earlier = PartnerSettlement.objects.filter(id=settlement_id).first()
    if earlier is not None:
        if bytes(earlier.digest) != digest:
            raise SettlementChanged(provider=provider, day=day.isoformat())
        return _taken(earlier, is_new=False)
    repayments = [_repaid(provider, line, day, now=now) for line in lines if line.kind == "repayment"]
    differences = [found for line in lines if (found := _difference(provider, line, now=now))]
    differences += [found for found in repayments if isinstance(found, dict)]
    with transaction.atomic(durable=True):
        locked = locks.customer(house_of(provider))
        net = sum(line.net for line in lines)
        settlement, is_new = PartnerSettlement.objects.get_or_create(
            id=settlement_id,
            defaults={
                "provider": provider,
                "day": day,
                "line_count": len(lines),
                "net_minor": net,
                "currency": CURRENCY,
                "differences": differences,
                "digest": digest,
                "taken_at": now,
            },
        )
        if is_new and net:
            _post(locked, provider, net, day, now=now)
    return _taken(settlement, is_new=is_new, repayments=sum(found is True for found in repayments))


def due_days(provider: str, *, now: datetime, back: int = 7) -> list[date]:
    """The days of the last week that were not taken yet, the oldest first; today's file is made tomorrow."""
    today = clock.business_date(now)
    days = [today - timedelta(days=n) for n in range(back, 0, -1)]
    taken = set(PartnerSettlement.objects.filter(provider=provider, day__in=days).values_list("day", flat=True))
    return [day for day in days if day not in taken]


def _repaid(provider: str, line: SettlementLine, day: date, *, now: datetime) -> bool | dict[str, Any]:
    """Record what the customer repaid at the lender, once; or say why it cannot be."""
    holder = directory.find(DirectoryKind.PARTNER_NO, f"{provider}:{line.plan_no}")
    if holder is None:
        return _finding(line, "unknown_plan")
    event_id = derived_id("partner_repayment", provider, line.number)
    with transaction.atomic(durable=True):
        locked = locks.customer(holder.customer_id)
        if PlanEvent.objects.filter(customer_id=holder.customer_id, id=event_id).exists():
            return False
        file = plan_file.read(holder.customer_id, holder.target_id)
        event = Event(id=str(event_id), on=max(day, file.terms.opened_on), kind=EventKind.REPAYMENT, amount=line.amount)
        decision = Decision(holder.customer_id)
        plan_file.add_event(
            decision,
            file,
            event,
            source=str(Account.PAYABLE_PARTNER),
            head=locked,
            payment_id=None,
            actor=f"partner:{provider}",
            now=now,
        )
        write(decision)
    return True


def _difference(provider: str, line: SettlementLine, *, now: datetime) -> dict[str, Any] | None:
    """What of a line does not agree with ours; None when all of it does."""
    if line.kind == "plan":
        holder = directory.find(DirectoryKind.PARTNER_NO, f"{provider}:{line.plan_no}")
        plan = _kept_plan(holder.customer_id, holder.target_id, line.plan_no) if holder else None
        if plan is None:
            return _finding(line, "unknown_plan")
        ours = (plan.amount_minor, -plan.commission_minor, -plan.subsidy_minor)
    elif line.kind == "refund":
        holder = directory.find(DirectoryKind.OUT_REFUND_NO, line.number)
        refund = _kept_refund(holder.customer_id, holder.target_id, now=now) if holder else None
        if refund is None:
            return _finding(line, "unknown_refund")
        ours = (-refund.amount_minor, refund.commission_back_minor, refund.subsidy_back_minor)
    elif line.kind in ("transfer", "revocation", "passed_on"):
        return _difference_of_transfer(provider, line)
    else:
        return _finding(line, "adjustment") if line.kind == "adjustment" else None
    return None if ours == (line.amount, line.commission, line.subsidy) else _finding(line, "amount_differs")


def _kept_plan(customer_id: UUID, plan_id: UUID, plan_no: str) -> PartnerPlan | None:
    return PartnerPlan.objects.filter(customer_id=customer_id, plan_id=plan_id, plan_no=plan_no).first()


def _difference_of_transfer(provider: str, line: SettlementLine) -> dict[str, Any] | None:
    """A plan that moved to the lender, moved away, or came back; and money that was passed on to it."""
    holder = directory.find(DirectoryKind.PARTNER_NO, f"{provider}:{line.plan_no}")
    if holder is None:
        return _finding(line, "unknown_plan")
    if line.kind == "passed_on":
        passed = PassedRepayment.objects.filter(customer_id=holder.customer_id, number=line.number, state="passed")
        sums = [-amount for amount in passed.values_list("amount_minor", flat=True)]
    else:
        item = PlanMigrationItem.objects.filter(customer_id=holder.customer_id, plan_id=holder.target_id).filter(
            Q(in_number=line.number) | Q(out_number=line.number)
        )
        sums = [_transferred(one, line) for one in item if one.moved_at]
    return None if sums == [line.amount] else _finding(line, "amount_differs" if sums else "unknown_transfer")


def _transferred(item: PlanMigrationItem, line: SettlementLine) -> int:
    price = item.price_minor if line.number == item.in_number else -item.price_minor
    if line.kind == "transfer":
        return price
    return (item.collected_minor - price) if line.number == item.in_number else -price


def _kept_refund(customer_id: UUID, refund_id: UUID, *, now: datetime) -> PartnerRefund | None:
    """The lender's file proves that it carried the return out: one that is still unknown here is asked about first."""
    waiting = PartnerRefund.objects.filter(customer_id=customer_id, id=refund_id, state__in=_ASKED_ABOUT)
    if waiting.exists():
        ask(customer_id, refund_id, now=now)
    return PartnerRefund.objects.filter(customer_id=customer_id, id=refund_id).first()


def _finding(line: SettlementLine, problem: str) -> dict[str, Any]:
    return {"kind": line.kind, "number": line.number, "amount_minor": line.amount, "problem": problem}


def _post(locked: locks.LockedCustomer, provider: str, net: int, day: date, *, now: datetime) -> None:
    columns, lines, head = entry_columns(
        (entry := partner_settlement_entry(net, source=clearing(provider))),
        code=entry.code,
        on=day,
        currency=CURRENCY,
        about=About(customer_id=locked.customer_id),
        head=ChainHead(locked.entry_seq, locked.entry_hash),
        now=now,
    )
    decision = Decision(locked.customer_id, head_seq=head.seq)
    decision.add("journal_entry", columns)
    decision.add("journal_line", *lines)
    write(decision)


def _digest(lines: Sequence[SettlementLine]) -> bytes:
    said = "\n".join(
        f"{one.kind},{one.number},{one.plan_no},{one.amount},{one.commission},{one.subsidy}" for one in lines
    )
    return hashlib.sha256(said.encode()).digest()


def _taken(row: PartnerSettlement, *, is_new: bool, repayments: int = 0) -> Taken:
    return Taken(
        provider=row.provider,
        day=row.day,
        line_count=row.line_count,
        net_minor=row.net_minor,
        repayments=repayments,
        differences=tuple(row.differences),
        is_new=is_new,
    )
