"""Files that take a while: asked for by one reader, made by a job, kept for some days, and removed."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import locks
from fenqi.records.identifiers import new_id
from fenqi.records.models import FileKind, FileState, MadeFile
from fenqi.records.posting import Decision, write
from fenqi.records.scope import across_customers
from fenqi.usecases import outbox, rate_limits
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.vouchers.archive import Part, write_archive
from fenqi.usecases.vouchers.dispute_file import Contents, contents_of_customer, contents_of_order, require_order
from fenqi.usecases.vouchers.signing import require_signer

KEPT_FOR: Final = timedelta(days=7)
ASKED_AGAIN: Final = timedelta(minutes=10)
"""Who asks twice within this time gets the same file."""

PRIVATE: Final = 0o700
_log = structlog.get_logger(__name__)

Pages = Callable[[Contents], Sequence[Part]]
"""Makes the pages that people read, from what goes into the archive."""


class FileGone(FenqiError):
    """It was kept for some days, or could not be made."""

    code = "file_gone"
    status = 410
    zh = "这个文件已过保存期或没有生成成功，请重新申请。"
    en = "This file is not kept any more, or could not be made. Please ask for it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """`size` in bytes and `sha256` in hexadecimal once it is ready; `fault` is why it could not be made."""

    file_id: UUID
    kind: FileKind
    order_id: UUID | None
    state: FileState
    asked_by: str
    reason: str
    fault: str
    sha256: str
    size: int
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None

    @property
    def is_ready(self) -> bool:
        return self.state is FileState.READY


def ask_for_file(
    customer_id: UUID,
    kind: FileKind,
    *,
    order_id: UUID | None = None,
    asked_by: str,
    reason: str = "",
    language: str,
    now: datetime,
) -> UUID:
    """Have it made; asked for again within minutes, it is the same file. Raises NotFound, SignerMissing."""
    rate_limits.count(Rate.MADE_FILE, str(customer_id))
    require_signer()
    if order_id is not None:
        require_order(customer_id, order_id)
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        asked = MadeFile.objects.filter(customer_id=customer_id, kind=kind, order_id=order_id, asked_by=asked_by)
        young = asked.filter(asked_at__gt=now - ASKED_AGAIN, state__in=[FileState.WANTED, FileState.READY]).first()
        if young is not None:
            return young.id
        file = MadeFile.objects.create(
            customer_id=customer_id,
            id=new_id(),
            kind=kind,
            order_id=order_id,
            asked_by=asked_by,
            reason=reason,
            language=language,
            state=FileState.WANTED,
            asked_at=now,
        )
        decision = Decision(customer_id)
        outbox.make_file(decision, file.id, now=now)
        write(decision)
    return file.id


def make_file(customer_id: UUID, file_id: UUID, *, pages: Pages, now: datetime) -> FileState:
    """Made already, it stays as it is. What cannot be made is marked so, for its reader to see."""
    row = _row(customer_id, file_id)
    if row.state != FileState.WANTED:
        return FileState(row.state)
    try:
        size, digest = _write(row, _contents(row), pages)
    except (FenqiError, OSError) as fault:
        _log.warning("file_not_made", file=str(file_id), fault=type(fault).__name__)
        code = fault.code if isinstance(fault, FenqiError) else "storage"
        return _moved(row, FileState.FAILED, fault=code)
    return _moved(row, FileState.READY, sha256=digest, size=size, ready_at=now, expires_at=now + KEPT_FOR)


def _contents(row: MadeFile) -> Contents:
    if row.kind == FileKind.EXPORT:
        return contents_of_customer(row.customer_id)
    assert row.order_id is not None
    return contents_of_order(row.customer_id, row.order_id, for_staff=row.asked_by.startswith("staff:"))


def _write(row: MadeFile, contents: Contents, pages: Pages) -> tuple[int, str]:
    """Whole or not at all: it appears by one rename."""
    target = path_of(row.customer_id, row.id)
    target.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE)
    part = target.with_suffix(".part")
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    parts = (*contents.parts, *pages(contents))
    write_archive(part, parts, about=dict(contents.about), as_of=contents.as_of)
    with part.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    size = part.stat().st_size
    part.rename(target)
    return size, digest


def _moved(row: MadeFile, state: FileState, **columns: object) -> FileState:
    waiting = MadeFile.objects.filter(customer_id=row.customer_id, id=row.id, state=FileState.WANTED)
    waiting.update(state=state, **columns)
    return state


def files_of(
    customer_id: UUID, kind: FileKind, *, asked_by: str, order_id: UUID | None = None, limit: int = 10
) -> tuple[FileView, ...]:
    """What that reader asked for, newest first; what was removed is left out."""
    asked = MadeFile.objects.filter(customer_id=customer_id, kind=kind, asked_by=asked_by, order_id=order_id)
    return tuple(map(_view, asked.exclude(state=FileState.REMOVED).order_by("-asked_at", "-id")[:limit]))


def files_of_reader(customer_id: UUID, kind: FileKind, *, asked_by: str, limit: int = 20) -> tuple[FileView, ...]:
    """Of all orders, newest first."""
    asked = MadeFile.objects.filter(customer_id=customer_id, kind=kind, asked_by=asked_by)
    return tuple(map(_view, asked.exclude(state=FileState.REMOVED).order_by("-asked_at", "-id")[:limit]))


def open_file(customer_id: UUID, file_id: UUID, *, asked_by: str, now: datetime) -> tuple[FileView, Path]:
    """Where it is on disk, for the reader who asked for it. Raises NotFound, FileGone."""
    row = _row(customer_id, file_id)
    if row.asked_by != asked_by:
        raise NotFound
    path = path_of(customer_id, file_id)
    if row.state != FileState.READY or row.expires_at is None or row.expires_at <= now or not path.is_file():
        raise FileGone
    return _view(row), path


def remove_expired(*, now: datetime, limit: int = 1000) -> int:
    """How many files were removed."""
    with across_customers():
        expired = list(
            MadeFile.objects.filter(state=FileState.READY, expires_at__lte=now).order_by("expires_at")[:limit]
        )
    for row in expired:
        remove(row)
    return len(expired)


def remove_files_of(customer_id: UUID) -> None:
    """All of a customer's, at once."""
    for row in MadeFile.objects.filter(customer_id=customer_id).exclude(state=FileState.REMOVED):
        remove(row)


def remove(row: MadeFile) -> None:
    path_of(row.customer_id, row.id).unlink(missing_ok=True)
    MadeFile.objects.filter(customer_id=row.customer_id, id=row.id).update(state=FileState.REMOVED)


def path_of(customer_id: UUID, file_id: UUID) -> Path:
    return Path(settings.FENQI_FILES_FOLDER) / str(customer_id)[-2:] / str(customer_id) / f"{file_id}.zip"


def _row(customer_id: UUID, file_id: UUID) -> MadeFile:
    row = MadeFile.objects.filter(customer_id=customer_id, id=file_id).first()
    if row is None:
        raise NotFound
    return row


def _view(row: MadeFile) -> FileView:
    return FileView(
        file_id=row.id,
        kind=FileKind(row.kind),
        order_id=row.order_id,
        state=FileState(row.state),
        asked_by=row.asked_by,
        reason=row.reason,
        fault=row.fault,
        sha256=row.sha256,
        size=row.size,
        asked_at=row.asked_at,
        ready_at=row.ready_at,
        expires_at=row.expires_at,
    )
