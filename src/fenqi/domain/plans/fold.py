"""A plan in motion: its rows, the money that came, and the state they make. Mutable, and of one replay alone."""

from collections.abc import Iterator
from datetime import date
from operator import attrgetter

from fenqi.domain.plans.asking import unasked
from fenqi.domain.plans.open_rows import FEE, INDEX, INTEREST, OpenRow, Share
from fenqi.domain.plans.schedule import ScheduledRow, lay_out
from fenqi.domain.plans.state import Components, PlanState, PlanStatus, Totals
from fenqi.domain.plans.terms import Terms

by_due_on = attrgetter("due_on")


class Fold:
    """What the events so far have made of a plan.

    `rows` stand in order of their number, `by_date` in order of due date. `shares` is what each event did, in order of
    date. The functions of `effects` change it event by event; `freeze` tells the state.
    """

    __slots__ = (
        "balance",
        "by_date",
        "is_charged_off",
        "on",
        "order",
        "refunded",
        "rows",
        "scheduled",
        "shares",
        "terms",
    )

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.order = tuple([INDEX[component] for component in terms.allocation.order])
        self.scheduled = lay_out(terms)
        self.rows = [_opened_row(*scheduled) for scheduled in self.scheduled]
        self.by_date = sorted(self.rows, key=by_due_on)
        self.shares: list[Share] = []
        self.balance = 0
        self.refunded = 0
        self.is_charged_off = False
        self.on = terms.opened_on

    def added_row(self, due_on: date) -> OpenRow:
        """The one row beyond the schedule; a later fee or chargeback moves its due date on (rule 10)."""
        added = next((row for row in self.rows if row.is_added), None)
        if added is None:
            added = OpenRow(due_on, [0, 0, 0, 0])
            added.is_added = True
            self.rows.append(added)
        added.due_on = max(added.due_on, due_on)
        self.sort()
        return added

    def sort(self) -> None:
        self.by_date = sorted(self.rows, key=by_due_on)

    def from_balance(self, amount: int) -> Iterator[tuple[int, Share]]:
        """Take `amount` out of the credit balance, oldest money first: each part with the event that brought it."""
        left = amount
        for share in self.shares:
            if not left:
                return
            if share.available:
                part = min(share.available, left)
                share.available -= part
                self.balance -= part
                left -= part
                yield part, share

    def unasked(self, on: date) -> Iterator[tuple[OpenRow, int, int]]:
        """The rows with the interest and fee that a settlement on that day does not ask for (rule 11)."""
        return unasked(self.by_date, on=on, opened_on=self.terms.opened_on, rounding=self.terms.rounding)

    def asked(self, on: date) -> Components:
        """What settles the plan on that day, by component."""
        owed = list(totals_of(self.rows).outstanding)
        for _, interest, fee in self.unasked(on):
            owed[INTEREST] -= interest
            owed[FEE] -= fee
        return Components(*owed)

    def _quote(self, owed: int, on: date) -> int:
        """What settles the plan on that day, in all."""
        return owed - sum([interest + fee for _, interest, fee in self.unasked(on)]) if owed else 0

    def freeze(self, *, on: date | None = None) -> PlanState:
        """The state as of the end of that day, by default the latest date among the events."""
        on = on or self.on
        totals = totals_of(self.rows)
        owed = totals.outstanding.total
        return PlanState(
            on=on,
            status=self._status(owed),
            balance=self.balance,
            rows=tuple([row.frozen(n) for n, row in enumerate(self.rows, start=1)]),
            totals=totals,
            settlement_quote=self._quote(owed, on),
            days_past_due=self._days_past_due(on),
            allocations=tuple([share.frozen() for share in self.shares]),
            opened=_opened(self.scheduled),
        )

    def _status(self, owed: int) -> PlanStatus:
        """Rule 13. Being charged off describes a debt: once it is paid after all, the plan is settled."""
        if owed:
            return PlanStatus.CHARGED_OFF if self.is_charged_off else PlanStatus.ACTIVE
        if self.balance:
            return PlanStatus.OVERPAID
        return PlanStatus.CANCELLED if self.refunded >= self.terms.principal else PlanStatus.SETTLED

    def _days_past_due(self, on: date) -> int:
        """From the oldest open row's due date; grace does not shorten it (rule 13)."""
        oldest = next((row.due_on for row in self.by_date if row.outstanding), on)
        return max(0, (on - oldest).days)


def _opened_row(due_on: date, principal: int, interest: int, fee: int, is_down_payment: bool) -> OpenRow:  # noqa: FBT001  the fields of a ScheduledRow
    return OpenRow(due_on, [principal, interest, fee, 0], flat_fee=fee, is_down_payment=is_down_payment)


def _opened(scheduled: tuple[ScheduledRow, ...]) -> Components:
    return Components(
        sum([row.principal for row in scheduled]),
        sum([row.interest for row in scheduled]),
        sum([row.fee for row in scheduled]),
    )


def totals_of(rows: list[OpenRow]) -> Totals:
    due = Components(*map(sum, zip(*[row.due for row in rows], strict=True)))
    paid = Components(*map(sum, zip(*[row.paid for row in rows], strict=True)))
    outstanding = Components(due[0] - paid[0], due[1] - paid[1], due[2] - paid[2], due[3] - paid[3])
    return Totals(due, paid, outstanding, sum([row.paid_early for row in rows]), sum([row.paid_late for row in rows]))
