"""What browsers upload goes to a temporary file piece by piece, and no further than the bound of one request.

The check against forged requests looks for its token in the form, and so reads a whole body before any page is asked
who may open it. Files are therefore refused where the body begins: to a page that takes none, and from whoever may not
send any to that page. Nothing is read of such a request unless it is as small as any form.
"""

from collections.abc import Callable
from typing import IO, Any, Final, TypeVar

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

CUT_SHORT = "fenqi.upload_cut_short"
_SENDERS: Final = "fenqi_takes_files_from"

View = TypeVar("View", bound=Callable[..., Any])
Asked = Callable[[HttpRequest], bool]
"""Whether who asks may send files; their session is known, and nothing of the body is read."""


def takes_files(may_send: Asked) -> Callable[[View], View]:
    """Marks a page to which files may be posted; the outermost of its decorators."""

    def mark(view: View) -> View:
        setattr(view, _SENDERS, may_send)
        return view

    return mark


class BoundedUpload(TemporaryFileUploadHandler):
    """Refuses a request whose stated length is too great, and leaves out what comes after the bound."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.left = settings.FENQI_UPLOAD_MOST_BYTES

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803  # as the framework passes it by name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Raises RequestDataTooBig before anything is read."""
        if content_length > _most(self.request):
            raise RequestDataTooBig
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.left -= len(raw_data)
        if self.left < 0:
            self.upload_interrupted()
            if self.request is not None:
                self.request.META[CUT_SHORT] = "yes"
            raise SkipFile
        chunk: bytes | None = super().receive_data_chunk(raw_data, start)
        return chunk


def _most(request: HttpRequest | None) -> int:
    """Bytes of a whole body: of a form, and of files where they are taken."""
    most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    page = request.resolver_match.func if request is not None and request.resolver_match else None
    may_send: Asked | None = getattr(page, _SENDERS, None)
    if request is not None and may_send is not None and may_send(request):
        most += settings.FENQI_UPLOAD_MOST_BYTES
    return most


def was_cut_short(request: HttpRequest) -> bool:
    """Whether a file of this request was too long to be taken; asked after its files were read."""
    meta: dict[str, Any] = request.META
    return CUT_SHORT in meta
