"""What each row of a plan's rail says: name, pill, caption and amount, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fenqi.interfaces.portal.schedule import Installment, Standing, Stretch, stretches
from fenqi.interfaces.shared.formats import Language, day_range, full_day, money, plain_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Pill:
    tone: str
    text: str
    icon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidInstallment:
    """One line of a folded run."""

    name: str
    caption: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RailRow:
    """One row as the template writes it; `amount_minor` is the sum of a folded run, or what each of a joined one is."""

    tone: str
    name: str
    caption: str
    amount_minor: int
    pill: Pill | None = None
    is_each: bool = False
    folded: tuple[PaidInstallment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """In which words, and on which day: dates of another year carry it."""

    language: Language
    today: date
    currency: str = "CNY"


def rail_rows(installments: Sequence[Installment], reader: Reader) -> tuple[RailRow, ...]:
    """The rail of a plan, top to bottom."""
    return tuple(_rail_row(stretch, reader) for stretch in stretches(installments))


def _rail_row(stretch: Stretch, reader: Reader) -> RailRow:
    first = stretch.first
    if stretch.standing is Standing.PAID and stretch.is_joined:
        return RailRow(
            tone="paid",
            name=stretch_name(stretch),
            caption=_("All paid"),
            amount_minor=stretch.total_minor,
            folded=tuple(_paid_line(one, reader) for one in stretch.installments),
        )
    if stretch.is_joined:
        return RailRow(
            tone=first.standing.tone,
            name=stretch_name(stretch),
            caption=day_range(first.row.due_on, stretch.last.row.due_on, reader.language, today=reader.today),
            amount_minor=first.shown_minor,
            pill=pill_of(first) if first.standing is Standing.CANCELLED else None,
            is_each=True,
        )
    return RailRow(
        tone=first.standing.tone,
        name=installment_name(first.number),
        caption=caption(first, reader),
        amount_minor=first.shown_minor,
        pill=pill_of(first),
    )


def _paid_line(installment: Installment, reader: Reader) -> PaidInstallment:
    return PaidInstallment(
        name=installment_name(installment.number),
        caption=_paid_on(installment, reader),
        amount_minor=installment.shown_minor,
    )


def installment_name(number: int | None) -> str:
    """`第 5 期`; the down payment has no number."""
    return _("Down payment") if number is None else _("No. %(number)s") % {"number": number}


def stretch_name(stretch: Stretch) -> str:
    """`第 9–11 期`."""
    return _("No. %(first)s–%(last)s") % {"first": stretch.first.number, "last": stretch.last.number}


def pill_of(installment: Installment) -> Pill | None:
    """The status word of an installment; none where its dot and caption say it already."""
    return status_pill(installment.standing, installment.days_left)


def status_pill(standing: Standing, days: int) -> Pill | None:
    """`days` until it is due; while in grace until grace ends; negative days past due when overdue."""
    text = _status_word(standing, days)
    return Pill(tone=standing.tone, text=text, icon="clock" if standing is Standing.GRACE else "") if text else None


def _status_word(standing: Standing, days: int) -> str:
    match standing:
        case Standing.SOON:
            return _due_word(days)
        case Standing.GRACE:
            return _grace_word(days)
        case Standing.OVERDUE:
            return ngettext("%(days)s day overdue", "%(days)s days overdue", -days) % {"days": -days}
    words = {
        Standing.TODAY: _("Due today"),
        Standing.UNKNOWN: _("Outcome unknown"),
        Standing.CANCELLED: _("Cancelled"),
    }
    return words.get(standing, "")


def _due_word(days: int) -> str:
    if days == 1:
        return _("Due tomorrow")
    return ngettext("Due in %(days)s day", "Due in %(days)s days", days) % {"days": days}


def _grace_word(days: int) -> str:
    if days == 0:
        return _("Grace period, last day")
    return ngettext("Grace period, %(days)s day left", "Grace period, %(days)s days left", days) % {"days": days}


def caption(installment: Installment, reader: Reader) -> str:
    """When it is due or was paid, and what of it is late fee or paid already."""
    if installment.standing is Standing.PAID:
        return _paid_on(installment, reader)
    if installment.standing is Standing.UNKNOWN:
        return _("We are asking the channel. Please do not pay again.")
    parts = [full_day(installment.row.due_on, reader.language, today=reader.today)]
    if installment.late_fee_minor:
        parts.append(_("late fee %(amount)s included") % {"amount": money(installment.late_fee_minor, reader.currency)})
    if installment.paid_in_part_minor:
        parts.append(_("%(amount)s paid") % {"amount": money(installment.paid_in_part_minor, reader.currency)})
    return " · ".join(parts)


def _paid_on(installment: Installment, reader: Reader) -> str:
    paid_on = installment.row.paid_on
    if paid_on is None:
        return _("Paid")
    return _("Paid on %(day)s") % {"day": plain_day(paid_on, reader.language, today=reader.today)}
