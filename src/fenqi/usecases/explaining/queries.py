"""The story of one installment, with the entries that booked it. A fixed number of statements."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fenqi.domain.errors import NotFound
from fenqi.domain.plans import Terms
from fenqi.domain.plans.errors import UnknownRow
from fenqi.domain.plans.explaining import RowStory, Step, explain_row
from fenqi.records.models import JournalEntry, JournalLine, Order, OrderLine
from fenqi.usecases import plan_file


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedLine:
    account: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An entry in the customer's chain; `proof` begins the hash that a kept voucher can be checked with (R079)."""

    seq: int
    code: str
    on: date
    proof: str
    lines: tuple[BookedLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStep:
    """A step of the story and the entry that booked it; None where nothing moved in the books."""

    step: Step
    booked: Booked | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallmentStory:
    """`opened` is the entry that the schedule was booked with."""

    plan_id: UUID
    order_id: UUID
    order_no: str
    title: str
    terms: Terms
    fee_bearer: str
    story: RowStory
    opened: Booked | None
    steps: tuple[ToldStep, ...]


def explain_installment(customer_id: UUID, plan_id: UUID, n: int) -> InstallmentStory:
    """Raises NotFound, of another customer's plan and of an installment that is not there, too."""
    file = plan_file.read(customer_id, plan_id)
    try:
        story = explain_row(file.terms, file.events, n)
    except UnknownRow as unknown:
        raise NotFound from unknown
    entries = list(JournalEntry.objects.filter(customer_id=customer_id, plan_id=plan_id).order_by("seq"))
    lines = JournalLine.objects.filter(customer_id=customer_id, entry_id__in=[entry.id for entry in entries])
    by_entry: dict[UUID, list[JournalLine]] = {}
    for line in lines.order_by("line_no"):
        by_entry.setdefault(line.entry_id, []).append(line)
    booked = {str(entry.event_id): _booked(entry, by_entry.get(entry.id, [])) for entry in entries if entry.event_id}
    opening = next((entry for entry in entries if entry.code == "opened"), None)
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=customer_id, id=file.order_id)
    names = OrderLine.objects.filter(customer_id=customer_id, order_id=file.order_id).order_by("line_no")
    return InstallmentStory(
        plan_id=plan_id,
        order_id=file.order_id,
        order_no=order_no,
        title=names.values_list("name", flat=True).first() or order_no,
        terms=file.terms,
        fee_bearer=file.fee_bearer,
        story=story,
        opened=_booked(opening, by_entry.get(opening.id, [])) if opening else None,
        steps=tuple(ToldStep(step=step, booked=booked.get(step.event.id)) for step in story.steps),
    )


def _booked(entry: JournalEntry, lines: list[JournalLine]) -> Booked:
    return Booked(
        seq=entry.seq,
        code=entry.code,
        on=entry.effective_on,
        proof=bytes(entry.hash).hex()[:12],
        lines=tuple(
            BookedLine(account=line.account, debit_minor=line.debit_minor, credit_minor=line.credit_minor)
            for line in lines
        ),
    )
