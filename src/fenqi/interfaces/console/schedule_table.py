"""A plan's installments as the rows of a table: what is paid in one row, what is alike joined."""

from collections.abc import Sequence
from dataclasses import dataclass

from fenqi.interfaces.portal.rail import Pill, Reader, installment_name, pill_of, stretch_name
from fenqi.interfaces.portal.schedule import Installment, Standing, Stretch, stretches
from fenqi.interfaces.shared.formats import day_range, full_day


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """`amount_minor` is what is open, or was due where nothing is: of a paid run its sum, of a joined one of each."""

    tone: str
    name: str
    when: str
    amount_minor: int
    is_each: bool
    pill: Pill | None


def schedule_rows(installments: Sequence[Installment], reader: Reader) -> tuple[ScheduleRow, ...]:
    """Top to bottom, by their due dates."""
    return tuple(_row(stretch, reader) for stretch in stretches(installments))


def _row(stretch: Stretch, reader: Reader) -> ScheduleRow:
    first, last = stretch.first, stretch.last
    is_paid = stretch.standing is Standing.PAID
    return ScheduleRow(
        tone=stretch.standing.tone,
        name=stretch_name(stretch) if stretch.is_joined else installment_name(first.number),
        when=day_range(first.row.due_on, last.row.due_on, reader.language, today=reader.today)
        if stretch.is_joined
        else full_day(first.row.due_on, reader.language, today=reader.today),
        amount_minor=stretch.total_minor if is_paid else first.shown_minor,
        is_each=stretch.is_joined and not is_paid,
        pill=None if stretch.is_joined else pill_of(first),
    )
