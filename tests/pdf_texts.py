"""What stands in a PDF of ours, read back from its content streams: no reader of PDF is needed for that."""

import re
import zlib
from base64 import a85decode
from collections.abc import Iterator

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_SHOWN = re.compile(rb"/(F\d+)[+\d]* [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_CHINESE = re.compile(rb"/BaseFont /STSong-Light.*?/Name /(F\d+)", re.DOTALL)


def text_of(pdf: bytes) -> str:
    """All texts, without the spaces that lines are broken at."""
    assert pdf.startswith(b"%PDF-")
    return "".join("".join(_texts(pdf)).split())


def _texts(pdf: bytes) -> Iterator[str]:
    chinese = {found[1] for found in _CHINESE.finditer(pdf)}
    for stream in _STREAM.finditer(pdf):
        content = zlib.decompress(a85decode(b"<~" + stream[1].strip(), adobe=True))
        font = b""
        for shown in _SHOWN.finditer(content):
            if shown[1]:
                font = shown[1]
            else:
                raw = _ESCAPED.sub(_unescaped, shown[2])
                yield raw.decode("utf-16-be" if font in chinese else "cp1252")


def _unescaped(found: re.Match[bytes]) -> bytes:
    letters = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
    return bytes([int(found[1], 8)]) if len(found[1]) == 3 else letters.get(found[1], found[1])
