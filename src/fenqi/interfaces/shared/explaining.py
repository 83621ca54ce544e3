"""Why an amount is what it is, in sentences: for the customer, for the agent, for finance, the same ones."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fenqi.domain.plans import Components, EventKind, Method, Terms
from fenqi.domain.plans.explaining import Basis, RowStory, Step
from fenqi.domain.plans.terms import FeeTiming, Remainder
from fenqi.interfaces.shared.formats import Language, full_day, money, percent
from fenqi.usecases.explaining.queries import Booked, InstallmentStory, ToldStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One step. `change` is by how much the installment grew (above zero) or fell; `booked` proves it."""

    text: str
    change_minor: int
    on: date | None
    booked: Booked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An installment as its page tells it: what it comes to, and every sentence from the terms to now."""

    name: str
    answer: str
    outstanding_minor: int
    currency: str
    basis: tuple[str, ...]
    sentences: tuple[Sentence, ...]
    parts: tuple[tuple[str, int], ...]


def explained(told: InstallmentStory, *, language: Language, today: date) -> Explained:
    words = _Words(told.terms, language, today)
    story = told.story
    return Explained(
        name=words.name(story),
        answer=words.answer(story),
        outstanding_minor=story.row.outstanding.total,
        currency=told.terms.currency,
        basis=tuple(words.basis(story)),
        sentences=tuple(words.sentence(step) for step in told.steps),
        parts=tuple(words.parts(story)),
    )


def component_name(component: str) -> str:
    names = {
        "principal": _("Principal"),
        "interest": _("Interest"),
        "fee": _("Fee"),
        "late_fee": _("Late fee"),
    }
    return names[component]


@dataclass(frozen=True, slots=True)
class _Words:
    terms: Terms
    language: Language
    today: date

    def name(self, story: RowStory) -> str:
        if story.row.is_down_payment:
            return _("Down payment")
        number = story.n - (1 if self.terms.down_payment_amount else 0)
        return _("Installment %(number)s") % {"number": number}

    def answer(self, story: RowStory) -> str:
        """The first line: what it is and why, in one sentence."""
        row = story.row
        values = {
            "due": self._money(row.due.total),
            "paid": self._money(row.paid.total),
            "left": self._money(row.outstanding.total),
        }
        if not row.outstanding.total:
            return _("%(due)s, and nothing of it is left to pay") % values
        if row.paid.total:
            return _("%(due)s, of which %(paid)s is paid: %(left)s is left") % values
        return _("%(due)s, and nothing of it is paid yet") % values

    def parts(self, story: RowStory) -> Iterator[tuple[str, int]]:
        for component in Components._fields:
            amount = getattr(story.row.due, component)
            if amount:
                yield component_name(component), amount

    def basis(self, story: RowStory) -> Iterator[str]:
        basis = story.basis
        if basis is None:
            yield _("It was not part of the schedule: it came to be owed later.")
            return
        if basis.is_down_payment:
            yield _("The down payment of %(amount)s out of the price of %(price)s, due when the plan was opened.") % {
                "amount": self._money(story.scheduled.principal),
                "price": self._money(basis.balance),
            }
            return
        yield self._principal(story, basis)
        if story.scheduled.interest:
            yield self._interest(story, basis)
        if self.terms.method is Method.FLAT_FEE:
            yield self._fee(story, basis)
        if not (story.scheduled.interest or story.scheduled.fee):
            yield _("There is no interest and no fee on it.")

    def _principal(self, story: RowStory, basis: Basis) -> str:
        values = {
            "financed": self._money(basis.financed),
            "count": self.terms.installments,
            "principal": self._money(story.scheduled.principal),
        }
        if self.terms.method is Method.EQUAL_INSTALLMENT:
            return _("Every installment is the same sum; %(principal)s of this one is principal.") % values
        if self.terms.remainder is Remainder.LAST:
            return (
                _("%(financed)s in %(count)s parts: %(principal)s is this one's. What rounding leaves is in the last.")
                % values
            )
        return (
            _("%(financed)s in %(count)s parts: %(principal)s is this one's. What rounding leaves is in the first.")
            % values
        )

    def _interest(self, story: RowStory, basis: Basis) -> str:
        return _("Interest: %(rate)s a year on the %(balance)s not due before, for %(time)s: %(interest)s.") % {
            "rate": percent(self.terms.annual_rate),
            "balance": self._money(basis.balance),
            "time": self._time(basis),
            "interest": self._money(story.scheduled.interest),
        }

    def _time(self, basis: Basis) -> str:
        numerator, denominator = basis.year_part
        if denominator == 12:  # noqa: PLR2004 - months of a year
            return ngettext("%(count)s month", "%(count)s months", numerator) % {"count": numerator}
        days = (basis.due_on - basis.starts_on).days
        return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}

    def _fee(self, story: RowStory, basis: Basis) -> str:
        values = {
            "rate": percent(self.terms.fee_rate),
            "financed": self._money(basis.financed),
            "count": self.terms.installments,
            "fee": self._money(story.scheduled.fee),
        }
        if self.terms.fee_timing is FeeTiming.FIRST:
            return (
                _(
                    "The fee is %(rate)s of %(financed)s for each of %(count)s installments, all of it in the first: "
                    "%(fee)s here."
                )
                % values
            )
        return (
            _(
                "The fee is %(rate)s of %(financed)s for each of %(count)s installments, worked out once and shared: "
                "%(fee)s here."
            )
            % values
        )

    def sentence(self, told: ToldStep) -> Sentence:
        step = told.step
        return Sentence(
            text=self._told(step),
            change_minor=step.due.total - step.paid.total,
            on=step.event.on,
            booked=told.booked,
        )

    def _told(self, step: Step) -> str:
        event = step.event
        values = {
            "on": full_day(event.on, self.language, today=self.today),
            "amount": self._money(event.amount or 0),
            "here": self._money(step.paid.total),
            "more": self._money(step.due.total),
            "less": self._money(-step.due.total),
            "to": full_day(step.moved_to, self.language, today=self.today) if step.moved_to else "",
        }
        if step.moved_to and not (any(step.due) or any(step.paid)):
            return _("%(on)s: the due date moved to %(to)s.") % values
        return _SENTENCES[event.kind]() % values

    def _money(self, minor: int) -> str:
        return money(minor, self.terms.currency)


_SENTENCES: dict[EventKind, Callable[[], str]] = {
    EventKind.REPAYMENT: lambda: _("%(on)s: %(amount)s was repaid, %(here)s of it went here."),
    EventKind.SETTLEMENT: lambda: _("%(on)s: the plan was settled early with %(amount)s, %(here)s of it went here."),
    EventKind.REFUND: lambda: _("%(on)s: goods worth %(amount)s went back, %(here)s of it came off here."),
    EventKind.PRICE_ADJUSTMENT: lambda: _(
        "%(on)s: the price fell and %(amount)s came off the plan, %(here)s of it here."
    ),
    EventKind.CREDIT: lambda: _("%(on)s: the mall gave a credit of %(amount)s, %(here)s of it here."),
    EventKind.FEE_REFUND: lambda: _("%(on)s: %(amount)s of fees was given back, %(here)s of it came off here."),
    EventKind.FEE: lambda: _("%(on)s: a fee of %(more)s was charged."),
    EventKind.LATE_FEE: lambda: _("%(on)s: a late fee of %(more)s was charged."),
    EventKind.WAIVER: lambda: _("%(on)s: %(less)s was waived."),
    EventKind.REVERSAL: lambda: _("%(on)s: something that had been recorded was undone, which changed %(here)s here."),
    EventKind.CHARGEBACK: lambda: _("%(on)s: a bank took %(amount)s back; %(more)s is owed again here."),
    EventKind.BALANCE_PAYOUT: lambda: _("%(on)s: %(amount)s of credit was paid out; %(more)s is owed again here."),
    EventKind.EXTENSION: lambda: _("%(on)s: the plan was extended."),
    EventKind.RESCHEDULE: lambda: _("%(on)s: what was open was laid out anew, which changed %(more)s here."),
    EventKind.CHARGE_OFF: lambda: _("%(on)s: the plan was written off."),
    EventKind.LOOK: lambda: _("%(on)s: noted."),
}
