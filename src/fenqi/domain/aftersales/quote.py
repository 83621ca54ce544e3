"""The refund quote: what goes back, where it goes, and what the plan looks like after it. A pure function of facts.

The return takes effect on its day `on`, whatever has happened since; what must leave in cash leaves on the day the
money moves. Always, to the fen: value on the plan + fees back + balance before = off the plan + cash + balance after.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from fenqi.domain.aftersales.fees_back import charges_back, stretch_of
from fenqi.domain.aftersales.worth import LineWorth
from fenqi.domain.payments.splitting import Source, Split, split
from fenqi.domain.plans.effects import apply
from fenqi.domain.plans.errors import EventBeforeOpening
from fenqi.domain.plans.events import Event, EventKind
from fenqi.domain.plans.fold import Fold
from fenqi.domain.plans.open_rows import Share
from fenqi.domain.plans.replay import check_events, fold_of, replay
from fenqi.domain.plans.state import Components, PlanState, Row
from fenqi.domain.plans.terms import Component, FeeOnRefund, FutureRule, Terms

_NOTHING = Components()
_NOWHERE: Split[str] = Split((), 0)


class Funding(StrEnum):
    """Who has lent the money of the plan, and so where a return goes."""

    MALL = "mall"
    PARTNER = "partner"
    """The whole value goes to the partner, which keeps the plan (P207)."""
    CARD = "card"
    """The bank's own installments: a credit on the next statement (P203)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """A plan, and how a return on it is treated.

    `fee_rule` and `future` None: as the terms say. `late_fees_back`: late fees charged before the return go back, too.
    `differences_paid`: price differences of the order that went back in cash. `fees_followed`: how much the price fell
    off the plan with the fees worked out anew. `under_way`: what is on its way to the lender and not on the plan yet.
    `ahead`: what earlier returns will take off the plan, less what later ones have taken off it already. `subsidy`:
    what the merchant paid for the plan in the customer's stead. All minor units. `sources`: payments to go back over.
    """

    terms: Terms
    events: tuple[Event, ...] = ()
    funding: Funding = Funding.MALL
    fee_rule: FeeOnRefund | None = None
    late_fees_back: bool = False
    future: FutureRule | None = None
    differences_paid: int = 0
    fees_followed: int = 0
    under_way: int = 0
    ahead: int = 0
    subsidy: int = 0
    sources: tuple[Source[str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteFacts:
    """All that a quote is worked out from. `paid_at_ordering`: minor units paid outside the plan and not given back.

    `case` begins the ids of the events that the quote makes; they are unique in a plan if it is.
    """

    lines: tuple[LineWorth, ...]
    plan: PlanFacts | None = None
    paid_at_ordering: int = 0
    case: str = "return"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundQuote:
    """What a return comes to, in minor units.

    `value` is refunded for the goods: `on_plan` + `at_ordering`. `gifts` and `unpaid` have been left out of it: what
    would have paid goodwill out in cash, and what nobody paid. `cash` leaves the plan and `at_ordering` goes back
    beside it. `partner`: what of `on_plan` another lender gets. `events`: what happens to the plan, the payout of the
    cash last. `before` and `after`: the plan, for another lender our copy of it; None without one.
    """

    on: date
    lines: tuple[LineWorth, ...]
    on_plan: int
    at_ordering: int
    gifts: int = 0
    unpaid: int = 0
    fees_back: Components = _NOTHING
    off_plan: Components = _NOTHING
    cash: int = 0
    cash_over: Split[str] = _NOWHERE
    balance_before: int = 0
    balance_after: int = 0
    partner: int = 0
    subsidy_back: int = 0
    before: PlanState | None = None
    after: PlanState | None = None
    events: tuple[Event, ...] = ()

    @property
    def value(self) -> int:
        return self.on_plan + self.at_ordering

    @property
    def money_back(self) -> int:
        """What reaches the customer as money, all in all."""
        return self.cash + self.at_ordering

    def to_mapping(self) -> dict[str, Any]:
        """The whole of it as JSON keeps it."""
        return {
            "on": self.on.isoformat(),
            "lines": [line.to_mapping() for line in self.lines],
            "value": self.value,
            "on_plan": self.on_plan,
            "at_ordering": self.at_ordering,
            "gifts": self.gifts,
            "unpaid": self.unpaid,
            "fees_back": self.fees_back._asdict(),
            "off_plan": self.off_plan._asdict(),
            "cash": self.cash,
            "cash_over": [{"payment": part.key, "amount": part.amount} for part in self.cash_over.parts],
            "cash_by_transfer": self.cash_over.remainder,
            "balance_before": self.balance_before,
            "balance_after": self.balance_after,
            "partner": self.partner,
            "subsidy_back": self.subsidy_back,
            "before": _plan_mapping(self.before),
            "after": _plan_mapping(self.after),
            "events": [event.to_mapping() for event in self.events],
        }


@dataclass(frozen=True, slots=True)
class _Sums:
    """What has come into a plan and gone out of it so far."""

    paid_in: int
    paid_out: int
    refunded: int
    adjusted: int


def quote_return(facts: QuoteFacts, *, on: date, paid_out_on: date | None = None) -> RefundQuote:
    """What a return that takes effect on `on` comes to; its cash leaves on `paid_out_on`, by default the same day.

    Raises UnableToReplay for a plan whose events make no sense, or a day before it was opened.
    """
    worth = sum(line.value for line in facts.lines)
    if facts.plan is None:
        return _first_quote(facts, on, worth=worth, on_plan=0)
    plan = facts.plan
    if on < plan.terms.opened_on:
        raise EventBeforeOpening(where="on", on=on, opened_on=plan.terms.opened_on)
    check_events(plan.terms, plan.events)
    fold = fold_of(plan.terms, plan.events)
    sums = _sums(fold.shares)
    refunded = sums.refunded + plan.under_way
    differences = min(plan.differences_paid, max(0, sums.paid_in - sums.paid_out))  # what the plan's payments carried
    financed = max(0, plan.terms.principal - refunded - sums.adjusted - differences)
    quote = _first_quote(facts, on, worth=worth, on_plan=min(worth, financed))
    gone = refunded + plan.fees_followed
    stretch = stretch_of(quote.on_plan, gone=gone, financed=financed, ahead=plan.ahead)
    quote = replace(quote, subsidy_back=stretch.part_of(plan.subsidy, plan.terms.rounding))
    fees_back = charges_back(
        fold,
        stretch,
        on=on,
        rule=plan.fee_rule or plan.terms.fee_on_refund,
        late_fees_back=plan.late_fees_back,
        later_late_fees=_late_fees_after(on, plan.events, fold.shares),
    )
    if plan.funding is not Funding.MALL:
        return _at_the_lender(quote, fees_back, plan, fold)
    may_leave = max(0, sums.paid_in - sums.paid_out - plan.differences_paid)
    quote = replace(quote, fees_back=fees_back)
    return _carried_out(quote, plan, fold, case=facts.case, may_leave=may_leave, paid_out_on=paid_out_on or on)


def quote_exchange(facts: QuoteFacts, *, on: date) -> RefundQuote:
    """Goods are exchanged for others: no money moves, and the plan goes on as it is. Raises UnableToReplay."""
    quote = RefundQuote(on=on, lines=facts.lines, on_plan=0, at_ordering=0)
    if facts.plan is None:
        return quote
    state = replay(facts.plan.terms, facts.plan.events)
    return replace(quote, balance_before=state.balance, balance_after=state.balance, before=state, after=state)


def _first_quote(facts: QuoteFacts, on: date, *, worth: int, on_plan: int) -> RefundQuote:
    """How the worth is divided: first the plan, then what was paid at ordering; nobody gets what nobody paid."""
    at_ordering = min(worth - on_plan, facts.paid_at_ordering)
    return RefundQuote(
        on=on,
        lines=facts.lines,
        on_plan=on_plan,
        at_ordering=at_ordering,
        unpaid=worth - on_plan - at_ordering,
    )


def _at_the_lender(quote: RefundQuote, fees_back: Components, plan: PlanFacts, fold: Fold) -> RefundQuote:
    """All of it goes to the lender. What it drops of its charges is its own to say: ours is what the plan would become,
    its surplus being balance there and not here.
    """
    events = _given(replace(quote, fees_back=fees_back), "", plan.future)
    after = fold_of(plan.terms, (*plan.events, *events))
    if after.balance:
        payout = Event(id="surplus", on=after.on, kind=EventKind.BALANCE_PAYOUT, amount=after.balance)
        _go_on(after, [payout])
    return replace(
        quote,
        partner=quote.on_plan,
        before=fold.freeze(on=max(fold.on, quote.on)),
        after=after.freeze(on=max(after.on, quote.on)),
    )


def _carried_out(
    quote: RefundQuote, plan: PlanFacts, fold: Fold, *, case: str, may_leave: int, paid_out_on: date
) -> RefundQuote:
    """The plan before and after. `fold` is the plan as it is; it goes on from there unless something happened later.

    Balance beyond `may_leave` was never paid in: the value is lowered by it, and what that cannot absorb stays balance.
    """
    before, forgone = fold.freeze(on=max(fold.on, quote.on)), _forgone(fold.shares)
    events = _given(quote, case, plan.future)
    if fold.on > quote.on:
        fold = fold_of(plan.terms, (*plan.events, *events))
    else:
        _go_on(fold, events)
    gifts = min(quote.on_plan, max(0, fold.balance - may_leave))
    if gifts:
        quote = replace(quote, on_plan=quote.on_plan - gifts, gifts=gifts)
        events = _given(quote, case, plan.future)
        fold = fold_of(plan.terms, (*plan.events, *events))
    cash = min(fold.balance, may_leave)
    paid_out_on = max(paid_out_on, fold.on)
    if cash:
        payout = Event(id=f"{case}.balance_payout", on=paid_out_on, kind=EventKind.BALANCE_PAYOUT, amount=cash)
        _go_on(fold, [payout])
        events = [*events, payout]
    after = fold.freeze(on=max(fold.on, quote.on))
    return replace(
        quote,
        off_plan=_off_plan(before, after, forgone, _forgone(fold.shares)),
        cash=cash,
        cash_over=split(cash, plan.sources, on=paid_out_on),
        balance_before=before.balance,
        balance_after=after.balance,
        before=before,
        after=after,
        events=tuple(events),
    )


def _given(quote: RefundQuote, case: str, future: FutureRule | None) -> list[Event]:
    """What is given to the plan on the day of the return: for the goods, and each charge by itself."""
    events = []
    if quote.on_plan:
        refund = Event(id=f"{case}.refund", on=quote.on, kind=EventKind.REFUND, amount=quote.on_plan, future=future)
        events.append(refund)
    for component in (Component.INTEREST, Component.FEE, Component.LATE_FEE):
        amount = getattr(quote.fees_back, component.value)
        if amount:
            fee = Event(
                id=f"{case}.fee_refund.{component.value}",
                on=quote.on,
                kind=EventKind.FEE_REFUND,
                amount=amount,
                component=component,
                future=future,
            )
            events.append(fee)
    return events


def _go_on(fold: Fold, events: Iterable[Event]) -> None:
    for event in events:
        apply(fold, event)


def _sums(shares: Iterable[Share]) -> _Sums:
    amounts = dict.fromkeys(EventKind, 0)
    for share in shares:
        amounts[share.kind] += share.amount
    return _Sums(
        paid_in=amounts[EventKind.REPAYMENT] + amounts[EventKind.SETTLEMENT] - amounts[EventKind.CHARGEBACK],
        paid_out=amounts[EventKind.BALANCE_PAYOUT],
        refunded=amounts[EventKind.REFUND],
        adjusted=amounts[EventKind.PRICE_ADJUSTMENT],
    )


def _late_fees_after(on: date, events: Iterable[Event], shares: Iterable[Share]) -> int:
    """Late fees that stand and were charged after the day."""
    later = {event.id for event in events if event.kind is EventKind.LATE_FEE and event.on > on}
    return sum(share.amount for share in shares if share.event in later) if later else 0


def _forgone(shares: Iterable[Share]) -> Components:
    """What was lowered without a payment, by waivers and settlements."""
    amounts = [share.forgone for share in shares if any(share.forgone)]
    return Components(*map(sum, zip(*amounts, strict=True))) if amounts else _NOTHING


def _off_plan(before: PlanState, after: PlanState, forgone_before: Components, forgone_after: Components) -> Components:
    """What the return took off the plan: what is owed less, and what a later settlement or waiver need not forgo."""
    parts = zip(before.totals.outstanding, after.totals.outstanding, forgone_before, forgone_after, strict=True)
    return Components(*[owed - owed_after + lost - lost_after for owed, owed_after, lost, lost_after in parts])


def _plan_mapping(state: PlanState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    return {
        "status": state.status.value,
        "balance": state.balance,
        "outstanding": state.totals.outstanding.total,
        "settlement_quote": state.settlement_quote,
        "days_past_due": state.days_past_due,
        "rows": _row_mappings(state.rows),
    }


def _row_mappings(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "n": row.n,
            "due_on": row.due_on.isoformat(),
            "is_down_payment": row.is_down_payment,
            "due": row.due._asdict(),
            "paid": row.paid._asdict(),
            "outstanding": row.outstanding.total,
        }
        for row in rows
    ]
