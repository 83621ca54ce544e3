"""Where evidence is kept on disk: one folder for each piece, below its customer's, outside all that is served.

`<folder>/<two letters>/<customer>/<evidence>/{kept,thumbnail}`. A piece appears as a whole, by one rename, while the
transaction that records it is open; what a crash leaves is in `.incoming`, named so that it can be put right.
"""

import math
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

INCOMING: Final = ".incoming"
PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A piece that is being taken in: `came` is what was sent, `made` the folder that becomes the piece."""

    customer_id: UUID
    evidence_id: UUID
    folder: Path

    @property
    def came(self) -> Path:
        return self.folder / "came"

    @property
    def made(self) -> Path:
        return self.folder / "made"


def folder_of(customer_id: UUID, evidence_id: UUID) -> Path:
    """Spread by the customer's last two letters: the first ones are a time and would all be the same."""
    customer = str(customer_id)
    return _root() / customer[-2:] / customer / str(evidence_id)


@contextmanager
def taking_in(customer_id: UUID, evidence_id: UUID) -> Iterator[Work]:
    """A place to work in. When the block fails, nothing stays; otherwise what was placed does."""
    work = Work(customer_id=customer_id, evidence_id=evidence_id, folder=_incoming() / f"{customer_id}.{evidence_id}")
    work.made.mkdir(parents=True, mode=PRIVATE)
    try:
        yield work
    except BaseException:
        remove(customer_id, evidence_id)
        raise
    finally:
        shutil.rmtree(work.folder, ignore_errors=True)


def place(work: Work) -> None:
    """What was made is the piece from now on, and is on disk before this returns."""
    for file in work.made.iterdir():
        _sync(file)
    _sync(work.made)
    target = folder_of(work.customer_id, work.evidence_id)
    target.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    work.made.rename(target)
    _sync(target.parent)


def remove(customer_id: UUID, evidence_id: UUID) -> None:
    """Removing what is not there is no fault."""
    folder = folder_of(customer_id, evidence_id)
    for file in list(folder.glob("*")):
        file.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()
        _sync(folder.parent)


def left_behind(*, seconds: float) -> Iterator[Work]:
    """Work that nobody has touched for so long by the machine's clock: its process has died."""
    before = time.time() - seconds
    for folder in _incoming().iterdir():
        work = _work_of(folder)
        if work is not None and _touched_at(folder) < before:
            yield work


def _work_of(folder: Path) -> Work | None:
    """None for what we have not put there."""
    customer_id, _, evidence_id = folder.name.partition(".")
    try:
        return Work(customer_id=UUID(customer_id), evidence_id=UUID(evidence_id), folder=folder)
    except ValueError:
        return None


def _touched_at(folder: Path) -> float:
    """Later than any time for work that was finished while we looked."""
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def forget(work: Work) -> None:
    shutil.rmtree(work.folder, ignore_errors=True)


def _root() -> Path:
    return Path(settings.FENQI_EVIDENCE_FOLDER)


def _incoming() -> Path:
    folder = _root() / INCOMING
    folder.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    return folder


def _sync(path: Path) -> None:
    """On disk, not merely in a cache."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
