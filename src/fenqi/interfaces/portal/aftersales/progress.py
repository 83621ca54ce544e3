"""The course of a case as a timeline: what comes next dashed on top, then what is now, then what has happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from fenqi.domain.aftersales.cases import MONEY_MOVED, CaseSignal, CaseState, Party
from fenqi.interfaces.portal.aftersales.words import stage_ahead, step_name
from fenqi.interfaces.portal.rail import Reader
from fenqi.interfaces.shared import formats
from fenqi.usecases import clock
from fenqi.usecases.aftersales.views import CaseStepView, CaseView, Stage, StageName, StageState

_UNTOLD = frozenset({CaseSignal.GOODS_CALLED, CaseSignal.REPLACEMENT_DUE})
"""They follow by themselves on the step before, in the same moment."""
_ENDED_BADLY = frozenset(
    {CaseSignal.REJECTED, CaseSignal.WITHDRAWN, CaseSignal.EXPIRED, CaseSignal.CAME_BACK, CaseSignal.TRACED}
)
_THE_CUSTOMERS_TURN = frozenset({CaseState.EVIDENCE_ASKED, CaseState.GOODS_AWAITED, CaseState.QUOTE_CHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row: `tone` is paid for what has happened, due or refund for what is now, future for what is to come."""

    title: str
    tone: str
    caption: str = ""
    when: str = ""
    is_now: bool = False


def timeline(case: CaseView, reader: Reader) -> tuple[Step, ...]:
    """Newest first."""
    ahead = [stage for stage in case.stages if stage.state is StageState.AHEAD and case.is_open]
    now = [stage for stage in case.stages if stage.state is StageState.NOW]
    told = [step for step in case.steps if not _goes_without_saying(step)]
    return (
        *(_ahead(stage, reader) for stage in reversed(ahead)),
        *(_now(case, stage, reader) for stage in reversed(now)),
        *(_done(case, step) for step in reversed(told)),
    )


def _goes_without_saying(step: CaseStepView) -> bool:
    if step.signal is CaseSignal.TAKEN:
        return step.before == step.after or step.party is Party.HOUSE
    return step.signal in _UNTOLD


def _ahead(stage: Stage, reader: Reader) -> Step:
    named = stage_ahead(stage.name)
    when = _by(stage, reader) if stage.name is StageName.ARRIVAL else _expected(stage, reader)
    return Step(title=named.name, caption=named.caption, tone="future", when=when)


def _now(case: CaseView, stage: Stage, reader: Reader) -> Step:
    named = stage_ahead(stage.name)
    waits = case.state in _THE_CUSTOMERS_TURN
    return Step(
        title=_waiting_title(case, stage),
        caption=_waiting_caption(case, stage) or named.caption,
        tone="due" if waits else "refund",
        when=_by(stage, reader) or _("now"),
        is_now=True,
    )


def _waiting_title(case: CaseView, stage: Stage) -> str:
    if case.state is CaseState.EVIDENCE_ASKED:
        return _("We wait for what you add")
    if case.offers_refund_instead:
        return _("We wait for you to confirm the refund")
    if case.state is CaseState.QUOTE_CHANGED:
        return _("We wait for you to confirm the new amounts")
    if stage.name is StageName.GOODS and case.tracking_no:
        return _("Your parcel is on its way to us")
    return stage_ahead(stage.name).name


def _waiting_caption(case: CaseView, stage: Stage) -> str:
    if stage.name is StageName.REVIEW and case.ahead is not None and case.state is not CaseState.EVIDENCE_ASKED:
        return queue_told(case.ahead)
    return _("We look every day, and write when it is there") if stage.name is StageName.ARRIVAL else ""


def queue_told(ahead: int) -> str:
    """How long the queue is, as it concerns whoever waits in it (R042)."""
    return _("%(count)s are reviewed before yours") % {"count": ahead} if ahead else _("Yours is reviewed next")


def _done(case: CaseView, step: CaseStepView) -> Step:
    return Step(
        title=_off_plan_only(case, step.signal)
        or _instead(case, step.signal)
        or _of_an_offer(case, step.signal)
        or step_name(step.signal),
        caption="\n".join(part for part in (*_particulars(case, step), step.note) if part),
        tone="cancelled" if step.signal in _ENDED_BADLY else "paid",
        when=formats.short_moment(step.at.astimezone(clock.mall_zone())),
    )


def _off_plan_only(case: CaseView, signal: CaseSignal) -> str:
    """What money steps are called where no money travels: all of it came off the plan."""
    if case.refunds or case.state not in MONEY_MOVED:
        return ""
    return {CaseSignal.EXECUTED: _("Your plan was lowered"), CaseSignal.ARRIVED: _("All done")}.get(signal, "")


def _instead(case: CaseView, signal: CaseSignal) -> str:
    """Of an exchange that is refunded the customer agrees to money at all, not to other amounts."""
    return _("You confirmed the refund") if case.was_exchange and signal is CaseSignal.CONFIRMED else ""


def _of_an_offer(case: CaseView, signal: CaseSignal) -> str:
    """An offer of ours was approved by being made: its customer took it, and nobody reviewed anything."""
    return _("You took our offer") if signal is CaseSignal.APPLIED and case.was_our_offer else ""


def _particulars(case: CaseView, step: CaseStepView) -> Iterator[str]:
    if step.signal is CaseSignal.SENT:
        yield f"{step.details.get('carrier', '')} {step.details.get('tracking_no', '')}".strip()
    if step.signal is CaseSignal.REPLACEMENT_SENT:
        yield case.replacement_tracking_no
    if step.signal is CaseSignal.RECEIVED:
        yield from deductions_told(case)


def deductions_told(case: CaseView) -> Iterator[str]:
    """What the inspection took off, line by line, and why."""
    for line in case.lines:
        if line.deduction_minor:
            amount = formats.money(line.deduction_minor, case.currency)
            yield _("%(amount)s taken off: %(why)s") % {"amount": amount, "why": line.deduction_note}


def _expected(stage: Stage, reader: Reader) -> str:
    return _("expected %(day)s") % {"day": _day(stage.expected_on, reader)} if stage.expected_on else ""


def _by(stage: Stage, reader: Reader) -> str:
    return _("by %(day)s") % {"day": _day(stage.expected_on, reader)} if stage.expected_on else ""


def _day(day: date, reader: Reader) -> str:
    return formats.plain_day(day, reader.language, today=reader.today)
