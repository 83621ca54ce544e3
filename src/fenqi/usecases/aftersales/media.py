"""Photos and videos read and written anew: run as a program of its own, since what it reads was made by a stranger.

It is given a file, a folder and limits, and knows nothing else: no settings, no database, no keys, no Django. Decoders
are large and old; whatever a file makes of them ends with this process, within limits of memory and time.

What is written is what was decoded: a photo becomes a JPEG without metadata, turned upright and in sRGB; a video keeps
its compressed picture and sound and loses everything else (P1211). What hides behind or between them is not copied.
"""

import io
import json
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from fenqi.domain.aftersales.evidence_rules import (
    FIRST_BYTES,
    KEPT,
    THUMBNAIL,
    Container,
    EvidenceDamaged,
    EvidenceLimits,
    EvidenceNotAccepted,
    EvidenceRefused,
    EvidenceTooDetailed,
    Kept,
    MediaKind,
    VideoTooLong,
    container_of,
)

if TYPE_CHECKING:
    from av.codec.context import CodecContext
    from av.packet import Packet  # generic in its stub only

LONGEST_SIDE: Final = 4096
THUMBNAIL_SIDE: Final = 320
QUALITY: Final = 88
THUMBNAIL_QUALITY: Final = 80

MEMORY_BYTES: Final = 2 * 1024**3
PROCESSOR_SECONDS: Final = 40
OPEN_FILES: Final = 32
INDEX_BYTES: Final = 16 * 1024**2
"""Beyond the largest video, for the index that is written beside its packets."""

MEGAPIXEL: Final = 1_000_000
SHORT_OF_SECONDS: Final = 1.5
"""A file that promises so much more than it holds was torn."""

_PHOTO_FORMATS: Final = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoForm:
    """How a kind of video is read, and what of it may be carried over."""

    demuxer: str
    muxer: str
    media_type: str
    pictures: frozenset[str]
    sounds: frozenset[str]
    write_options: Mapping[str, str]


_FORMS: Final[Mapping[Container, VideoForm]] = {
    Container.MP4: VideoForm(
        demuxer="mov",
        muxer="mp4",
        media_type="video/mp4",
        pictures=frozenset({"h264", "hevc"}),
        sounds=frozenset({"aac", "mp3"}),
        write_options={"movflags": "+faststart", "fflags": "+bitexact"},
    ),
    Container.WEBM: VideoForm(
        demuxer="matroska",
        muxer="webm",
        media_type="video/webm",
        pictures=frozenset({"vp8", "vp9", "av1", "libdav1d"}),
        sounds=frozenset({"opus", "vorbis"}),
        write_options={"fflags": "+bitexact"},
    ),
}


def keep(came: Path, folder: Path, limits: EvidenceLimits) -> Kept:
    """Write what is to be kept of `came`, and its thumbnail, into the folder. Raises EvidenceRefused."""
    with came.open("rb") as file:
        container = container_of(file.read(FIRST_BYTES))
    if container.kind is MediaKind.PHOTO:
        return keep_photo(came, folder, limits)
    return keep_video(came, folder, _FORMS[container], limits)


# Photos --------------------------------------------------------------------------------------------------------------


def keep_photo(came: Path, folder: Path, limits: EvidenceLimits) -> Kept:
    """Raises EvidenceTooDetailed, EvidenceDamaged, EvidenceNotAccepted."""
    Image.MAX_IMAGE_PIXELS = limits.photo_pixels
    try:
        with Image.open(came, formats=_PHOTO_FORMATS) as image:
            _require_pixels(image.width, image.height, limits.photo_pixels)
            image.draft("RGB", _fitting(image.width, image.height))  # a JPEG is decoded little larger than it is kept
            photo = _plain(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise EvidenceNotAccepted from None
    except Image.DecompressionBombError:
        raise EvidenceTooDetailed(most_megapixels=limits.photo_pixels // MEGAPIXEL) from None
    except (OSError, SyntaxError, ValueError, EOFError):  # how Pillow says that the file breaks off or makes no sense
        raise EvidenceDamaged from None
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    photo.save(folder / KEPT, "JPEG", quality=QUALITY)
    _write_thumbnail(photo, folder)
    return Kept(kind=MediaKind.PHOTO, media_type="image/jpeg", width=photo.width, height=photo.height)


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The size at which it is kept."""
    longest = max(width, height, LONGEST_SIDE)
    return max(1, width * LONGEST_SIDE // longest), max(1, height * LONGEST_SIDE // longest)


def _plain(image: Image.Image) -> Image.Image:
    """In sRGB on white, with nothing said beside the pixels."""
    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    image = _in_srgb(image, profile).convert("RGB")
    image.info.clear()
    return image


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as they were meant: a dispute may be about a colour. A profile that makes no sense is left out."""
    if not profile:
        return image
    with suppress(ImageCms.PyCMSError, OSError, ValueError):
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, meant, ImageCms.createProfile("sRGB"), outputMode="RGB")
        return converted or image
    return image


def _write_thumbnail(image: Image.Image, folder: Path) -> None:
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    small.info.clear()
    small.save(folder / THUMBNAIL, "JPEG", quality=THUMBNAIL_QUALITY)


def _require_pixels(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise EvidenceTooDetailed(most_megapixels=most // MEGAPIXEL)


# Videos --------------------------------------------------------------------------------------------------------------


def keep_video(came: Path, folder: Path, form: VideoForm, limits: EvidenceLimits) -> Kept:
    """Every packet is read, every key frame decoded. Raises VideoTooLong, EvidenceTooDetailed, EvidenceDamaged,
    EvidenceNotAccepted.
    """
    try:
        with av.open(str(came), format=form.demuxer, options=_read_options(form)) as source:
            picture = _picture_of(source, form, limits)
            with av.open(str(folder / KEPT), "w", format=form.muxer, options=dict(form.write_options)) as kept:
                walk = _Walk(source, kept, picture, form, limits, most_bytes=came.stat().st_size)
                walk.run()
    except (av.error.FFmpegError, ValueError, EOFError):  # how PyAV says that the file breaks off or makes no sense
        raise EvidenceDamaged from None
    first = walk.first
    if first is None:
        raise EvidenceDamaged
    upright = _image_of(first).rotate(first.rotation, expand=True)
    _write_thumbnail(upright, folder)
    return Kept(
        kind=MediaKind.VIDEO,
        media_type=form.media_type,
        width=upright.width,
        height=upright.height,
        seconds=max(1, round(walk.seconds)),
    )


def _image_of(frame: VideoFrame) -> Image.Image:
    to_image: Callable[[], Image.Image] = frame.to_image
    return to_image()


def _read_options(form: VideoForm) -> dict[str, str]:
    """No decoder but those of the form, and nothing but this file: a playlist could name another."""
    return {"codec_whitelist": ",".join(sorted(form.pictures | form.sounds)), "protocol_whitelist": "file"}


def _picture_of(source: InputContainer, form: VideoForm, limits: EvidenceLimits) -> VideoStream:
    found = next((stream for stream in source.streams.video if not stream.disposition & ATTACHED_PICTURE), None)
    if found is None or _codec_of(found) not in form.pictures:
        raise EvidenceNotAccepted
    _require_pixels(found.codec_context.width, found.codec_context.height, limits.video_pixels)
    if source.duration is not None and source.duration > (limits.video_seconds + 1) * av.time_base:
        raise VideoTooLong(most_seconds=limits.video_seconds)
    return found


def _codec_of(stream: VideoStream | AudioStream) -> str:
    """Its name; empty where a header names none that there is."""
    context: CodecContext | None = stream.codec_context
    return context.name if context else ""


ATTACHED_PICTURE: Final = Disposition.attached_pic


class _Walk:
    """One pass over the packets: what is read is counted, its key frames are decoded, and it is written again."""

    def __init__(
        self,
        source: InputContainer,
        kept: OutputContainer,
        picture: VideoStream,
        form: VideoForm,
        limits: EvidenceLimits,
        *,
        most_bytes: int,
    ) -> None:
        self.source, self.kept, self.picture, self.limits = source, kept, picture, limits
        self.bytes_left = most_bytes
        sounds = [stream for stream in source.streams.audio if _codec_of(stream) in form.sounds][:1]
        self.written = {stream.index: kept.add_stream_from_template(stream) for stream in (picture, *sounds)}
        self.read = (picture, *sounds)
        self.first: VideoFrame | None = None
        self.frames = 0
        self.seconds = 0.0

    def run(self) -> None:
        context = self.picture.codec_context
        context.thread_count, context.skip_frame = 1, "NONKEY"
        context.options = {"max_pixels": str(self.limits.video_pixels), "err_detect": "explode"}
        for packet in self.source.demux(*self.read):
            if packet.is_corrupt:
                raise EvidenceDamaged
            if not packet.size:  # a mark that nothing more comes
                continue
            self._measure(packet)
            if packet.stream_index == self.picture.index:
                self._look_at(packet)
            packet.stream = self.written[packet.stream_index]
            self.kept.mux(packet)
        self._look_at(None)
        self._require_whole()

    def _measure(self, packet: "Packet[Stream]") -> None:
        """An index may name the same bytes again and again: nobody's packets are more than the file that came."""
        self.bytes_left -= packet.size
        if self.bytes_left < 0:
            raise EvidenceDamaged
        ends_at = self._ends_at(packet)
        if packet.stream_index == self.picture.index:
            self.frames += 1
            self.seconds = max(self.seconds, ends_at)
        if ends_at > self.limits.video_seconds + 1 or self.frames > self.limits.video_frames:
            raise VideoTooLong(most_seconds=self.limits.video_seconds)

    def _look_at(self, packet: "Packet[Stream] | None") -> None:
        for frame in self.picture.codec_context.decode(packet):
            _require_pixels(frame.width, frame.height, self.limits.video_pixels)
            self.first = self.first or frame

    def _ends_at(self, packet: "Packet[Stream]") -> float:
        shown = packet.pts if packet.pts is not None else packet.dts or 0
        begins = packet.stream.start_time or 0
        return float((shown - begins + (packet.duration or 0)) * packet.time_base)

    def _require_whole(self) -> None:
        promised = self.picture.duration
        if promised and self.seconds + SHORT_OF_SECONDS < float(promised * (self.picture.time_base or 0)):
            raise EvidenceDamaged


# The program ---------------------------------------------------------------------------------------------------------


def confine(limits: EvidenceLimits) -> None:
    """From here on this process can neither grow nor run nor write for long. A file that would grow further is an
    OSError to who writes it: Python does not let its signal end the process.
    """
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, limits.video_bytes + INDEX_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))


def answer_of(came: Path, folder: Path, limits: EvidenceLimits) -> Mapping[str, Any]:
    """What is told to the process that asked: what was kept, or why nothing was."""
    try:
        return {"kept": asdict(keep(came, folder, limits))}
    except EvidenceRefused as refusal:
        return {"refused": type(refusal).__name__, "details": refusal.details}
    except MemoryError:
        return {"refused": EvidenceNotAccepted.__name__, "details": {}}


def main(arguments: Iterator[str]) -> None:
    """`came folder limits`, the last as JSON; the answer is JSON on standard output."""
    came, folder, said = arguments
    limits = EvidenceLimits(**json.loads(said))
    confine(limits)
    answer = answer_of(Path(came), Path(folder), limits)
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(iter(sys.argv[1:]))
