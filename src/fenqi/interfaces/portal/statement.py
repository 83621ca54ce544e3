"""All records of an order: its vouchers on a page, and the whole of it as a sheet and as PDF (R076, R077, R079)."""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from fenqi.domain.money import Money
from fenqi.interfaces.portal.access import customer_page
from fenqi.interfaces.portal.downloads import download
from fenqi.interfaces.portal.lenders import lender_name
from fenqi.interfaces.portal.methods import channel_name, component_names
from fenqi.interfaces.portal.pages import render_page
from fenqi.interfaces.portal.record_words import kind_name, order_status_told, state_told, voucher_name, what_told
from fenqi.interfaces.portal.vouchers import PDF, account_told, mall_name, moment_told
from fenqi.interfaces.shared import formats
from fenqi.interfaces.shared.papers import Column, Paper, Table
from fenqi.interfaces.shared.voucher_pdf import draw
from fenqi.records.models import FileKind
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.accounts.export import reader
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.vouchers.made_files import files_of
from fenqi.usecases.vouchers.queries import vouchers_of
from fenqi.usecases.vouchers.statement import ChainedEntry, OrderStatement, Record, RecordKind, order_statement

CSV: Final = "text/csv; charset=utf-8"
BYTE_ORDER_MARK: Final = "\ufeff"
"""Tells spreadsheets that what follows is UTF-8."""

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Spreadsheets take what begins with one of these for a formula, the full-width ones, too."""

FIGURES_A_SHEET_KEEPS: Final = 15


@require_safe
@customer_page
def records(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    rate_limits.count(Rate.RECORDS_PAGE, str(customer_id))
    vouchers = vouchers_of(customer_id, order_id)
    statement = order_statement(customer_id, order_id, now=clock.now())
    context = {
        "order_id": order_id,
        "order_no": statement.order_no,
        "vouchers": [(one, voucher_name(one.kind), account_told(one)) for one in vouchers],
        "entries": len(statement.of(RecordKind.ENTRY)),
        "files": files_of(customer_id, FileKind.DISPUTE, asked_by=reader(customer_id), order_id=order_id),
    }
    return render_page(request, "records.html", context)


@require_safe
@customer_page
def sheet(_request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """As CSV. Raises TooManyRequests."""
    statement = _taken(customer_id, order_id)
    return download(statement_csv(statement).encode(), CSV, name=f"order-{statement.order_no}.csv")


@require_safe
@customer_page
def pdf(_request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Raises TooManyRequests."""
    statement = _taken(customer_id, order_id)
    return download(draw(statement_paper(statement)), PDF, name=f"order-{statement.order_no}.pdf")


def _taken(customer_id: UUID, order_id: UUID) -> OrderStatement:
    """Counted before anything is read: to read all of it is what it costs. Raises TooManyRequests."""
    rate_limits.count(Rate.RECORDS, str(customer_id))
    return order_statement(customer_id, order_id, now=clock.now())


# The sheet -----------------------------------------------------------------------------------------------------------


def statement_csv(statement: OrderStatement) -> str:
    """One line for each record, the order and its terms first; every entry with its hash and the text of it."""
    target = StringIO()
    target.write(BYTE_ORDER_MARK)
    lines = csv.writer(target)
    lines.writerow(_heads())
    lines.writerow(
        _row(
            statement,
            _("Order number"),
            order_status_told(statement.status),
            number=statement.order_no,
            at=statement.placed_at,
        )
    )
    for name, value in _terms(statement):
        lines.writerow(_row(statement, _("Terms of the plan"), f"{name}: {value}"))
    for record in statement.records:
        lines.writerow(_record_row(statement, record))
    return target.getvalue()


def _heads() -> tuple[str, ...]:
    return (
        _("Record"),
        _("What it is"),
        _("Number"),
        _("Number there"),
        _("Status"),
        _("Date and time"),
        _("Day"),
        _("Paid over"),
        _("Currency"),
        _("Amount"),
        _("Paid"),
        *component_names(),
        _("Lines of the entry"),
        _("Proof (SHA-256)"),
        _("Text that the proof was made of"),
    )


def _row(
    statement: OrderStatement, kind: str, what: str, *, number: str = "", at: datetime | None = None
) -> tuple[str, ...]:
    """Of the order itself."""
    total = _decimal(statement.total_minor, statement.currency) if number else ""
    filled = (kind, cell(what), cell(number), "", "", moment_told(at) if at else "", "", "", statement.currency, total)
    return filled + ("",) * (len(_heads()) - len(filled))


def _record_row(statement: OrderStatement, record: Record) -> tuple[str, ...]:
    currency = statement.currency
    parts = record.parts or ("",) * len(component_names())
    return (
        kind_name(record.kind),
        cell(what_told(record)),
        cell(record.number),
        cell(record.theirs),
        cell(state_told(record)),
        moment_told(record.at) if record.at else "",
        record.on.isoformat() if record.on else "",
        cell(_via(record)),
        currency,
        _decimal(record.amount_minor, currency),
        _decimal(record.paid_minor, currency),
        *(_decimal(part, currency) if isinstance(part, int) else part for part in parts),
        cell(_lines(record.entry, currency)) if record.entry else "",
        record.entry.proof.hash if record.entry else "",
        cell(record.entry.text) if record.entry else "",
    )


def cell(text: str) -> str:
    """Text that no spreadsheet runs as a formula, and no long number that it rounds: as channels' own bills do it."""
    if text.startswith(FORMULA_STARTS):
        return f"'{text}"
    return f"{text}\t" if text.isdecimal() and len(text) > FIGURES_A_SHEET_KEEPS else text


def _decimal(minor: int | None, currency: str) -> str:
    return str(Money(minor, currency).as_decimal()) if minor is not None else ""


def _via(record: Record) -> str:
    return lender_name(record.via) if record.kind is RecordKind.LENDER_REFUND else channel_name(record.via)


def _lines(entry: ChainedEntry, currency: str) -> str:
    """`debit clearing.alipay 100.00; credit receivable.principal 100.00`."""
    words = {True: _("debit"), False: _("credit")}
    return "; ".join(
        f"{words[bool(debit)]} {account} {_decimal(debit or credit, currency)}"
        for account, debit, credit in entry.lines
    )


# The paper -----------------------------------------------------------------------------------------------------------


def statement_paper(statement: OrderStatement) -> Paper:
    return Paper(
        issuer=mall_name(),
        title=_("Statement of an order"),
        answer=_("Order %(number)s: all records") % {"number": statement.order_no},
        facts=tuple(_facts(statement)),
        tables=tuple(_tables(statement)),
        notes=(
            _(
                "Every entry is booked once and chained to the one before it: the database refuses to change or delete "
                "it, and a change would alter every fingerprint after it."
            ),
            _(
                "To check a proof: take the text of the entry as it stands in the sheet, and make its SHA-256 with any "
                "program. It must be the proof beside it, and its beginning stands on the voucher. The text of an "
                "entry begins with the proof of the one before it in your books."
            ),
        ),
    )


def _facts(statement: OrderStatement) -> Iterator[tuple[str, str]]:
    yield _("Order number"), statement.order_no
    yield _("Bought"), moment_told(statement.placed_at)
    yield _("Order total"), formats.money(statement.total_minor, statement.currency)
    yield from _terms(statement)
    yield _("Taken at"), f"{moment_told(statement.taken_at)} ({clock.mall_zone().key})"
    yield _("Issued by"), mall_name()


def _terms(statement: OrderStatement) -> Iterator[tuple[str, str]]:
    terms, rates = statement.terms, statement.rates
    if terms is None or rates is None:
        return
    money = statement.currency
    yield _("Financed"), formats.money(terms.principal - terms.down_payment_amount, money)
    if terms.down_payment_amount:
        yield _("Down payment"), formats.money(terms.down_payment_amount, money)
    yield _("Number of installments"), str(terms.installments)
    yield _("Opened"), terms.opened_on.isoformat()
    if terms.fee_rate:
        yield _("Fee for each installment"), formats.percent(terms.fee_rate)
    yield _("Annual rate (simple)"), formats.percent(rates.annual_rate_simple)
    yield _("Annual rate (IRR)"), formats.percent(rates.annual_rate_irr)
    yield _("Lender"), lender_name(statement.provider) if statement.provider != "mall" else mall_name()
    yield _("Left to pay"), formats.money(statement.outstanding_minor, money)


def _tables(statement: OrderStatement) -> Iterator[Table]:
    for kind in RecordKind:
        found = statement.of(kind)
        if not found:
            continue
        match kind:
            case RecordKind.INSTALLMENT:
                yield _installments(statement, found)
            case RecordKind.ENTRY:
                yield _entries(statement, found)
            case _:
                yield _plain(statement, kind, found)


def _plain(statement: OrderStatement, kind: RecordKind, found: Sequence[Record]) -> Table:
    columns = (
        Column(name=_("Date and time"), share=3),
        Column(name=_("What it is"), share=5),
        Column(name=_("Number"), share=6),
        Column(name=_("Status"), share=3),
        Column(name=_("Amount"), share=3, align="right"),
    )
    rows = tuple(
        (
            moment_told(record.at) if record.at else formats.UNKNOWN,
            " · ".join(part for part in (what_told(record), _via(record)) if part),
            " / ".join(part for part in (record.number, record.theirs) if part),
            state_told(record),
            formats.money(record.amount_minor, statement.currency) if record.amount_minor is not None else "",
        )
        for record in found
    )
    return Table(title=kind_name(kind), columns=columns, rows=rows)


def _installments(statement: OrderStatement, found: Sequence[Record]) -> Table:
    money = statement.currency
    columns = (
        Column(name=_("Installment"), share=2),
        Column(name=_("Due"), share=2),
        *(Column(name=name, share=2, align="right") for name in component_names()),
        Column(name=_("In all"), share=2, align="right"),
        Column(name=_("Paid"), share=2, align="right"),
    )
    rows = tuple(
        (
            what_told(record),
            record.on.isoformat() if record.on else "",
            *(formats.money(part, money) for part in record.parts or ()),
            formats.money(record.amount_minor or 0, money),
            formats.money(record.paid_minor or 0, money),
        )
        for record in found
    )
    return Table(title=kind_name(RecordKind.INSTALLMENT), columns=columns, rows=rows)


def _entries(statement: OrderStatement, found: Sequence[Record]) -> Table:
    columns = (
        Column(name=_("Entry"), share=2),
        Column(name=_("What it is"), share=6),
        Column(name=_("Proof, and the text that it was made of"), share=12),
    )
    rows = tuple(
        (
            record.number,
            f"{record.on} {what_told(record)}: {_lines(record.entry, statement.currency)}",
            f"{record.entry.proof.hash} = SHA-256({record.entry.text})",
        )
        for record in found
        if record.entry
    )
    return Table(title=kind_name(RecordKind.ENTRY), columns=columns, rows=rows)
