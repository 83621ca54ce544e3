"""Files that were made for the customer: asked for, waited for, fetched; and the certificate that checks them."""

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.errors import FenqiError
from fenqi.interfaces.portal.access import customer_page, refusal_page
from fenqi.interfaces.portal.downloads import download
from fenqi.records.models import FileKind
from fenqi.usecases import clock
from fenqi.usecases.accounts.export import reader
from fenqi.usecases.vouchers.made_files import ask_for_file, open_file
from fenqi.usecases.vouchers.signing import certificate_pem


@require_POST
@customer_page
def ask(_request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponse:
    """Everything about the order, signed. Raises NotFound, SignerMissing, TooManyRequests."""
    ask_for_file(
        customer_id,
        FileKind.DISPUTE,
        order_id=order_id,
        asked_by=reader(customer_id),
        language=get_language() or "zh-hans",
        now=clock.now(),
    )
    return redirect("portal:records", order_id)


@require_safe
@customer_page
def fetch(_request: HttpRequest, customer_id: UUID, file_id: UUID) -> FileResponse:
    """Raises NotFound, FileGone."""
    view, path = open_file(customer_id, file_id, asked_by=reader(customer_id), now=clock.now())
    return zip_response(path, name=f"{view.kind}-{view.file_id.hex[-8:]}.zip")


@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """For anybody who checks a signature of ours."""
    try:
        return download(certificate_pem(), "application/x-pem-file", name="certificate.pem")
    except FenqiError as refusal:
        return refusal_page(request, refusal)


def zip_response(path: object, *, name: str) -> FileResponse:
    """Streamed from disk."""
    response = FileResponse(open(str(path), "rb"), content_type="application/zip", as_attachment=True, filename=name)  # noqa: PTH123, SIM115 - the response closes it
    response["X-Content-Type-Options"] = "nosniff"
    return response
