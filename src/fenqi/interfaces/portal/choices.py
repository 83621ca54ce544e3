"""What can be repaid of a plan, and the word in the address that stands for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from uuid import UUID

from django.utils.translation import gettext as _

from fenqi.domain.money import LARGEST_MINOR, Money
from fenqi.interfaces.portal.plan_page import PlanPage
from fenqi.interfaces.portal.rail import installment_name
from fenqi.interfaces.portal.schedule import Installment
from fenqi.records.models import PaymentPurpose
from fenqi.usecases.repayment.quote import Choice, InvalidChoice, quote

DUE, SETTLE, PART = "due", "settle", "part"
LARGEST_ROW = 10_000
"""A row number above this is nobody's; it keeps hostile addresses short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One line of the choosing page; `word` goes into the address of the confirming page."""

    word: str
    name: str
    amount_minor: int
    installments: tuple[Installment, ...]
    saves_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`due` only when more than the next installment is due; `up_to` from the next one on, one more each."""

    due: Option | None
    up_to: tuple[Option, ...]
    settle: Option


def choice_from(word: str) -> Choice:
    """What a word of the address stands for: `due`, `settle`, `part-12000` (minor units), or row numbers `5,6,7`.

    Raises InvalidChoice.
    """
    if word == DUE:
        return Choice(purpose=PaymentPurpose.DUE)
    if word == SETTLE:
        return Choice(purpose=PaymentPurpose.SETTLEMENT)
    if word.startswith(f"{PART}-"):
        return Choice(purpose=PaymentPurpose.PART, amount_minor=_minor(word.removeprefix(f"{PART}-")))
    return Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=tuple(_numbers(word)))


def _numbers(word: str) -> Iterator[int]:
    for part in word.split(","):
        if not (part.isascii() and part.isdigit() and len(part) < len(str(LARGEST_ROW))):
            raise InvalidChoice
        yield int(part)


def _minor(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_MINOR))):
        raise InvalidChoice
    return int(text)


def part_word(typed: str, currency: str) -> str:
    """The word for a sum as it was typed, `120` or `¥1,120.50`. Raises InvalidAmount."""
    plain = typed.strip().replace(",", "").replace("，", "").removeprefix("¥").removeprefix("￥").strip()
    return f"{PART}-{Money.from_decimal(plain, currency).minor}"


def word_of(choice: Choice) -> str:
    """The other way round."""
    if choice.purpose is PaymentPurpose.PART:
        return f"{PART}-{choice.amount_minor}"
    words = {PaymentPurpose.DUE: DUE, PaymentPurpose.SETTLEMENT: SETTLE}
    return words.get(choice.purpose) or ",".join(str(number) for number in choice.installments)


def options_of(plan: PlanPage, now: datetime, customer_id: UUID) -> Options:
    """All that can be repaid. Raises NothingOwed."""
    still_open = sorted(
        (one for one in plan.installments if one.outstanding_minor), key=lambda one: (one.row.due_on, one.row.n)
    )
    settlement = quote(customer_id, plan.view.plan_id, Choice(purpose=PaymentPurpose.SETTLEMENT), now=now)
    due = [one for one in still_open if one.row.due_on <= plan.today]
    return Options(
        due=_option(DUE, _("Everything due"), due) if len(due) > 1 else None,
        up_to=tuple(_up_to(still_open)),
        settle=Option(
            word=SETTLE,
            name=_("Pay off early"),
            amount_minor=settlement.amount_minor,
            installments=tuple(still_open),
            saves_minor=plan.outstanding_minor - settlement.amount_minor,
        ),
    )


def _up_to(still_open: list[Installment]) -> Iterator[Option]:
    """The earliest open installment, the earliest two, and so on."""
    sums = accumulate(one.outstanding_minor for one in still_open)
    for place, amount in enumerate(sums, start=1):
        chosen = still_open[:place]
        word = ",".join(str(one.row.n) for one in chosen)
        yield Option(word=word, name=_name(chosen), amount_minor=amount, installments=tuple(chosen))


def _name(chosen: list[Installment]) -> str:
    first, last = chosen[0], chosen[-1]
    if first is last or first.number is None:
        return installment_name(first.number) if first is last else _("The first %(count)s") % {"count": len(chosen)}
    return _("No. %(first)s–%(last)s") % {"first": first.number, "last": last.number}


def _option(word: str, name: str, installments: list[Installment]) -> Option:
    amount = sum(one.outstanding_minor for one in installments)
    return Option(word=word, name=name, amount_minor=amount, installments=tuple(installments))
