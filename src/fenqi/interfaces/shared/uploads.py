"""What browsers upload goes to a temporary file piece by piece, and no further than the bound of one request."""

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

CUT_SHORT = "fenqi.upload_cut_short"


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
        if content_length > settings.FENQI_UPLOAD_MOST_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
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


def was_cut_short(request: HttpRequest) -> bool:
    """Whether a file of this request was too long to be taken; asked after its files were read."""
    meta: dict[str, Any] = request.META
    return CUT_SHORT in meta
