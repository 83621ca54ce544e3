"""Issue a paper under a code, and tell whoever holds it whether it says what the books say (R078, R079).

The code is made of what the paper says and of the hash of the entry that proves it, so the same paper has the same code
however often it is drawn. What each paper said is kept under its code, without names and accounts, and never changes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.domain.money import Money
from fenqi.domain.vouchers import Said, code_of, normal_code
from fenqi.records import directory
from fenqi.records.identifiers import derived_id
from fenqi.records.models import DirectoryKind, IssuedPaper, JournalEntry, JournalLine
from fenqi.records.scope import across_customers
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.reconciliation.laws import CHAIN_HEAD, CHAIN_INTACT
from fenqi.usecases.vouchers.account import STATEMENT, said_of_statement
from fenqi.usecases.vouchers.queries import VoucherKind, VoucherView, voucher_detail

_ENTRY_HAS_THE_SUM: Final = frozenset(
    {
        VoucherKind.PAYMENT,
        VoucherKind.REFUND,
        VoucherKind.RESERVE_HOLD,
        VoucherKind.RESERVE_RELEASE,
        VoucherKind.RESERVE_CAPTURE,
    }
)
"""Of these, a line of the entry that proves the paper has exactly the sum of the paper."""


class Verdict(StrEnum):
    """What can be said of a paper."""

    SAYS_WHAT_THE_BOOKS_SAY = "says_what_the_books_say"
    SUPERSEDED = "superseded"  # it did; a later entry corrected it
    DOES_NOT_MATCH = "does_not_match"
    UNKNOWN_CODE = "unknown_code"
    BOOKS_BROKEN = "books_broken"  # the chain does not hold: nothing can be said


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`paper` is there only when the sum and the day were right: nothing is told that its holder does not have."""

    verdict: Verdict
    paper: Said | None = None
    booked_at: datetime | None = None


class UnreadableSum(FenqiError):
    """What was typed is no sum."""

    code = "unreadable_sum"
    status = 422
    zh = "金额请写成 100.00 这样的数字。"
    en = "Write the sum as a number such as 100.00."


def issue(customer_id: UUID, said: Said, *, now: datetime) -> str:
    """The paper's code; what it says is kept at the first time."""
    code = code_of(customer_id, said)
    paper_id = derived_id("paper", customer_id, code)
    if IssuedPaper.objects.filter(customer_id=customer_id, code=code).exists():
        return code
    with transaction.atomic():
        directory.claim(DirectoryKind.PAPER_CODE, code, customer_id=customer_id, target_id=paper_id)
        IssuedPaper.objects.bulk_create(
            [
                IssuedPaper(
                    customer_id=customer_id,
                    id=paper_id,
                    code=code,
                    kind=said.kind,
                    subject_id=said.subject_id,
                    number=said.number,
                    amount_minor=said.amount_minor,
                    currency=said.currency,
                    said_on=said.on,
                    entry_seq=said.entry_seq,
                    entry_hash=said.entry_hash,
                    details=dict(said.details),
                    issued_at=now,
                )
            ],
            ignore_conflicts=True,
        )
    return code


def said_of(voucher: VoucherView) -> Said:
    """What a voucher says; that its sum was undone later is among it."""
    proof = voucher.proof
    return Said(
        kind=voucher.kind,
        subject_id=voucher.voucher_id,
        number=voucher.number,
        amount_minor=voucher.amount_minor,
        currency=voucher.currency,
        on=clock.business_date(voucher.at),
        entry_seq=proof.seq if proof else 0,
        entry_hash=proof.hash if proof else "",
        details=voucher.further,
    )


def check(code: str, *, amount: str, on: date, remote_address: str) -> Checked:
    """Hold a paper against the books. Raises UnreadableSum, TooManyRequests."""
    rate_limits.count(Rate.CHECK_PAPER, remote_address)
    wanted = normal_code(code)
    holder = directory.find(DirectoryKind.PAPER_CODE, wanted) if wanted else None
    if wanted is None or holder is None:
        _minor(amount, "CNY")
        return Checked(verdict=Verdict.UNKNOWN_CODE)
    rate_limits.count(Rate.CHECK_ONE_PAPER, wanted)
    row = IssuedPaper.objects.get(customer_id=holder.customer_id, code=wanted)
    if (_minor(amount, row.currency), on) != (row.amount_minor, row.said_on):
        return Checked(verdict=Verdict.DOES_NOT_MATCH)
    return _against_the_books(holder.customer_id, row)


def _minor(text: str, currency: str) -> int:
    plain = text.strip().lstrip("¥￥").replace(",", "").replace("，", "").removesuffix("元").strip()
    try:
        return Money.from_decimal(plain, currency).minor
    except FenqiError as refusal:
        raise UnreadableSum from refusal


def _against_the_books(customer_id: UUID, row: IssuedPaper) -> Checked:
    said = _said(row)
    if code_of(customer_id, said) != row.code or not _chain_holds(customer_id):
        return Checked(verdict=Verdict.BOOKS_BROKEN)
    entry = JournalEntry.objects.filter(customer_id=customer_id, seq=said.entry_seq).first()
    if said.entry_seq and (entry is None or bytes(entry.hash).hex() != said.entry_hash):
        return Checked(verdict=Verdict.BOOKS_BROKEN)
    if said.kind in _ENTRY_HAS_THE_SUM and entry and not _has_sum(entry, said.amount_minor):
        return Checked(verdict=Verdict.BOOKS_BROKEN)
    current = _is_current(customer_id, said)
    return Checked(
        verdict=Verdict.SAYS_WHAT_THE_BOOKS_SAY if current else Verdict.SUPERSEDED,
        paper=said,
        booked_at=entry.posted_at if entry else None,
    )


def _said(row: IssuedPaper) -> Said:
    return Said(
        kind=row.kind,
        subject_id=row.subject_id,
        number=row.number,
        amount_minor=row.amount_minor,
        currency=row.currency,
        on=row.said_on,
        entry_seq=row.entry_seq,
        entry_hash=row.entry_hash,
        details=row.details,
    )


def _chain_holds(customer_id: UUID) -> bool:
    """Every entry of the customer, and the head: by the laws of `fenqi check`, over a range of one."""
    with across_customers(), connection.cursor() as cursor:
        for law in (CHAIN_INTACT, CHAIN_HEAD):
            cursor.execute(law.statement, {"low": customer_id, "high": customer_id})
            if cursor.fetchone() is not None:
                return False
    return True


def _has_sum(entry: JournalEntry, amount_minor: int) -> bool:
    lines = JournalLine.objects.filter(customer_id=entry.customer_id, entry_id=entry.id)
    return any(amount_minor in sides for sides in lines.values_list("debit_minor", "credit_minor"))


def _is_current(customer_id: UUID, said: Said) -> bool:
    """Whether the same paper, drawn now, would say the same."""
    try:
        return _SAYS_THE_SAME.get(said.kind, _voucher_says_the_same)(customer_id, said)
    except NotFound:
        return False


def _voucher_says_the_same(customer_id: UUID, said: Said) -> bool:
    return said_of(voucher_detail(customer_id, VoucherKind(said.kind), said.subject_id).voucher) == said


def _statement_says_the_same(customer_id: UUID, said: Said) -> bool:
    """What was booked since may lie outside its period: then it still holds."""
    now = said_of_statement(customer_id, said)
    return (now.amount_minor, now.details) == (said.amount_minor, said.details)


_SAYS_THE_SAME: Mapping[str, Callable[[UUID, Said], bool]] = {STATEMENT: _statement_says_the_same}
