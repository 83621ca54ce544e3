"""What may be given as evidence: by what its bytes are, never by its name or declared type (R036, R037).

The limits keep a file from costing more than it proves: bytes, pixels (a small file may unfold into gigabytes), seconds
and frames. How many of each a case may have is the return policy's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fenqi.domain.errors import FenqiError

MEGABYTE: Final = 1024 * 1024


class MediaKind(StrEnum):
    """The same words as `records.EvidenceKind`."""

    PHOTO = "photo"
    VIDEO = "video"


class Container(StrEnum):
    """What a file says it is in its first bytes; whether it is true shows when it is decoded."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    MP4 = "mp4"
    """MP4 and QuickTime, which phones record."""
    WEBM = "webm"

    @property
    def kind(self) -> MediaKind:
        return MediaKind.VIDEO if self in _VIDEOS else MediaKind.PHOTO


_VIDEOS: Final = frozenset({Container.MP4, Container.WEBM})


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLimits:
    """Bytes and pixels of one file; seconds and frames of a video."""

    photo_bytes: int = 20 * MEGABYTE
    photo_pixels: int = 65_000_000
    """Every phone's usual picture; decoded it takes four bytes a pixel."""
    video_bytes: int = 150 * MEGABYTE
    video_pixels: int = 4096 * 2304
    video_seconds: int = 60
    video_frames: int = 60 * 240
    """A minute in slow motion."""

    def bytes_of(self, kind: MediaKind) -> int:
        return self.video_bytes if kind is MediaKind.VIDEO else self.photo_bytes

    @property
    def most_bytes(self) -> int:
        """Of a file of which nothing else is known yet."""
        return max(self.photo_bytes, self.video_bytes)


DEFAULT_LIMITS: Final = EvidenceLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a file: upright width and height in pixels, whole seconds of a video (rounded up)."""

    kind: MediaKind
    media_type: str
    width: int
    height: int
    seconds: int = 0


KEPT: Final = "kept"
THUMBNAIL: Final = "thumbnail"
"""What the two files of a piece are called."""

FIRST_BYTES: Final = 16
"""So many tell what a file claims to be."""

_OPENINGS: Final[Mapping[Container, tuple[tuple[int, bytes], ...]]] = {
    Container.JPEG: ((0, b"\xff\xd8\xff"),),
    Container.PNG: ((0, b"\x89PNG\r\n\x1a\n"),),
    Container.WEBP: ((0, b"RIFF"), (8, b"WEBP")),
    Container.MP4: ((4, b"ftyp"),),
    Container.WEBM: ((0, b"\x1a\x45\xdf\xa3"),),
}


class EvidenceRefused(FenqiError):
    """A file that is not taken as evidence; nothing of it is kept."""

    code = "evidence_not_accepted"
    status = 422


class EvidenceNotAccepted(EvidenceRefused):
    """No photo or video of a kind that can be read here, whatever its name says."""

    zh = "这个文件不是我们能读的照片或视频，没有保存。请用 JPEG、PNG 或 WebP 照片，或 MP4、MOV、WebM 视频。"
    en = (
        "This file is no photo or video that we can read; nothing was kept. Use a JPEG, PNG or WebP photo, or an MP4, "
        "MOV or WebM video."
    )


class EvidenceEmpty(EvidenceRefused):
    code = "evidence_empty"
    zh = "没有收到文件，或文件是空的。请重新选择。"
    en = "No file came, or it is empty. Choose it again."


class EvidenceDamaged(EvidenceRefused):
    """It began well and cannot be read to its end."""

    code = "evidence_damaged"
    zh = "这个文件不完整或已损坏，没有保存。请换一个，或重新拍摄后再传。"
    en = "This file is incomplete or damaged; nothing was kept. Choose another, or take it again."


class EvidenceTooLarge(EvidenceRefused):
    """Details: `most_mb`, and `kind_zh`, `kind_en` of what was measured."""

    code = "evidence_too_large"
    status = 413
    zh = "文件太大：{kind_zh}最大 {most_mb} MB，没有保存。请压缩后再传，或缩短视频。"
    en = "The file is too large: a {kind_en} may have {most_mb} MB; nothing was kept. Make it smaller, or shorter."


class EvidenceTooDetailed(EvidenceRefused):
    """Details: `most_megapixels`."""

    code = "evidence_too_many_pixels"
    zh = "画面太大：最多 {most_megapixels} 百万像素，没有保存。请把照片缩小，或降低视频分辨率。"
    en = "The picture is too large: at most {most_megapixels} megapixels; nothing was kept. Make it smaller."


class VideoTooLong(EvidenceRefused):
    """Details: `most_seconds`."""

    code = "video_too_long"
    zh = "视频太长：最长 {most_seconds} 秒，没有保存。请剪短后再传。"
    en = "The video is too long: at most {most_seconds} seconds; nothing was kept. Cut it and try again."


class TooMuchEvidence(EvidenceRefused):
    """Details: `most`, `kind_zh`, `kind_en`."""

    code = "too_much_evidence"
    status = 409
    zh = "{kind_zh}已经够了：最多 {most} 个。要换的话，请先删掉一个。"
    en = "That is enough: at most {most} of kind {kind_en}. To give another, remove one first."


class EvidenceUnavailable(FenqiError):
    """It cannot be looked at, stored or read back at the moment."""

    code = "evidence_unavailable"
    status = 503
    zh = "照片和视频暂时无法处理，请过几分钟再试。售后申请不受影响。"
    en = "Photos and videos cannot be handled at the moment. Try again in a few minutes; the application goes on."


KIND_WORDS: Final[Mapping[MediaKind, Mapping[str, str]]] = {
    MediaKind.PHOTO: {"kind_zh": "照片", "kind_en": "photo"},
    MediaKind.VIDEO: {"kind_zh": "视频", "kind_en": "video"},
}


def container_of(first_bytes: bytes) -> Container:
    """What the file claims to be by its first FIRST_BYTES. Raises EvidenceEmpty, EvidenceNotAccepted."""
    if not first_bytes:
        raise EvidenceEmpty
    for container, marks in _OPENINGS.items():
        if all(first_bytes.startswith(mark, at) for at, mark in marks):
            return container
    raise EvidenceNotAccepted


def require_size(kind: MediaKind, size: int, limits: EvidenceLimits) -> None:
    """Raises EvidenceTooLarge."""
    most = limits.bytes_of(kind)
    if size > most:
        raise EvidenceTooLarge(most_mb=most // MEGABYTE, **KIND_WORDS[kind])


def require_room(kind: MediaKind, have: int, most: int) -> None:
    """Raises TooMuchEvidence when `have` of the kind leave no room for one more."""
    if have >= most:
        raise TooMuchEvidence(most=most, **KIND_WORDS[kind])
