"""What helps a customer who cannot pay in time, as documents. Amounts are `*_minor` of the `currency` beside them."""

from datetime import date, datetime
from uuid import UUID

from fenqi.interfaces.api.documents import Outgoing
from fenqi.usecases.hardship.credit_marks import MarkView
from fenqi.usecases.hardship.extension import QuotedExtension
from fenqi.usecases.hardship.promises import PromiseView
from fenqi.usecases.hardship.queries import HelpView


class Promise(Outgoing):
    """A sum by the end of a day. `state`: open, kept, broken, withdrawn or void (nothing was left to pay)."""

    promise_id: UUID
    amount_minor: int
    currency: str
    made_on: date
    pay_by: date
    state: str
    paid_minor: int


class Extension(Outgoing):
    """Whether the customer may move the next due date today: `days` that may be chosen, or the code of the rule."""

    is_open: bool
    days: list[int]
    fee_minor: int
    refused_by: str


class DueDate(Outgoing):
    row: int
    due_on: date


class ExtensionQuote(Outgoing):
    """What moving the next due date does; confirm it by its `quote_token` before `valid_until`."""

    quote_token: str
    valid_until: datetime
    plan_id: UUID
    row: int
    days: int
    fee_minor: int
    currency: str
    outstanding_before_minor: int
    outstanding_after_minor: int
    due_dates_after: list[DueDate]


class ExtensionDone(Outgoing):
    """The change that was made; asked again under the same key, it is the same one."""

    change_id: UUID
    plan_id: UUID


class CreditMark(Outgoing):
    """What the bureau is told of an installment. `state`: warned, marked, dropped or withdrawn.

    `report_on`: the day that the customer was told; nothing is reported to who was not reached (`warned_at`).
    """

    mark_id: UUID
    row: int
    due_on: date
    amount_minor: int
    currency: str
    state: str
    report_on: date
    warned_at: datetime | None
    marked_at: datetime | None
    cleared_on: date | None
    objected_at: datetime | None
    answered_at: datetime | None


class Help(Outgoing):
    """The ways that are open on a plan, and its credit record. `promise` is the one that stands: reminders wait."""

    plan_id: UUID
    currency: str
    overdue_minor: int
    days_past_due: int
    late_fee_today_minor: int
    promise: Promise | None
    latest_promise_day: date
    extension: Extension | None
    offered_change_id: UUID | None
    credit_marks: list[CreditMark]


def help_document(view: HelpView) -> Help:
    today = view.found.today
    return Help(
        plan_id=view.plan_id,
        currency=view.terms.currency,
        overdue_minor=sum(row.outstanding.total for row in view.state.rows if row.due_on < today),
        days_past_due=view.state.days_past_due,
        late_fee_today_minor=view.late_fee_by(today),
        promise=promise(view.promise) if view.promise else None,
        latest_promise_day=view.latest_promise_day,
        extension=_extension(view),
        offered_change_id=view.offered.change_id if view.offered else None,
        credit_marks=[credit_mark(mark) for mark in view.marks],
    )


def _extension(view: HelpView) -> Extension | None:
    offer = view.extension
    if offer is None:
        return None
    return Extension(
        is_open=offer.is_open,
        days=list(offer.days),
        fee_minor=view.policy.rules.extension_fee_minor,
        refused_by=offer.refusal.code if offer.refusal else "",
    )


def extension_quote(quoted: QuotedExtension) -> ExtensionQuote:
    quote = quoted.quote
    return ExtensionQuote(
        quote_token=quoted.token,
        valid_until=quoted.valid_until,
        plan_id=quoted.plan_id,
        row=quote.row,
        days=quote.days,
        fee_minor=quote.fee,
        currency=quoted.currency,
        outstanding_before_minor=quote.before.totals.outstanding.total,
        outstanding_after_minor=quote.after.totals.outstanding.total,
        due_dates_after=[DueDate(row=row.n, due_on=row.due_on) for row in quote.after.rows if row.outstanding.total],
    )


def promise(view: PromiseView) -> Promise:
    return Promise(
        promise_id=view.promise_id,
        amount_minor=view.amount_minor,
        currency=view.currency,
        made_on=view.made_on,
        pay_by=view.pay_by,
        state=view.state.value,
        paid_minor=view.paid_minor,
    )


def credit_mark(view: MarkView) -> CreditMark:
    return CreditMark(
        mark_id=view.mark_id,
        row=view.n,
        due_on=view.due_on,
        amount_minor=view.amount_minor,
        currency=view.currency,
        state=view.state.value,
        report_on=view.report_on,
        warned_at=view.warned_at,
        marked_at=view.marked_at,
        cleared_on=view.cleared_on,
        objected_at=view.objected_at,
        answered_at=view.answered_at,
    )
