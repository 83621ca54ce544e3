"""The rows that were not taken, in a CSV file of their own: which line, what it was about, and why."""

import csv
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fenqi.domain.errors import FenqiError

ORDER_NO = "order_no"
_COLUMNS = 5
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MOST_REASON = 300


@dataclass(frozen=True, slots=True)
class Reject:
    """`about` is the order's number, or the product's."""

    line: int
    about: str
    code: str
    reason: str
    reason_zh: str

    @classmethod
    def of(cls, line: int, about: str, refusal: FenqiError) -> "Reject":
        return cls(line, about, refusal.code, refusal.text("en"), refusal.text("zh"))


class RejectsFile:
    """Made when there is something to put in; a batch's rows are on disk before its checkpoint is committed."""

    def __init__(self, path: Path, *, about: str = ORDER_NO) -> None:
        self.path = path
        self._header = ("line", about, "code", "reason", "reason_zh")
        self._file: IO[str] | None = None

    def keep_up_to(self, line: int) -> None:
        """Start over, keeping what an interrupted run wrote about the rows it finished."""
        kept = _rows_up_to(self.path, line) if line and self.path.exists() else []
        if kept:
            draft = self.path.with_name(f"{self.path.name}.part")
            with draft.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([self._header, *kept])
            draft.replace(self.path)
            self._file = self.path.open("a", encoding="utf-8", newline="")
        else:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What is added inside is taken back when the block fails."""
        size = self._size()
        try:
            yield
        except BaseException:
            if self._file is not None:
                self._file.truncate(size)
                self._file.seek(size)
            raise

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size if self._file is not None else 0

    def add(self, rejects: Iterable[Reject]) -> None:
        rows: list[tuple[object, ...]] = [
            (reject.line, *map(_harmless, (reject.about[:64], reject.code, reject.reason, reject.reason_zh)))
            for reject in rejects
        ]
        if not rows:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
        if not self._size():
            rows.insert(0, self._header)
        csv.writer(self._file).writerows(rows)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _rows_up_to(path: Path, line: int) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="", errors="replace") as file:
        rows = csv.reader(file)
        next(rows, None)
        return [row for row in rows if len(row) == _COLUMNS and row[0].isdigit() and int(row[0]) <= line]


def _harmless(text: str) -> str:
    """Text that a spreadsheet does not take for a formula, on one line and without what cannot be written."""
    shown = "".join(character if character.isprintable() else "?" for character in text)[:MOST_REASON]
    return f"'{shown}" if text.startswith(_FORMULA_STARTS) else shown
