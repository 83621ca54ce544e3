"""Photos and videos of an after-sales case: taken in, handed out, removed in time (R036-R038, P1211).

What a customer sends is looked at by a process of its own, written anew without metadata, and kept in a folder that
nothing serves. It waits for the application it belongs to; one that is not handed in is removed after a day.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from fenqi.domain.aftersales.evidence_rules import (
    DEFAULT_LIMITS,
    FIRST_BYTES,
    KEPT,
    THUMBNAIL,
    EvidenceEmpty,
    EvidenceLimits,
    EvidenceUnavailable,
    Kept,
    MediaKind,
    container_of,
    require_room,
    require_size,
)
from fenqi.domain.aftersales.policies import Subject
from fenqi.domain.aftersales.resolution import Goods
from fenqi.domain.errors import NotFound
from fenqi.records import evidence_files, locks
from fenqi.records.evidence_files import Work
from fenqi.records.identifiers import new_id
from fenqi.records.models import CaseEvidence, Order, OrderLine
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.aftersales.examination import examine
from fenqi.usecases.aftersales.policies import policies_for
from fenqi.usecases.rate_limits import Rate

CHUNK: Final = 1024 * 1024

_log = structlog.get_logger(__name__)
_SUFFIXES: Final = {"image/jpeg": "jpg", "video/mp4": "mp4", "video/webm": "webm"}


Most = Mapping[MediaKind, int]
"""How many of each kind may be handed in at once."""


class Readable(Protocol):
    """An upload, or a file opened for reading bytes."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """A piece of evidence; width and height in pixels as it is seen, `size` in bytes, `seconds` of a video."""

    evidence_id: UUID
    customer_id: UUID
    order_id: UUID
    case_id: UUID | None
    kind: MediaKind
    media_type: str
    size: int
    width: int
    height: int
    seconds: int
    uploaded_by: str
    created_at: datetime

    @property
    def is_video(self) -> bool:
        return self.kind is MediaKind.VIDEO


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file to hand out, whose content is what was written when it was taken in. `name` is ours, not the sender's."""

    path: Path
    media_type: str
    size: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many photos and videos may be handed in at once, and how many wait already."""

    most_photos: int
    most_videos: int
    photos: int
    videos: int

    @property
    def photos_left(self) -> int:
        return max(0, self.most_photos - self.photos)

    @property
    def videos_left(self) -> int:
        return max(0, self.most_videos - self.videos)


# Taking in -----------------------------------------------------------------------------------------------------------


def store_evidence(
    customer_id: UUID,
    order_id: UUID,
    *,
    content: bytes | Readable,
    uploaded_by: str,
    now: datetime,
    limits: EvidenceLimits = DEFAULT_LIMITS,
) -> EvidenceView:
    """Keep a photo or video for the order's next application or answer; the same file of the same uploader twice is
    one. What the customer and what each member of staff upload is counted and handed in apart.

    Raises NotFound, TooManyRequests, EvidenceRefused (its kinds say why), EvidenceUnavailable.
    """
    most = _most(customer_id, order_id)
    rate_limits.count(Rate.EVIDENCE, str(customer_id))
    evidence_id = new_id()
    with _disk(), evidence_files.taking_in(customer_id, evidence_id) as work:
        came = _write(work.came, content, limits)
        waiting = _waiting(customer_id, order_id, uploaded_by)
        found = waiting.filter(sha256=came).first()
        if found is not None:
            return _view(found)
        _require_room(waiting, _claimed_kind(work.came), most)
        kept = examine(work.came, work.made, limits)
        return _record(work, order_id, kept, most, came=came, uploaded_by=uploaded_by, now=now)


def _record(
    work: Work, order_id: UUID, kept: Kept, most: Most, *, came: bytes, uploaded_by: str, now: datetime
) -> EvidenceView:
    """The row and the files become visible together. Another upload may have come first, the same one, too."""
    file = work.made / KEPT
    stored_sha256, thumbnail_sha256 = _digest(file), _digest(work.made / THUMBNAIL)
    with transaction.atomic(durable=True):
        locks.customer(work.customer_id)
        waiting = _waiting(work.customer_id, order_id, uploaded_by)
        found = waiting.filter(sha256=came).first()
        if found is not None:
            return _view(found)
        _require_room(waiting, kept.kind, most)
        row = CaseEvidence.objects.create(
            customer_id=work.customer_id,
            id=work.evidence_id,
            order_id=order_id,
            kind=kept.kind.value,
            media_type=kept.media_type,
            sha256=came,
            stored_sha256=stored_sha256,
            thumbnail_sha256=thumbnail_sha256,
            size=file.stat().st_size,
            width=kept.width,
            height=kept.height,
            seconds=kept.seconds,
            uploaded_by=uploaded_by,
            created_at=now,
        )
        evidence_files.place(work)
    return _view(row)


def room_for(customer_id: UUID, order_id: UUID, *, uploaded_by: str) -> Room:
    """How many more may be added to what the uploader has waiting on this order. Raises NotFound."""
    most = _most(customer_id, order_id)
    kinds = list(_waiting(customer_id, order_id, uploaded_by).values_list("kind", flat=True))
    return Room(
        most_photos=most[MediaKind.PHOTO],
        most_videos=most[MediaKind.VIDEO],
        photos=kinds.count(MediaKind.PHOTO.value),
        videos=kinds.count(MediaKind.VIDEO.value),
    )


def discard(customer_id: UUID, evidence_id: UUID, *, uploaded_by: str) -> UUID:
    """Take back what the same uploader added and did not hand in yet; its order. Raises NotFound."""
    with transaction.atomic(durable=True), _disk():
        locks.customer(customer_id)
        mine = CaseEvidence.objects.filter(customer_id=customer_id, case_id=None, uploaded_by=uploaded_by)
        row = mine.filter(id=evidence_id).first()
        if row is None:
            raise NotFound
        erase(row)
    return row.order_id


def erase(row: CaseEvidence) -> None:
    """The files first: a row without files is erased again, files without a row would stay for ever."""
    evidence_files.remove(row.customer_id, row.id)
    CaseEvidence.objects.filter(customer_id=row.customer_id, id=row.id).delete()


# Reading -------------------------------------------------------------------------------------------------------------


def waiting_evidence(customer_id: UUID, order_id: UUID, *, uploaded_by: str) -> tuple[EvidenceView, ...]:
    """What the uploader has added to the order and not handed in yet, in the order it came."""
    return tuple(map(_view, _waiting(customer_id, order_id, uploaded_by).order_by("created_at", "id")))


def evidence_of_case(customer_id: UUID, case_id: UUID) -> tuple[EvidenceView, ...]:
    rows = CaseEvidence.objects.filter(customer_id=customer_id, case_id=case_id)
    return tuple(map(_view, rows.order_by("created_at", "id")))


def read_evidence(customer_id: UUID, evidence_id: UUID, *, thumbnail: bool = False) -> StoredFile:
    """Raises NotFound, also for another customer's; EvidenceUnavailable when the file is not what was stored."""
    row = CaseEvidence.objects.filter(customer_id=customer_id, id=evidence_id).first()
    if row is None:
        raise NotFound
    path = evidence_files.folder_of(customer_id, evidence_id) / (THUMBNAIL if thumbnail else KEPT)
    try:
        is_whole = _digest_of(path, path.stat().st_mtime_ns) == bytes(
            row.thumbnail_sha256 if thumbnail else row.stored_sha256
        )
    except OSError:
        is_whole = False
    if not is_whole:
        _log.error("evidence_lost", evidence=str(evidence_id), thumbnail=thumbnail)
        raise EvidenceUnavailable
    media_type = "image/jpeg" if thumbnail else row.media_type
    name = f"evidence-{evidence_id.hex[-8:]}.{_SUFFIXES[media_type]}"
    return StoredFile(path=path, media_type=media_type, size=path.stat().st_size, name=name)


@lru_cache(maxsize=1024)
def _digest_of(path: Path, written_at: int) -> bytes:  # noqa: ARG001  # a file that is written again is read again
    """Once for each process: a film is asked for in many pieces."""
    return _digest(path)


# Both ----------------------------------------------------------------------------------------------------------------


def _most(customer_id: UUID, order_id: UUID) -> Most:
    """By the return policies of the order's lines: the most that any of them allows. Raises NotFound."""
    order = Order.objects.filter(customer_id=customer_id, id=order_id).first()
    if order is None:
        raise NotFound
    lines = OrderLine.objects.filter(customer_id=customer_id, order_id=order_id)
    placed_on = clock.business_date(order.placed_at)
    goods = [
        Goods(sku=line.sku, category=line.category, sales_channel=order.sales_channel, placed_on=placed_on)
        for line in lines
    ]
    policies = [policy.of_return for policy in policies_for(Subject.RETURN, goods)]
    return {
        MediaKind.PHOTO: max(policy.most_photos for policy in policies),
        MediaKind.VIDEO: max(policy.most_videos for policy in policies),
    }


def _require_room(waiting: QuerySet[CaseEvidence], kind: MediaKind, most: Most) -> None:
    """Raises TooMuchEvidence."""
    require_room(kind, waiting.filter(kind=kind.value).count(), most[kind])


def _waiting(customer_id: UUID, order_id: UUID, uploaded_by: str) -> QuerySet[CaseEvidence]:
    """What an agent uploads at the customer's word is never the customer's to hand in, and the other way round."""
    return CaseEvidence.objects.filter(
        customer_id=customer_id, order_id=order_id, case_id=None, uploaded_by=uploaded_by
    )


@contextmanager
def _disk() -> Iterator[None]:
    """A full or failing disk is told as what it is to the customer: not now. Raises EvidenceUnavailable."""
    try:
        yield
    except OSError as fault:
        _log.exception("evidence_disk_failed", number=fault.errno)
        raise EvidenceUnavailable from fault


def _write(path: Path, content: bytes | Readable, limits: EvidenceLimits) -> bytes:
    """The digest of what came. Read in pieces, and no further than it may go. Raises EvidenceEmpty, EvidenceTooLarge,
    EvidenceNotAccepted.
    """
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    digest, size = hashlib.sha256(), 0
    kind: MediaKind | None = None
    with path.open("xb") as file:
        while chunk := source.read(CHUNK):
            kind = kind or container_of(chunk[:FIRST_BYTES]).kind
            size += len(chunk)
            require_size(kind, size, limits)
            digest.update(chunk)
            file.write(chunk)
    if kind is None:
        raise EvidenceEmpty
    return digest.digest()


def _claimed_kind(path: Path) -> MediaKind:
    with path.open("rb") as file:
        return container_of(file.read(FIRST_BYTES)).kind


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _view(row: CaseEvidence) -> EvidenceView:
    return EvidenceView(
        evidence_id=row.id,
        customer_id=row.customer_id,
        order_id=row.order_id,
        case_id=row.case_id,
        kind=MediaKind(row.kind),
        media_type=row.media_type,
        size=row.size,
        width=row.width,
        height=row.height,
        seconds=row.seconds,
        uploaded_by=row.uploaded_by,
        created_at=row.created_at,
    )
