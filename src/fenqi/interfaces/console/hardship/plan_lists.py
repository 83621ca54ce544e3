"""What has gathered about one plan that is past due: its changes, credit marks, contacts and promises, as lists."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from fenqi.interfaces.console import words
from fenqi.interfaces.console.lists import MOST_READ, Column, Kind, Listing, amount, read_listing, worded
from fenqi.usecases.hardship.contacts import ContactView, contacts_of
from fenqi.usecases.hardship.credit_marks import MarkView
from fenqi.usecases.hardship.promises import PromiseView, promises_of
from fenqi.usecases.hardship.rows import ChangeView, changes_of

ROWS_AT_ONCE: Final = 10

CHANGES: Final[Sequence[Column[ChangeView]]] = (
    worded("what", _("What it is"), words.CHANGE_KINDS, lambda one: one.kind),
    worded("state", _("State"), words.CHANGE_STATES, lambda one: one.state),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.currency),
    Column(key="proposed", title=_("Proposed"), value=lambda one: one.proposed_at, kind=Kind.MOMENT),
    Column(key="reason", title=_("Reason"), value=lambda one: one.reason),
    Column(key="done", title=_("Done"), value=lambda one: one.done_at, kind=Kind.MOMENT),
)

MARKS: Final[Sequence[Column[MarkView]]] = (
    Column(key="due", title=_("When due"), value=lambda one: one.due_on, kind=Kind.DAY),
    worded("state", _("State"), words.MARK_STATES, lambda one: one.state),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.currency),
    Column(key="told", title=_("Customer warned"), value=lambda one: one.warned_at, kind=Kind.MOMENT),
    Column(key="day", title=_("Day of the report"), value=lambda one: one.report_on, kind=Kind.DAY),
    worded("still", _("Stands still"), words.STANDSTILLS, lambda one: one.standstill, has_choices=False),
    Column(key="lender", title=_("Handed to the lender"), value=lambda one: one.exported_at, kind=Kind.MOMENT),
    Column(key="end", title=_("How it ended"), value=lambda one: one.ended_reason),
    Column(key="objection", title=_("Objection"), value=lambda one: one.objection),
    Column(key="answer", title=_("Answer to it"), value=lambda one: one.answer),
)

CONTACTS: Final[Sequence[Column[ContactView]]] = (
    Column(key="at", title=_("When"), value=lambda one: one.at, kind=Kind.MOMENT),
    worded("how", _("Who called"), words.CONTACT_WAYS, lambda one: one.how),
    worded("outcome", _("Outcome"), words.CONTACT_OUTCOMES, lambda one: one.outcome),
    Column(key="note", title=_("Note"), value=lambda one: one.note),
)

PROMISES: Final[Sequence[Column[PromiseView]]] = (
    Column(key="made", title=_("Promised at"), value=lambda one: one.made_at, kind=Kind.MOMENT),
    amount("amount", _("Amount"), lambda one: one.amount_minor, lambda one: one.currency),
    Column(key="by", title=_("By the end of"), value=lambda one: one.pay_by, kind=Kind.DAY),
    worded("state", _("State"), words.PROMISE_STATES, lambda one: one.state),
    amount("paid", _("Came in by then"), lambda one: one.paid_minor, lambda one: one.currency),
    Column(key="note", title=_("Note"), value=lambda one: one.note),
)


def read_plan_lists(
    request: HttpRequest, customer_id: UUID, plan_id: UUID, *, marks: Sequence[MarkView]
) -> Mapping[str, Listing[Any]]:
    """All four, by their names on the page; the part of each is the id of its heading."""
    page = reverse("console:overdue_plan", args=[customer_id, plan_id])
    of: Mapping[str, tuple[Sequence[Column[Any]], Sequence[Any]]] = {
        "changes": (CHANGES, changes_of(customer_id, plan_id)),
        "marks": (MARKS, marks),
        "contacts": (CONTACTS, contacts_of(customer_id, plan_id, limit=MOST_READ + 1)),
        "promises": (PROMISES, promises_of(customer_id, plan_id)),
    }
    return {
        part: read_listing(
            request,
            name=f"{part}-of-a-plan",
            columns=columns,
            rows=rows,
            most=MOST_READ,
            part=part,
            page=page,
            page_size=ROWS_AT_ONCE,
        )
        for part, (columns, rows) in of.items()
    }
