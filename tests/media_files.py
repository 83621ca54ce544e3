"""Photos and videos for the tests, made here: good ones, and ones that somebody made to do harm."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image
from PIL.PngImagePlugin import PngInfo

PLACE = "+39.9042+116.4074/"
"""Where it was taken, as phones write it into videos."""
CAMERA = "Phone of Chen"


def photo(*, size: tuple[int, int] = (120, 80), form: str = "JPEG", colour: str = "red", turned: bool = False) -> bytes:
    """With a place, a camera and a comment in it; `turned`: held upright, as EXIF orientation 6 says."""
    exif = Image.Exif()
    exif[0x010F] = CAMERA
    exif[0x0112] = 6 if turned else 1
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 15.0)  # GPSLatitude
    out = io.BytesIO()
    image = Image.new("RGB", size, colour)
    more: dict[str, Any] = {"comment": b"shot at home"} if form == "JPEG" else {}
    if form == "PNG":
        words = PngInfo()
        words.add_text("Comment", "at home")
        more = {"pnginfo": words}
    image.save(out, form, exif=exif, xmp=b"<x:xmpmeta>at home</x:xmpmeta>", **more)
    return out.getvalue()


def bomb(*, width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few bytes that says it is thousands of megapixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def video(
    folder: Path,
    *,
    seconds: int = 2,
    rate: int = 10,
    form: str = "mp4",
    size: tuple[int, int] = (64, 48),
    sound: bool = False,
    codec: str | None = None,
) -> bytes:
    """With the place and the camera in it."""
    path = folder / f"made.{form}"
    options = {"movflags": "use_metadata_tags"} if form == "mp4" else {}
    with av.open(str(path), "w", format=form, options=options) as made:
        made.metadata.update({"location": PLACE, "com.apple.quicktime.location.ISO6709": PLACE, "make": CAMERA})
        picture = made.add_stream(codec or ("libvpx" if form == "webm" else "libx264"), rate=rate)
        assert isinstance(picture, VideoStream)
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        noise = made.add_stream("libopus" if form == "webm" else "aac", rate=48_000) if sound else None
        for number in range(seconds * rate):
            made.mux(picture.encode(_frame(Image.new("RGB", size, (number * 3 % 255, 60, 90)))))
        made.mux(picture.encode())
        if isinstance(noise, AudioStream):
            silence = av.AudioFrame(format=noise.format.name, layout="stereo", samples=960)
            silence.sample_rate = 48_000
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            made.mux(noise.encode(silence))
            made.mux(noise.encode())
    return path.read_bytes()


def _frame(image: Image.Image) -> av.VideoFrame:
    frame: av.VideoFrame = getattr(av.VideoFrame, "from_image")(image)  # noqa: B009  # it brings no types
    return frame


def turned(made: bytes) -> bytes:
    """The same video, held upright: the matrix of its picture says a quarter turn."""
    at = made.index(b"tkhd") + 44
    matrix = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0x10000 * 48, 0, 0x40000000)
    return made[:at] + matrix + made[at + len(matrix) :]


def edited(made: bytes, *edits: tuple[int, int]) -> bytes:
    """The same video with this edit list on its picture: (milliseconds shown, from where in its own time; -1: nothing
    yet).
    """
    old = _box(made, b"elst")
    told = b"".join(struct.pack(">IiI", shown, begins, 0x10000) for shown, begins in edits)
    new = struct.pack(">I4s2I", 16 + len(told), b"elst", 0, len(edits)) + told
    return _grown(made.replace(old, new, 1), (b"moov", b"trak", b"edts"), by=len(new) - len(old))


def told_again(made: bytes, *, times: int) -> bytes:
    """The same video, whose index names its first key frame so many times: a small file that unfolds into a large one.

    The seconds that it promises stay as they were.
    """
    (first,) = struct.unpack_from(">I", made, made.index(b"stco") + 12)
    (size,) = struct.unpack_from(">I", made, made.index(b"stsz") + 16)
    (length,) = struct.unpack_from(">I", made, made.index(b"mdhd") + 20)
    described = _box(made, b"stsd")
    table = described + b"".join(
        struct.pack(">I4sI", 12 + len(body), name, 0) + body
        for name, body in (
            (b"stts", struct.pack(">3I", 1, times, length // times)),
            (b"stsc", struct.pack(">4I", 1, 1, 1, 1)),
            (b"stsz", struct.pack(">2I", size, times)),
            (b"stco", struct.pack(">I", times) + struct.pack(">I", first) * times),
        )
    )
    old = _box(made, b"stbl")
    again = made.replace(old, struct.pack(">I4s", 8 + len(table), b"stbl") + table)
    return _grown(again, (b"moov", b"trak", b"mdia", b"minf"), by=8 + len(table) - len(old))


def _grown(made: bytes, boxes: tuple[bytes, ...], *, by: int) -> bytes:
    """What holds a box that was written longer is longer itself."""
    for name in boxes:
        at = made.index(name) - 4
        (was,) = struct.unpack_from(">I", made, at)
        made = made[:at] + struct.pack(">I", was + by) + made[at + 4 :]
    return made


def _box(made: bytes, name: bytes) -> bytes:
    at = made.index(name) - 4
    (size,) = struct.unpack_from(">I", made, at)
    return made[at : at + size]


def humming(folder: Path, *, seconds: int) -> bytes:
    """One picture, so many seconds of sound, and a header that does not say how long it is."""
    path = folder / "humming.webm"
    with av.open(str(path), "w", format="webm", options={"live": "1"}) as made:
        picture, noise = made.add_stream("libvpx", rate=10), made.add_stream("libopus", rate=48_000)
        assert isinstance(picture, VideoStream)
        assert isinstance(noise, AudioStream)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        made.mux(picture.encode(_frame(Image.new("RGB", (64, 48), "red"))))
        made.mux(picture.encode())
        for _ in range(seconds * 50):
            silence = av.AudioFrame(format=noise.format.name, layout="stereo", samples=960)
            silence.sample_rate = 48_000
            for plane in silence.planes:
                plane.update(bytes(plane.buffer_size))
            made.mux(noise.encode(silence))
        made.mux(noise.encode())
    return path.read_bytes()


EXECUTABLE = b"\x7fELF\x02\x01\x01" + b"\0" * 200
WINDOWS_EXECUTABLE = b"MZ\x90\0" + b"\0" * 200
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"
PLAYLIST = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n"
PDF = b"%PDF-1.7\n" + b"\0" * 100
