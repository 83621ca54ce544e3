"""Returns on plans, for the tests of the refund quote: facts made by hand, and what happens to a plan by a quote."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from fenqi.domain.aftersales.quote import PlanFacts, QuoteFacts, RefundQuote, quote_return
from fenqi.domain.aftersales.worth import LineWorth
from fenqi.domain.payments.splitting import Source
from fenqi.domain.plans import Event, Terms


def goods(value: int, *, line_no: int = 1, pieces: tuple[int, ...] = (1,)) -> LineWorth:
    """Pieces that are worth `value` minor units."""
    return LineWorth(line_no=line_no, pieces=pieces, goods=value, discount=0, difference=0, freight=0, deduction=0)


def facts(value: int, terms: Terms, events: Sequence[Event] = (), **more: Any) -> QuoteFacts:
    """Goods worth `value` of an order on that plan; `more` is the plan's, but `paid_at_ordering` and `case`."""
    beside = {name: more.pop(name) for name in ("paid_at_ordering", "case") if name in more}
    plan = PlanFacts(terms=terms, events=tuple(events), **more)
    return QuoteFacts(lines=(goods(value),), plan=plan, **beside)


def returned(value: int, terms: Terms, events: Sequence[Event], on: date | str, **more: Any) -> RefundQuote:
    """The quote of a return that takes effect, and is paid out, on that day."""
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return quote_return(facts(value, terms, events, **more), on=day)


def carried_out(events: Sequence[Event], quote: RefundQuote) -> list[Event]:
    """What is known of the plan once the return was carried out."""
    return [*events, *quote.events]


def payment(key: str, paid_on: str, left: int, *, refund_days: int = 365) -> Source[str]:
    """A payment that money may go back over."""
    day = date.fromisoformat(paid_on)
    return Source(key=key, order=(day, key), paid_on=day, left=left, refund_days=refund_days)


def spent(sources: Sequence[Source[str]], quote: RefundQuote) -> tuple[Source[str], ...]:
    """The payments with what is left of them after the quote's cash went back."""
    gone = {part.key: part.amount for part in quote.cash_over.parts}
    return tuple(replace(source, left=source.left - gone.get(source.key, 0)) for source in sources)


def is_conserved(quote: RefundQuote) -> bool:
    """Value on the plan + fees back + balance before = off the plan + cash + balance after."""
    given = quote.on_plan + quote.fees_back.total + quote.balance_before
    return given == quote.off_plan.total + quote.cash + quote.balance_after
