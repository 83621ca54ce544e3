"""A case as its customer goes through it: stages with what is done, what is under way and by when, and who has the
money (R060, R074).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from fenqi.domain.aftersales.cases import CaseSignal, CaseState
from fenqi.records.models import AftersalesCase, CaseKind, CaseStep
from fenqi.usecases import clock
from fenqi.usecases.aftersales.views import Stage, StageName, StageState
from fenqi.usecases.refunds.queries import Holder, RefundView

_STAGES: Mapping[str, tuple[StageName, ...]] = {
    CaseKind.RETURN: (
        StageName.APPLICATION,
        StageName.REVIEW,
        StageName.GOODS,
        StageName.INSPECTION,
        StageName.REFUND,
        StageName.ARRIVAL,
    ),
    CaseKind.REFUND_ONLY: (StageName.APPLICATION, StageName.REVIEW, StageName.REFUND, StageName.ARRIVAL),
    CaseKind.PRICE_DIFFERENCE: (StageName.APPLICATION, StageName.REVIEW, StageName.REFUND, StageName.ARRIVAL),
    CaseKind.EXCHANGE: (StageName.APPLICATION, StageName.REVIEW, StageName.GOODS, StageName.REPLACEMENT),
}

_REFUNDED_INSTEAD = (StageName.APPLICATION, StageName.REVIEW, StageName.GOODS, StageName.REFUND, StageName.ARRIVAL)
"""Of an exchange: the goods were looked at, and in the place of new ones the money goes back."""

_UNDER_WAY: Mapping[CaseState, StageName] = {
    CaseState.SUBMITTED: StageName.REVIEW,
    CaseState.IN_REVIEW: StageName.REVIEW,
    CaseState.EVIDENCE_ASKED: StageName.REVIEW,
    CaseState.APPROVED: StageName.REFUND,
    CaseState.GOODS_AWAITED: StageName.GOODS,
    CaseState.GOODS_RECEIVED: StageName.INSPECTION,
    CaseState.QUOTE_CHANGED: StageName.INSPECTION,
    CaseState.REPLACING: StageName.REPLACEMENT,
    CaseState.REFUNDING: StageName.ARRIVAL,
}
_DONE_BY: Mapping[StageName, tuple[CaseSignal, ...]] = {
    StageName.APPLICATION: (CaseSignal.APPLIED,),
    StageName.REVIEW: (CaseSignal.APPROVED,),
    StageName.GOODS: (CaseSignal.RECEIVED,),
    StageName.INSPECTION: (CaseSignal.EXECUTED, CaseSignal.CONFIRMED),
    StageName.REPLACEMENT: (CaseSignal.REPLACEMENT_SENT,),
    StageName.REFUND: (CaseSignal.EXECUTED, CaseSignal.CONFIRMED),
    StageName.ARRIVAL: (CaseSignal.ARRIVED,),
}
_THE_CUSTOMERS = frozenset({CaseState.EVIDENCE_ASKED, CaseState.GOODS_AWAITED, CaseState.QUOTE_CHANGED})

# The farther a part of the money is from the customer, the earlier it stands here: that part is told of.
_FARTHEST_FIRST = (Holder.MALL, Holder.NOT_KNOWN, Holder.CHANNEL, Holder.RECEIVER, Holder.CUSTOMER)


def stages_of(
    case: AftersalesCase, steps: Sequence[CaseStep], refunds: Sequence[RefundView], *, usual_by: date
) -> tuple[Stage, ...]:
    """Each stage of a case of that kind, in order."""
    names = _REFUNDED_INSTEAD if case.was_exchange else _STAGES[case.kind]
    done = {name: _last_of(steps, _DONE_BY[name]) for name in names}
    now = _under_way(case, done)
    return tuple(
        Stage(
            name=name,
            state=_state(case, name, done[name], now),
            at=done[name],
            expected_on=None if done[name] else _expected_on(case, name, refunds, usual_by=usual_by),
            by_us=name is not StageName.ARRIVAL and not (name is now and CaseState(case.state) in _THE_CUSTOMERS),
        )
        for name in names
    )


def holder_of(case: AftersalesCase, refunds: Iterable[RefundView]) -> Holder:
    """Who has the money; of several parts the one that is farthest from the customer."""
    holders = {leg.holder for refund in refunds for leg in refund.ways}
    return next((holder for holder in _FARTHEST_FIRST if holder in holders), _without_refunds(case))


def _without_refunds(case: AftersalesCase) -> Holder:
    """Nothing went back in cash: it came off the plan, or has not moved."""
    return Holder.CUSTOMER if case.state == CaseState.COMPLETED else Holder.MALL


def _last_of(steps: Sequence[CaseStep], signals: tuple[CaseSignal, ...]) -> datetime | None:
    return max((step.at for step in steps if step.signal in signals), default=None)


def _under_way(case: AftersalesCase, done: Mapping[StageName, datetime | None]) -> StageName | None:
    """The stage that the case is in, or in which it ended early."""
    name = _UNDER_WAY.get(CaseState(case.state))
    if name in done:
        return name
    return next((stage for stage, at in done.items() if at is None), None)


def _state(case: AftersalesCase, name: StageName, at: datetime | None, now: StageName | None) -> StageState:
    state = CaseState(case.state)
    if name is now and state in (CaseState.REJECTED, CaseState.WITHDRAWN):
        return StageState.STOPPED
    if name is now and state is not CaseState.COMPLETED:
        return StageState.NOW
    return StageState.DONE if at else StageState.AHEAD


def _expected_on(
    case: AftersalesCase, name: StageName, refunds: Sequence[RefundView], *, usual_by: date
) -> date | None:
    if case.closed_at is not None:
        return None
    match name:
        case StageName.REVIEW:
            return clock.business_date(case.review_due_at)
        case StageName.GOODS:
            return case.goods_due_on
        case StageName.INSPECTION | StageName.REFUND:
            return case.law_by if case.goods_received_at else max(usual_by, clock.business_date(case.created_at))
        case StageName.ARRIVAL:
            latest = [refund.latest_on for refund in refunds if refund.latest_on]
            return max(latest) if latest and len(latest) == len(refunds) else case.promise_by
        case _:
            return None
