"""The layouts a file may have, each read the same way: as groups of records, one group for each order."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from fenqi.domain.errors import FenqiError
from fenqi.usecases.orders.importing.json_text import json_object
from fenqi.usecases.orders.importing.mapping import OWN_FORMAT, OWN_OPTIONAL_COLUMNS, FileMapping
from fenqi.usecases.orders.importing.native import native_order
from fenqi.usecases.orders.importing.refusals import FileRefused, RowsNotAdjacent
from fenqi.usecases.orders.importing.rows import Group, RowTranslator, groups_of
from fenqi.usecases.orders.importing.source import Record, csv_header, csv_records, is_json_lines, lines_of
from fenqi.usecases.orders.importing.told import ToldOrder


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first look through the file told."""

    rows: int
    scattered: frozenset[str]  # orders whose rows are not next to each other


class OrderFile(Protocol):
    """A file of orders; each method reads it from its beginning."""

    unread_columns: tuple[str, ...]
    scattered: frozenset[str]  # orders to refuse, as a survey found them

    def survey(self) -> Survey:
        """Count the rows and find the orders that are not in one piece. Raises FileDamaged, FileRefused."""

    def groups(self) -> Iterator[Group]:
        """The records of each order. Raises FileDamaged, FileRefused."""

    def translate(self, group: Group) -> ToldOrder:
        """What the group says. Raises a FenqiError when it cannot be taken."""


def order_file(path: Path, *, mapping: FileMapping | None, zone: ZoneInfo) -> OrderFile:
    """The file, read as its name and the mapping say. Raises FileRefused."""
    if not path.is_file():
        raise FileRefused(problem="it is not a file", problem_zh="不是文件")
    if is_json_lines(path):
        return MappedJsonFile(path, mapping, zone=zone) if mapping else NativeJsonFile(path, zone=zone)
    return CsvFile(path, mapping or OWN_FORMAT, zone=zone, may_lack=frozenset() if mapping else OWN_OPTIONAL_COLUMNS)


class RowsFile:
    """A file with one row for each item; how a row is read is its subclass's."""

    path: Path
    translator: RowTranslator
    unread_columns: tuple[str, ...]
    scattered: frozenset[str] = frozenset()

    def records(self) -> Iterator[Record]:
        raise NotImplementedError

    def survey(self) -> Survey:
        seen: set[int] = set()  # hashes: eight bytes instead of a text for each order
        scattered: set[str] = set()
        rows = 0
        for group in groups_of(self.records(), self.translator.order_no):
            rows += len(group.records)
            if group.order_no and hash(group.order_no) in seen:
                scattered.add(group.order_no)
            seen.add(hash(group.order_no))
        return Survey(rows, frozenset(scattered))

    def groups(self) -> Iterator[Group]:
        return groups_of(self.records(), self.translator.order_no)

    def translate(self, group: Group) -> ToldOrder:
        if group.order_no in self.scattered:
            raise RowsNotAdjacent
        return self.translator.translate(group)


class CsvFile(RowsFile):
    def __init__(self, path: Path, mapping: FileMapping, *, zone: ZoneInfo, may_lack: frozenset[str]) -> None:
        self.path = path
        self._mapping = mapping
        header = csv_header(lines_of(path, encoding=mapping.encoding), delimiter=mapping.delimiter)
        self._width = len(header)
        self.translator = RowTranslator(mapping, header, zone=zone, may_lack=may_lack)
        self.unread_columns = tuple(name for name in header if name not in mapping.columns())

    def records(self) -> Iterator[Record]:
        lines = lines_of(self.path, encoding=self._mapping.encoding)
        csv_header(lines, delimiter=self._mapping.delimiter)
        return csv_records(lines, delimiter=self._mapping.delimiter, width=self._width)


class MappedJsonFile(RowsFile):
    """JSON lines of another program: each line a flat object, its names the columns."""

    def __init__(self, path: Path, mapping: FileMapping, *, zone: ZoneInfo) -> None:
        self.path = path
        self._encoding = mapping.encoding
        self._columns = sorted(mapping.columns())
        self.translator = RowTranslator(mapping, self._columns, zone=zone)
        self.unread_columns = ()

    def records(self) -> Iterator[Record]:
        for line in lines_of(self.path, encoding=self._encoding):
            if line.fault or not line.text.strip():
                if line.fault:
                    yield Record(line.number, [], line.fault)
                continue
            try:
                said = json_object(line.text, "row")
            except FenqiError as refusal:
                yield Record(line.number, [], refusal)
            else:
                yield Record(line.number, [_cell(said.get(column)) for column in self._columns])


def _cell(value: object) -> str:
    """What a CSV file would hold; lone surrogates become NUL, which no row may hold."""
    if value is None:
        return ""
    return "".join("\x00" if "\ud800" <= character <= "\udfff" else character for character in str(value))


class NativeJsonFile:
    """JSON lines of our own format: each line a whole order."""

    unread_columns: tuple[str, ...] = ()
    scattered: frozenset[str] = frozenset()

    def __init__(self, path: Path, *, zone: ZoneInfo) -> None:
        self.path = path
        self._zone = zone

    def survey(self) -> Survey:
        return Survey(sum(1 for line in lines_of(self.path) if line.fault or line.text.strip()), frozenset())

    def groups(self) -> Iterator[Group]:
        for line in lines_of(self.path):
            if line.fault or line.text.strip():
                yield Group("", [Record(line.number, [line.text], line.fault)])

    def translate(self, group: Group) -> ToldOrder:
        (record,) = group.records
        if record.fault:
            raise record.fault
        return native_order(json_object(record.cells[0], "row"), zone=self._zone)
