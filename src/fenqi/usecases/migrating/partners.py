"""Both sides of a move are asked: the lender that takes a plan and the one that gives it up, each by its own number."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fenqi.channels.interface import UnknownPartner
from fenqi.channels.partner import (
    Transfer,
    TransferDirection,
    TransferReply,
    TransferRequest,
    TransferRow,
)
from fenqi.domain.migration import Price, Reason, differing
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.domain.plans import Components, PlanState
from fenqi.records.models import Customer, PlanMigration, PlanMigrationItem
from fenqi.usecases import rails
from fenqi.usecases.migrating.obstacles import Problem
from fenqi.usecases.partners.holders import lenders_row
from fenqi.usecases.partners.providers import MALL

_NOT_SET_UP = Verdict(Outcome.UNKNOWN, FailureCategory.MERCHANT_CONFIG, RetryMark.LATER, alert=True)


def kept_of(state: PlanState) -> dict[str, Any]:
    """Our balance by component and by open installment, as it is kept with the plan."""
    owed = state.totals.outstanding
    rows = [
        {"n": row.n, "due_on": row.due_on.isoformat(), **row.outstanding._asdict()}
        for row in state.rows
        if row.outstanding.total
    ]
    return {**owed._asdict(), "rows": rows}


def balance_kept(kept: Mapping[str, Any]) -> Components:
    return Components(*(int(kept.get(name, 0)) for name in Components._fields))


def rows_kept(kept: Mapping[str, Any]) -> tuple[TransferRow, ...]:
    return tuple(
        TransferRow(n=row["n"], due_on=date.fromisoformat(row["due_on"]), owed=balance_kept(row))
        for row in kept.get("rows", ())
    )


def sides(batch: PlanMigration) -> tuple[TransferDirection, ...]:
    """The lenders of the move as directions: who takes it is asked first."""
    found = []
    if batch.to_provider != MALL:
        found.append(TransferDirection.IN)
    if batch.from_provider != MALL:
        found.append(TransferDirection.OUT)
    return tuple(found)


def number_of(item: PlanMigrationItem, direction: TransferDirection) -> str:
    return item.in_number if direction is TransferDirection.IN else item.out_number


def code_of(batch: PlanMigration, direction: TransferDirection) -> str:
    return batch.to_provider if direction is TransferDirection.IN else batch.from_provider


def request_of(item: PlanMigrationItem, direction: TransferDirection, *, financed: int, on: date) -> TransferRequest:
    """The same every time it is sent: all of it is kept with the item."""
    ref = Customer.objects.values_list("ref", flat=True).get(id=item.customer_id)
    if direction is TransferDirection.IN:
        return TransferRequest(
            number=item.in_number,
            direction=direction,
            plan_no=item.in_number,
            customer=ref,
            currency=item.currency,
            effective_on=on,
            amount=financed,
            rows=rows_kept(item.ours),
        )
    return TransferRequest(
        number=item.out_number,
        direction=direction,
        plan_no=item.out_plan_no or _plan_no(item),
        customer=ref,
        currency=item.currency,
        effective_on=on,
    )


def _plan_no(item: PlanMigrationItem) -> str:
    held = lenders_row(item.customer_id, item.plan_id)
    return held.plan_no if held else ""


def asked(code: str, number: str, ask: str, *arguments: object) -> TransferReply:
    """One call of the partner; one that is not set up in this process gave no answer."""
    try:
        reply: TransferReply = getattr(rails.partner(code), ask)(*arguments)
    except UnknownPartner as unknown:
        return TransferReply(outcome=Outcome.UNKNOWN, code=unknown.code, verdict=_NOT_SET_UP, number=number)
    return reply


def problems_of(reply: TransferReply, *, ours: Components, price: Price) -> list[Problem]:
    """What of the partner's word is not ours to the fen; empty when all agrees."""
    if reply.transfer is None:
        reason = Reason.REFUSED if reply.outcome is Outcome.FAILED else Reason.NO_ANSWER
        return [{"reason": reason.value, "code": reply.code or ""}]
    theirs = reply.transfer.balance
    found: list[Problem] = [
        {
            "reason": Reason.THEIRS_DIFFERS.value,
            "of": name,
            "ours": getattr(ours, name),
            "theirs": getattr(theirs, name),
        }
        for name in differing(ours, theirs)
    ]
    if not found and reply.transfer.price != price.minor:
        found.append({"reason": Reason.PRICE_DIFFERS.value, "ours": price.minor, "theirs": reply.transfer.price})
    return found


def told_kept(transfer: Transfer) -> dict[str, int]:
    return {**transfer.balance._asdict(), "price": transfer.price, "collected": transfer.collected}
