"""A plan, its payments and its cases together, in any order: the laws hold after every step.

Money comes in early, late, in part and told late; a plan is settled, fees are charged and waived, prices fall and are
made good in cash or off the plan, goodwill is given; pieces go back in several cases that are open at the same time,
are carried out days later, or are taken back.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import plan_strategies as plans
from fenqi.domain.aftersales.quote import PlanFacts, QuoteFacts, RefundQuote, quote_return
from fenqi.domain.aftersales.worth import BoughtLine, GivenDifference, worth_of
from fenqi.domain.ledger import Account, Books, Entry, check_books, clearing, entry_for
from fenqi.domain.payments.splitting import Source
from fenqi.domain.plans import Event, Terms, parse_event, parse_terms, replay, settlement_quote
from fenqi.domain.plans.terms import FeeOnRefund
from returns import is_conserved, spent

CHANNEL = clearing("test")
AMOUNTS = st.one_of(st.integers(1, 500), st.integers(500, 400_000))


@dataclass(frozen=True)
class OpenCase:
    """What was applied for, and the quote that was shown."""

    name: str
    pieces: dict[int, tuple[int, ...]]
    fee_rule: FeeOnRefund
    is_fault: bool
    quote: RefundQuote
    known: int


class Returns(RuleBasedStateMachine):
    @initialize(
        terms=plans.terms(),
        quantities=st.lists(st.integers(1, 4), min_size=1, max_size=3),
        at_ordering=st.integers(0, 50_000),
        discount=st.integers(0, 900),
    )
    def an_order(self, *, terms: Terms, quantities: list[int], at_ordering: int, discount: int) -> None:
        """The plan finances what the lines cost and was not paid at ordering."""
        total = terms.principal + at_ordering
        lines = [
            BoughtLine(
                line_no=n, quantity=quantity, unit_price=total // (len(quantities) * quantity), discount=discount
            )
            for n, quantity in enumerate(quantities, 1)
        ]
        cost = sum(line.unit_price * line.quantity - line.discount for line in lines)
        said = {**terms.to_mapping(), "principal": max(1_000, cost - at_ordering), "down_payment": None}
        self.terms = parse_terms(said)
        self.lines = {line.line_no: line for line in lines}
        self.paid_at_ordering = at_ordering
        self.today = self.terms.opened_on
        self.events: list[Event] = []
        self.sources: tuple[Source[str], ...] = ()
        self.paid_back = dict.fromkeys(("plan", "ordering", "differences"), 0)
        self.cases: dict[str, OpenCase] = {}
        self.returned: list[RefundQuote] = []
        self.fees_followed = 0
        self.state = replay(self.terms, [])
        self.entries: list[Entry | None] = [entry_for(None, self.state, None, source=CHANNEL)]
        self.made = 0

    # What happens to the plan ----------------------------------------------------------------------------------------

    @rule(days=st.integers(1, 50))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(amount=AMOUNTS, told_after=st.sampled_from([0, 0, 3, 30]))
    def money_comes(self, amount: int, told_after: int) -> None:
        on = max(self.terms.opened_on, self.today - timedelta(days=told_after))
        key = self.happens("repayment", on=on, amount=amount)
        self.keep_payment(key, on, amount)

    @rule()
    def the_plan_is_settled(self) -> None:
        amount = settlement_quote(self.terms, self.events, max(self.today, self.state.on)).total
        if amount and self.today >= self.state.on:
            self.keep_payment(self.happens("settlement", amount=amount), self.today, amount)

    @rule(kind=st.sampled_from(["late_fee", "fee"]), amount=st.integers(1, 3_000))
    def a_fee_is_charged(self, kind: str, amount: int) -> None:
        self.happens(kind, amount=amount)

    @rule(amount=st.integers(1, 3_000), component=st.sampled_from(["late_fee", "fee", "interest"]))
    def a_charge_is_waived(self, amount: int, component: str) -> None:
        self.happens("waiver", amount=amount, component=component)

    @rule(amount=st.integers(1, 20_000))
    def goodwill_is_given(self, amount: int) -> None:
        self.happens("credit", amount=amount)

    @rule(days=st.integers(1, 40))
    def the_first_row_is_extended(self, days: int) -> None:
        self.happens("extension", from_row=1, days=days)

    @rule(data=st.data())
    def a_payment_is_reversed(self, data: st.DataObject) -> None:
        """A payment that nothing went back over, as long as what went back is still covered."""
        untouched = [one for one in self.sources if one.left == self.paid[one.key]]
        if not untouched:
            return
        source = data.draw(st.sampled_from(untouched))
        if sum(self.paid.values()) - source.left >= self.paid_back["plan"] + self.paid_back["differences"]:
            self.happens("reversal", of=source.key)
            self.sources = tuple(one for one in self.sources if one.key != source.key)
            self.gone.add(source.key)

    # A price falls ---------------------------------------------------------------------------------------------------

    @rule(data=st.data(), each=st.integers(1, 2_000), in_cash=st.booleans())
    def a_price_falls(self, *, data: st.DataObject, each: int, in_cash: bool) -> None:
        """It is made good for the pieces that are kept, as far as they are worth it and it can be carried."""
        line = self.lines[data.draw(st.sampled_from(sorted(self.lines)))]
        kept = tuple(n for n in range(1, line.quantity + 1) if n not in self.taken(line.line_no))
        worth = worth_of(line, kept, freight_back=False).value
        amount = min(each * len(kept), worth)
        if in_cash:
            amount = min(amount, sum(one.left for one in self.sources), self.left_to_leave())
        else:
            amount = min(amount, self.state.totals.outstanding.total)
        if not amount:
            return
        given = GivenDifference(amount=amount, pieces=kept)
        self.lines[line.line_no] = replace(line, differences=(*line.differences, given))
        if in_cash:
            self.paid_back["differences"] += amount
            self.take_over_payments(amount)
        else:
            self.happens("price_adjustment", amount=amount)

    # Goods go back ---------------------------------------------------------------------------------------------------

    @rule(data=st.data(), fee_rule=st.sampled_from(FeeOnRefund), is_fault=st.booleans())
    def a_return_is_applied_for(self, *, data: st.DataObject, fee_rule: FeeOnRefund, is_fault: bool) -> None:
        pieces = {}
        for line in self.lines.values():
            free = [n for n in range(1, line.quantity + 1) if n not in self.taken(line.line_no)]
            chosen = data.draw(st.integers(0, len(free)))
            if chosen:
                pieces[line.line_no] = tuple(free[:chosen])
        if pieces:
            self.made += 1
            name = f"case {self.made}"
            quote = self.quoted(name, pieces, fee_rule, on=self.today, is_fault=is_fault)
            self.cases[name] = OpenCase(name, pieces, fee_rule, is_fault, quote, len(self.events))

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def a_case_is_taken_back(self, data: st.DataObject) -> None:
        del self.cases[data.draw(st.sampled_from(sorted(self.cases)))]

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def a_case_is_carried_out(self, data: st.DataObject) -> None:
        case = self.cases.pop(data.draw(st.sampled_from(sorted(self.cases))))
        quote = self.quoted(case.name, case.pieces, case.fee_rule, on=case.quote.on, is_fault=case.is_fault)
        if len(self.events) == case.known and quote.lines == case.quote.lines and not self.returned:
            assert (quote.value, quote.fees_back) == (case.quote.value, case.quote.fees_back), "as it was shown"
        for event in quote.events:
            self.becomes_known(event, source=Account.PAYABLE_REFUND)
        assert quote.after is not None
        assert (quote.after.rows, quote.after.balance) == (self.state.rows, self.state.balance)
        self.sources = spent(self.sources, quote)
        self.paid_back["plan"] += quote.cash
        self.paid_back["ordering"] += quote.at_ordering
        self.returned.append(quote)

    # The laws --------------------------------------------------------------------------------------------------------

    @invariant()
    def nobody_gets_back_more_than_was_paid(self) -> None:
        if not hasattr(self, "terms"):
            return
        assert self.paid_back["plan"] + self.paid_back["differences"] <= sum(self.paid.values())
        assert self.paid_back["ordering"] <= self.paid_at_ordering
        assert all(source.left >= 0 for source in self.sources)

    @invariant()
    def no_piece_is_worth_more_than_it_cost(self) -> None:
        for line in getattr(self, "lines", {}).values():
            values = sum(one.value for quote in self.returned for one in quote.lines if one.line_no == line.line_no)
            numbers = [
                n for quote in self.returned for one in quote.lines if one.line_no == line.line_no for n in one.pieces
            ]
            assert len(numbers) == len(set(numbers))
            assert values <= line.unit_price * len(numbers)
            if len(numbers) == line.quantity:
                whole = line.unit_price * line.quantity - line.discount
                assert values + sum(given.amount for given in line.differences) <= whole + line.quantity

    @invariant()
    def the_books_balance_and_agree_with_the_plan(self) -> None:
        if not hasattr(self, "terms"):
            return
        posted = [entry for entry in self.entries if entry is not None]
        assert check_books(Books(entries={"p": posted}, states={"p": self.state})) == []
        cash = Books(entries={"p": posted}).standing_on("p")[Account.PAYABLE_REFUND]
        assert -cash == self.paid_back["plan"]

    @invariant()
    def charges_never_go_back_beyond_what_was_charged(self) -> None:
        for quote in getattr(self, "returned", []):
            assert is_conserved(quote)
            assert min(quote.fees_back) >= 0

    # How it is done --------------------------------------------------------------------------------------------------

    @property
    def paid(self) -> dict[str, int]:
        """What came in by each payment that stands."""
        return {one.id: one.amount or 0 for one in self.events if one.id in self.kept and one.id not in self.gone}

    def keep_payment(self, key: str, on: date, amount: int) -> None:
        source = Source(key=key, order=(on, key), paid_on=on, left=amount, refund_days=365)
        self.sources = (*self.sources, source)
        self.kept.add(key)

    def left_to_leave(self) -> int:
        return sum(self.paid.values()) - self.paid_back["plan"] - self.paid_back["differences"]

    def take_over_payments(self, amount: int) -> None:
        left = amount
        taken = []
        for source in self.sources:
            part = min(left, source.left)
            left -= part
            taken.append(replace(source, left=source.left - part))
        self.sources = tuple(taken)

    def taken(self, line_no: int) -> set[int]:
        """The pieces that went back, or that an open case holds."""
        open_pieces = {n for case in self.cases.values() for n in case.pieces.get(line_no, ())}
        gone = {n for quote in self.returned for one in quote.lines if one.line_no == line_no for n in one.pieces}
        return open_pieces | gone

    def quoted(
        self, name: str, pieces: dict[int, tuple[int, ...]], fee_rule: FeeOnRefund, *, on: date, is_fault: bool
    ) -> RefundQuote:
        facts = QuoteFacts(
            lines=tuple(
                worth_of(self.lines[line_no], numbers, freight_back=False) for line_no, numbers in pieces.items()
            ),
            plan=PlanFacts(
                terms=self.terms,
                events=tuple(self.events),
                fee_rule=fee_rule,
                late_fees_back=is_fault,
                differences_paid=self.paid_back["differences"],
                sources=self.sources,
            ),
            paid_at_ordering=self.paid_at_ordering - self.paid_back["ordering"],
            case=name,
        )
        quote = quote_return(facts, on=on, paid_out_on=self.today)
        assert is_conserved(quote)
        assert sum(part.amount for part in quote.cash_over.parts) + quote.cash_over.remainder == quote.cash
        assert quote.cash <= max(0, self.left_to_leave())
        return quote

    def happens(self, kind: str, *, on: date | None = None, **fields: object) -> str:
        """Something becomes known of the plan; the id of its event."""
        self.made += 1
        name = f"{kind} {self.made}"
        event = parse_event({"id": name, "kind": kind, "on": (on or self.today).isoformat(), **fields})
        self.becomes_known(event, source=CHANNEL)
        return name

    def becomes_known(self, event: Event, *, source: str) -> None:
        after = replay(self.terms, [*self.events, event])
        self.entries.append(entry_for(self.state, after, event, source=source))
        self.events.append(event)
        self.state = after

    def __init__(self) -> None:
        super().__init__()
        self.kept: set[str] = set()
        self.gone: set[str] = set()


TestReturns = Returns.TestCase
TestReturns.settings = settings(stateful_step_count=25)
