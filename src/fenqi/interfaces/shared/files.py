"""Hand out a stored file so that a browser can do nothing with it but show it; in pieces, as players ask for films."""

import re
from collections.abc import Iterator
from typing import Final

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from fenqi.usecases.aftersales.evidence import StoredFile

PIECE: Final = 256 * 1024
_ONE_RANGE: Final = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
}


def file_answer(request: HttpRequest, stored: StoredFile) -> HttpResponseBase:
    """The file, or the one range that is asked for; its type is what it was written as, never guessed."""
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    answer = _piece(stored, int(asked[1]), asked[2]) if asked else _whole(stored)
    for name, value in HEADERS.items():
        answer[name] = value
    answer["Content-Disposition"] = f'inline; filename="{stored.name}"'
    return answer


def is_first_piece(request: HttpRequest) -> bool:
    """Whether this is the look at a file, and not one of the pieces that follow."""
    asked = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    return asked is None or int(asked[1]) == 0


def _whole(stored: StoredFile) -> HttpResponseBase:
    answer = FileResponse(stored.path.open("rb"), content_type=stored.media_type)
    answer["Content-Length"] = str(stored.size)
    return answer


def _piece(stored: StoredFile, first: int, asked_last: str | None) -> HttpResponseBase:
    last = min(int(asked_last), stored.size - 1) if asked_last else stored.size - 1
    if first >= stored.size or last < first:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
    answer = StreamingHttpResponse(_read(stored, first, last), status=206, content_type=stored.media_type)
    answer["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    answer["Content-Length"] = str(last - first + 1)
    return answer


def _read(stored: StoredFile, first: int, last: int) -> Iterator[bytes]:
    left = last - first + 1
    with stored.path.open("rb") as file:
        file.seek(first)
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
