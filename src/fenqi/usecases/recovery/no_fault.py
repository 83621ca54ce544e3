"""Time in which a customer could not pay through no fault of theirs stops late fee and credit mark by itself (P809).

Written in the transaction that settles the attempt, with what proves it. Three causes: the channel was down; every way
to pay was closed when the customer tried; nobody knew the outcome.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from fenqi.domain.payments import AttemptState, FailureCategory
from fenqi.domain.payments.conditions import Condition, unavailable
from fenqi.records import locks
from fenqi.records.identifiers import derived_id
from fenqi.records.models import NoFaultCause, Payment, PaymentAttempt
from fenqi.records.posting import Decision, Row, write
from fenqi.usecases import clock
from fenqi.usecases.closing.correct import after_no_fault
from fenqi.usecases.conditions.queries import conditions_between
from fenqi.usecases.rails import rail_names

TIME_TO_REPAY: Final = timedelta(days=1)
"""After an outage has ended."""


def note_no_fault(
    decision: Decision,
    attempt: PaymentAttempt,
    after: AttemptState,
    category: FailureCategory | None,
    code: str,
    *,
    now: datetime,
) -> None:
    """Add what the attempt's move from its state to `after` proves. `attempt` is as it was before."""
    before = AttemptState(attempt.state)
    if AttemptState.UNKNOWN in (before, after) and before is not after:
        is_over = before is AttemptState.UNKNOWN
        _add(
            decision,
            attempt,
            NoFaultCause.OUTCOME_UNKNOWN,
            ends_at=now if is_over else None,
            evidence=_evidence(attempt, code) | ({"outcome": after.value} if is_over else {}),
            now=now,
        )
    if after is AttemptState.FAILED and before is not AttemptState.FAILED:
        _note_outage(decision, attempt, category, code, now=now)


def note_all_closed(customer_id: UUID, plan_id: UUID, *, now: datetime) -> datetime | None:
    """The customer came to pay while every way to pay was closed: until when, or None when one was open.

    Kept once for each closing, from the first time the customer came.
    """
    closed = _everything_closed(conditions_between(now, now), now.astimezone(clock.mall_zone()))
    if closed is None:
        return None
    conditions, until = closed
    cause = NoFaultCause.ENTRY_CLOSED.value
    row: Row = {
        "id": derived_id("no_fault", plan_id, cause, until.isoformat()),
        "plan_id": plan_id,
        "attempt_id": None,
        "cause": cause,
        "starts_at": now,
        "ends_at": max(until, now) + TIME_TO_REPAY,
        "evidence": {"conditions": list(conditions)},
        "recorded_at": now,
    }
    with transaction.atomic(durable=True):
        decision = Decision(locks.customer(customer_id).customer_id)
        decision.add("no_fault_period", row)
        after_no_fault(decision, plan_id, now=now)
        write(decision)
    return until


def _note_outage(
    decision: Decision, attempt: PaymentAttempt, category: FailureCategory | None, code: str, *, now: datetime
) -> None:
    stood = conditions_between(attempt.created_at, now)
    tried_at = attempt.created_at.astimezone(clock.mall_zone())
    if category is FailureCategory.CHANNEL_MAINTENANCE:
        cause, closed = NoFaultCause.CHANNEL_OUTAGE, _closing(stood, attempt.channel, tried_at)
    else:
        cause, closed = NoFaultCause.ENTRY_CLOSED, _everything_closed(stood, tried_at)
        if closed is None:
            return
    conditions, until = closed or ((), now)
    evidence = _evidence(attempt, code) | {"conditions": list(conditions)}
    _add(decision, attempt, cause, ends_at=max(until, now) + TIME_TO_REPAY, evidence=evidence, now=now)


Closed = tuple[tuple[str, ...], datetime]
"""The conditions that closed it, and until when."""


def _closing(stood: tuple[Condition, ...], channel: str, at: datetime) -> Closed | None:
    """What closed the whole rail then. Banks behind it are not looked at: that one is down its code tells."""
    found = unavailable(stood, channel=channel, bank="", amount_minor=0, currency="", spent_today={}, now=at)
    return None if found is None else (found.conditions, found.until or at)


def _everything_closed(stood: tuple[Condition, ...], at: datetime) -> Closed | None:
    """Set when every rail was closed then: until the first is open again."""
    closings = [_closing(stood, name, at) for name in rail_names()]
    shut = [one for one in closings if one is not None]
    if not shut or len(shut) < len(closings):
        return None
    return tuple(dict.fromkeys(name for names, _ in shut for name in names)), min(until for _, until in shut)


def _evidence(attempt: PaymentAttempt, code: str) -> dict[str, Any]:
    return {"out_trade_no": attempt.out_trade_no, "channel": attempt.channel, "code": code or attempt.code}


def _add(
    decision: Decision,
    attempt: PaymentAttempt,
    cause: NoFaultCause,
    *,
    ends_at: datetime | None,
    evidence: dict[str, Any],
    now: datetime,
) -> None:
    plan_id = _plan_of(attempt)
    row: Row = {
        "id": _period_id(attempt.id, cause),
        "plan_id": plan_id,
        "attempt_id": attempt.id,
        "cause": cause.value,
        "starts_at": attempt.created_at,
        "ends_at": ends_at,
        "evidence": evidence,
        "recorded_at": now,
    }
    decision.add("no_fault_period", row)
    after_no_fault(decision, plan_id, now=now)


def _period_id(attempt_id: UUID, cause: NoFaultCause) -> UUID:
    """The same period whenever it is told again."""
    return derived_id("no_fault", attempt_id, cause.value)


def _plan_of(attempt: PaymentAttempt) -> UUID:
    found: UUID = Payment.objects.values_list("plan_id", flat=True).get(
        customer_id=attempt.customer_id, id=attempt.payment_id
    )
    return found
