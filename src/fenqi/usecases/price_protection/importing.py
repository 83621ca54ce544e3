"""A CSV file of prices, read as a stream: good rows are taken in batches, each bad one is told by line and code."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import transaction

from fenqi.domain.errors import FenqiError, InvalidInput
from fenqi.domain.money import Money
from fenqi.records.models import SalesChannel
from fenqi.usecases import clock
from fenqi.usecases.orders.importing.refusals import FileRefused, ForbiddenCharacter
from fenqi.usecases.orders.importing.rejects import Reject, RejectsFile
from fenqi.usecases.orders.importing.source import Record, csv_header, csv_records, lines_of
from fenqi.usecases.orders.importing.told import instant
from fenqi.usecases.price_protection.feed import PriceInput, check_price, take_prices

ROWS_AT_ONCE: Final = 5_000
NEEDED: Final = frozenset({"sku", "observed_at"})
PRICES: Final = frozenset({"price", "price_minor"})
OPTIONAL: Final = frozenset({"currency", "seller", "sales_channel"})
_MINOR = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,6})?", re.ASCII)


@dataclass(slots=True)
class PriceImport:
    """What became of a file's rows; `rejected_for` counts by code."""

    rows: int = 0
    taken: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejected_for: dict[str, int] = field(default_factory=dict)
    rejects_file: Path | None = None
    unread_columns: tuple[str, ...] = ()


def import_prices(
    file: Path, *, rejects: Path, now: datetime, watch: Callable[[PriceImport], None] = lambda _so_far: None
) -> PriceImport:
    """Take the file's prices, packed by gzip or not; run again on the same file, it adds nothing.

    Columns: `sku`, `observed_at`, and `price` (major units, as 12.34) or `price_minor`; `currency` (CNY), `seller` and
    `sales_channel` (OFFICIAL) may be left out. A time without an offset is the mall's. Raises FileRefused, FileDamaged.
    """
    reader = _Reader(file, now=now)
    report = PriceImport(unread_columns=reader.unread_columns)
    refused = RejectsFile(rejects, about="sku")
    refused.keep_up_to(0)
    with closing(refused):
        records = reader.records()
        while batch := tuple(islice(records, ROWS_AT_ONCE)):
            _take(batch, reader, report, refused)
            watch(report)
    report.rejects_file = rejects if report.rejected else None
    return report


def _take(records: tuple[Record, ...], reader: "_Reader", report: PriceImport, refused: RejectsFile) -> None:
    prices: list[PriceInput] = []
    rejects: list[Reject] = []
    for record in records:
        try:
            prices.append(reader.price_of(record))
        except FenqiError as refusal:
            rejects.append(Reject.of(record.line, reader.sku_of(record), refusal))
    refused.add(rejects)
    with transaction.atomic():
        new = take_prices(prices)
    report.rows += len(records)
    report.taken += new
    report.unchanged += len(prices) - new
    report.rejected += len(rejects)
    report.rejected_for |= Counter(report.rejected_for) + Counter(reject.code for reject in rejects)


class _Reader:
    """The columns of one file. Raises FileRefused when it lacks one that is needed."""

    def __init__(self, path: Path, *, now: datetime) -> None:
        if not path.is_file():
            raise FileRefused(problem="it is not a file", problem_zh="不是文件")
        self._path = path
        self._now = now
        self._header = csv_header(lines_of(path), delimiter=",")
        names = set(self._header)
        missing = sorted(NEEDED - names) + ([] if names & PRICES else ["price"])
        if missing:
            listed = ", ".join(missing)
            raise FileRefused(problem=f"it lacks the columns {listed}", problem_zh=f"缺少列 {listed}")
        self.unread_columns = tuple(name for name in self._header if name not in NEEDED | PRICES | OPTIONAL)

    def records(self) -> Iterator[Record]:
        lines = lines_of(self._path)
        csv_header(lines, delimiter=",")
        return csv_records(lines, delimiter=",", width=len(self._header))

    def sku_of(self, record: Record) -> str:
        return self._said(record).get("sku", "")

    def price_of(self, record: Record) -> PriceInput:
        """Raises the refusal of a row that cannot be taken."""
        if record.fault:
            raise record.fault
        if any("\x00" in cell for cell in record.cells):
            raise ForbiddenCharacter(where=f"line {record.line}")
        said = self._said(record)
        currency = said.get("currency") or "CNY"
        price = PriceInput(
            sku=said["sku"],
            price_minor=_minor(said, currency),
            currency=currency,
            observed_at=instant(said["observed_at"], "observed_at", clock.mall_zone()),
            seller=said.get("seller", ""),
            sales_channel=said.get("sales_channel") or SalesChannel.OFFICIAL.value,
        )
        check_price(price, now=self._now)
        return price

    def _said(self, record: Record) -> dict[str, str]:
        return {name: cell.strip() for name, cell in zip(self._header, record.cells, strict=False)}


def _minor(said: Mapping[str, str], currency: str) -> int:
    """`price_minor` where the row has it, else `price` in major units."""
    if text := said.get("price_minor", ""):
        if not _MINOR.fullmatch(text):
            raise _not_an_amount("price_minor")
        return int(text)
    text = said.get("price", "")
    if not _DECIMAL.fullmatch(text):
        raise _not_an_amount("price")
    return Money.from_decimal(text, currency).minor


def _not_an_amount(where: str) -> InvalidInput:
    return InvalidInput(where=where, problem="it is not an amount such as 12.34", problem_zh="不是有效的金额")
