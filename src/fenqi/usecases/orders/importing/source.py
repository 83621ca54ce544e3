"""From a file of unknown origin to numbered records. Its size, its encoding and its quoting are not trusted."""

import csv
import gzip
import hashlib
import io
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from fenqi.domain.errors import FenqiError
from fenqi.usecases.orders.importing.refusals import (
    BadEncoding,
    FileDamaged,
    FileRefused,
    LineTooLong,
    QuoteNotClosed,
    UnreadableRow,
    WrongColumns,
)

MOST_LINE_BYTES = 256 * 1024
MOST_RECORD_LINES = 40
GZIP_MAGIC = b"\x1f\x8b"
MOST_INFLATION = 200  # text packs 5 to 30 times; a bomb a thousand times
INFLATION_ALLOWANCE = 64 * 1024 * 1024
BYTE_ORDER_MARK = "\ufeff"


Readable: TypeAlias = io.BufferedReader | gzip.GzipFile


class Line(NamedTuple):
    """One physical line, from 1; with a fault, `text` is what could be made out of it."""

    number: int
    text: str
    fault: FenqiError | None = None


class Record(NamedTuple):
    """One row: where it begins in the file and its cells; with a fault, the cells that could be made out."""

    line: int
    cells: list[str]
    fault: FenqiError | None = None


def digest_of(path: Path) -> str:
    """sha256 of the file's content as it lies on disk, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_json_lines(path: Path) -> bool:
    """Whether the name says JSON lines; everything else is read as CSV."""
    return {".jsonl", ".ndjson", ".json"} & {suffix.lower() for suffix in path.suffixes} != set()


def lines_of(path: Path, *, encoding: str = "utf-8") -> Iterator[Line]:
    """The lines of a file, packed by gzip or not, in bounded memory. Raises FileDamaged, FileRefused."""
    with _opened(path) as (stream, packed):
        number = 0
        try:
            for number, raw in enumerate(_bounded(stream, packed), 1):
                yield _line(number, raw, encoding)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise FileDamaged(line=number, problem=str(error), problem_zh="压缩数据损坏") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Readable, Readable | None]]:
    """The stream of the text and, when it is packed, of the packed bytes below it."""
    with path.open("rb") as below:
        if below.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
            with gzip.open(below) as stream:
                yield stream, below
        else:
            yield below, None


def _bounded(stream: Readable, packed: Readable | None) -> Iterator[bytes | None]:
    """Each line, or None for one that is too long: its rest is read past in pieces."""
    unpacked = 0
    while raw := stream.readline(MOST_LINE_BYTES + 1):
        piece = raw
        unpacked += len(piece)
        while len(piece) > MOST_LINE_BYTES and not piece.endswith(b"\n"):
            piece = stream.readline(MOST_LINE_BYTES + 1)
            unpacked += len(piece)
            _refuse_bomb(unpacked, packed)
        _refuse_bomb(unpacked, packed)
        yield raw if len(raw) <= MOST_LINE_BYTES else None


def _refuse_bomb(unpacked: int, packed: Readable | None) -> None:
    if packed and unpacked > INFLATION_ALLOWANCE and unpacked > MOST_INFLATION * packed.tell():
        raise FileRefused(problem="it unpacks to far more than it holds", problem_zh="压缩比异常，疑似压缩炸弹")


def _line(number: int, raw: bytes | None, encoding: str) -> Line:
    if raw is None:
        return Line(number, "", LineTooLong(most=MOST_LINE_BYTES))
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return Line(number, raw.decode(encoding, "replace"), BadEncoding(encoding=encoding))
    return Line(number, text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text)


def csv_header(lines: Iterator[Line], *, delimiter: str) -> list[str]:
    """The names of the columns, taken off the lines. Raises FileRefused."""
    header = next(csv_records(lines, delimiter=delimiter, width=None), None)
    if header is None:
        raise FileRefused(problem="it is empty", problem_zh="文件为空")
    if header.fault:
        raise FileRefused(problem=header.fault.text("en"), problem_zh=header.fault.text("zh"))
    names = [name.strip() for name in header.cells]
    if len(set(names)) < len(names):
        raise FileRefused(problem="two columns have the same name", problem_zh="表头有重复的列名")
    return names


def csv_records(lines: Iterator[Line], *, delimiter: str, width: int | None) -> Iterator[Record]:
    """Each record of CSV (RFC 4180), blank lines left out.

    A quotation mark that is never closed costs its own line only: the lines read in search of its end are read again.
    """
    ahead: deque[Line] = deque()

    def following() -> Line | None:
        return ahead.popleft() if ahead else next(lines, None)

    while (line := following()) is not None:
        if line.fault:
            yield Record(line.number, _guess(line.text, delimiter), line.fault)
        elif line.text.count('"') % 2 == 0:
            if line.text.strip():
                yield _parse([line], delimiter, width)
        else:
            parts = [line]
            while not _closed(parts) and len(parts) < MOST_RECORD_LINES and (another := following()):
                parts.append(another)
            record = _parse(parts, delimiter, width)
            if record.fault:
                ahead.extendleft(reversed(parts[1:]))
                record = Record(line.number, _guess(line.text, delimiter), QuoteNotClosed())
            yield record


def _closed(parts: list[Line]) -> bool:
    return sum(part.text.count('"') for part in parts) % 2 == 0


def _parse(parts: list[Line], delimiter: str, width: int | None) -> Record:
    number = parts[0].number
    for part in parts:
        if part.fault:
            return Record(number, [], part.fault)
    try:
        rows = list(csv.reader([part.text for part in parts], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Record(number, _guess(parts[0].text, delimiter), UnreadableRow(problem=str(error)))
    if len(rows) != 1:
        return Record(number, rows[0], UnreadableRow(problem="a quotation mark inside a plain cell"))
    if width is not None and len(rows[0]) != width:
        return Record(number, rows[0], WrongColumns(found=len(rows[0]), expected=width))
    return Record(number, rows[0])


def _guess(text: str, delimiter: str) -> list[str]:
    """The cells of a row that cannot be read for certain: only good for telling which order it was about."""
    return text.rstrip("\r\n").split(delimiter)
