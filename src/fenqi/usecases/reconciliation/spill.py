"""Frames too many for memory, parted by key into files: what belongs together is in the same part of both sides.

So two sides of any size are joined part by part, with the memory of one part.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

PARTS: Final = 16
KEY: Final = ("kind", "key")
_PART: Final = "_part"


class Spill:
    """One side, in a folder of its own. Rows of the same `kind` and `key` are in the same part, in any order."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._files: list[list[Path]] = [[] for _ in range(PARTS)]
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Every frame has the same columns, `kind` and `key` among them."""
        part = pl.struct(pl.col(name).cast(pl.String) for name in KEY).hash() % PARTS
        parted = frame.with_columns(part.alias(_PART)).partition_by(_PART, as_dict=True, include_key=False)
        for (number,), rows in parted.items():
            files = self._files[int(number)]
            path = self._folder / f"{number}-{len(files)}.arrow"
            rows.write_ipc(path)
            files.append(path)
        self.rows += frame.height

    def frames(self) -> Iterator[pl.DataFrame]:
        """All rows, file by file."""
        return (pl.read_ipc(path) for files in self._files for path in files)

    def has(self, number: int) -> bool:
        """Whether the part has any row."""
        return bool(self._files[number])

    def part(self, number: int, *, schema: pl.Schema) -> pl.DataFrame:
        """All rows of a part; `schema` is that of a part without any."""
        frames = [pl.read_ipc(path) for path in self._files[number]]
        return pl.concat(frames) if frames else schema.to_frame()
