"""A list as a file: what is sorted and filtered on the page, all pages of it, masked as the page masks it."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter
from django.http import HttpResponse
from django.utils.translation import gettext as _

from fenqi.domain.money import Money
from fenqi.interfaces.console.lists.columns import Column, Kind, Row, Value
from fenqi.interfaces.console.lists.listing import Listing
from fenqi.usecases.clock import mall_zone

Cell = str | int | Decimal | date | datetime | None

CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BYTE_ORDER_MARK: Final = "\ufeff"
"""Without it, spreadsheets read Chinese as something else."""

_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_FORMATS: Final = {Kind.DAY: "yyyy-mm-dd", Kind.MOMENT: "yyyy-mm-dd hh:mm", Kind.AMOUNT: "#,##0.00"}
_WIDTHS: Final = {Kind.TEXT: 22, Kind.NUMBER: 12, Kind.AMOUNT: 16, Kind.DAY: 12, Kind.MOMENT: 18}
LONGEST_SHEET_NAME: Final = 31


def sheet_answer(listing: Listing[Row]) -> HttpResponse:
    """The file in the format asked for."""
    is_csv = listing.asked.sheet == "csv"
    answer = HttpResponse(_csv(listing) if is_csv else _xlsx(listing), content_type=CSV if is_csv else XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{listing.name}.{listing.asked.sheet}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _csv(listing: Listing[Row]) -> bytes:
    text = StringIO(BYTE_ORDER_MARK)
    text.seek(0, 2)
    lines = csv.writer(text)
    lines.writerow([title for title, _kind in _heads(listing.columns)])
    for row in listing.matching:
        lines.writerow([_harmless(cell) for cell in _cells(listing.columns, row)])
    return text.getvalue().encode()


def _harmless(cell: Cell) -> str:
    """A text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(cell, str) and cell.startswith(_FORMULAS):
        return f"'{cell}"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return "" if cell is None else str(cell)


def _xlsx(listing: Listing[Row]) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet = book.add_worksheet(listing.name[:LONGEST_SHEET_NAME])
        heads = list(_heads(listing.columns))
        formats = [
            book.add_format({"num_format": _FORMATS[kind]} if kind in _FORMATS else {}) for _title, kind in heads
        ]
        sheet.write_row(0, 0, [title for title, _kind in heads], book.add_format({"bold": True}))
        for n, (_title, kind) in enumerate(heads):
            sheet.set_column(n, n, _WIDTHS[kind])
        for line, row in enumerate(listing.matching, 1):
            for n, cell in enumerate(_cells(listing.columns, row)):
                _write(sheet, line, n, cell, formats[n])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(listing.matching), len(heads) - 1)
    return target.getvalue()


def _write(sheet: "xlsxwriter.worksheet.Worksheet", line: int, n: int, cell: Cell, cell_format: object) -> None:
    match cell:
        case None:
            return
        case str():
            sheet.write_string(line, n, cell, cell_format)
        case date():
            sheet.write_datetime(line, n, cell, cell_format)
        case int() | Decimal():
            sheet.write_number(line, n, cell, cell_format)


def _heads(columns: Sequence[Column[Row]]) -> Iterator[tuple[str, Kind]]:
    for column in columns:
        yield f"{column.title} ({column.unit})" if column.unit else str(column.title), column.kind
        if column.kind is Kind.AMOUNT:
            yield _("Currency"), Kind.TEXT


def _cells(columns: Sequence[Column[Row]], row: Row) -> Iterator[Cell]:
    """An amount is two cells: the number, and its currency."""
    for column in columns:
        value = column.value(row)
        if column.kind is Kind.AMOUNT:
            yield value.as_decimal() if isinstance(value, Money) else None
            yield value.currency if isinstance(value, Money) else None
        else:
            yield _plain(value)


def _plain(value: Value) -> Cell:
    """Instants as the mall's clock shows them: a sheet knows no zones."""
    if isinstance(value, datetime):
        return value.astimezone(mall_zone()).replace(tzinfo=None)
    return str(value) if isinstance(value, Money) else value
