"""Photos and videos that a customer gives for an after-sales case: sent in, looked at, taken back (R036-R038).

Forms post to `portal:upload_evidence`: multipart, fields named `file`, and `next`, the page to go back to. What was
taken waits on the order until an application or an answer names it. A program that accepts JSON is answered in JSON.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from fenqi.domain.aftersales.evidence_rules import (
    DEFAULT_LIMITS,
    KIND_WORDS,
    MEGABYTE,
    EvidenceEmpty,
    EvidenceTooLarge,
    EvidenceUnavailable,
    MediaKind,
)
from fenqi.domain.errors import FenqiError
from fenqi.interfaces.portal.access import customer_page, is_customer
from fenqi.interfaces.portal.aftersales.actors import customer_actor
from fenqi.interfaces.shared.files import file_answer
from fenqi.interfaces.shared.uploads import takes_files, was_cut_short
from fenqi.usecases import clock
from fenqi.usecases.aftersales.evidence import EvidenceView, discard, read_evidence, store_evidence
from fenqi.usecases.rate_limits import TooManyRequests

FILES: Final = "file"
BACK: Final = "next"
NOT_NOW: Final = (EvidenceUnavailable, TooManyRequests)
"""Said of the moment, not of the file."""


@takes_files(is_customer)
@require_POST
@customer_page
def upload(request: HttpRequest, customer_id: UUID, order_id: UUID) -> HttpResponseBase:
    """To the page the form was on, or in JSON what became of each file. Raises NotFound."""
    taken, refused = take_in(request, customer_id, order_id)
    return _answer(request, order_id, taken, refused if taken or refused else [EvidenceEmpty()])


def take_in(
    request: HttpRequest, customer_id: UUID, order_id: UUID, *, uploaded_by: str = ""
) -> tuple[list[EvidenceView], list[FenqiError]]:
    """Keep the files of a form, each for itself: one that is refused keeps no other out, unless it was refused for
    what would refuse the next as well. Raises NotFound.
    """
    actor = uploaded_by or customer_actor(customer_id)
    files = request.FILES.getlist(FILES)  # read before it is asked whether one was left out
    refused = [_too_large()] if was_cut_short(request) else []
    taken: list[EvidenceView] = []
    for file in files:
        try:
            taken.append(store_evidence(customer_id, order_id, content=file, uploaded_by=actor, now=clock.now()))
        except FenqiError as refusal:
            if refusal.status == HTTPStatus.NOT_FOUND:
                raise
            refused.append(refusal)
            if isinstance(refusal, NOT_NOW):
                break
    return taken, refused


@require_safe
@customer_page
def show(request: HttpRequest, customer_id: UUID, evidence_id: UUID) -> HttpResponseBase:
    """The photo or video itself, to its owner only."""
    return file_answer(request, read_evidence(customer_id, evidence_id))


@require_safe
@customer_page
def thumbnail(request: HttpRequest, customer_id: UUID, evidence_id: UUID) -> HttpResponseBase:
    return file_answer(request, read_evidence(customer_id, evidence_id, thumbnail=True))


@require_POST
@customer_page
def remove(request: HttpRequest, customer_id: UUID, evidence_id: UUID) -> HttpResponseBase:
    """What was not handed in yet, and only that."""
    order_id = discard(customer_id, evidence_id, uploaded_by=customer_actor(customer_id))
    if request.accepts("text/html"):
        return redirect(_back(request, order_id))
    return JsonResponse({})


def _too_large() -> FenqiError:
    return EvidenceTooLarge(most_mb=DEFAULT_LIMITS.most_bytes // MEGABYTE, **KIND_WORDS[MediaKind.VIDEO])


def _answer(
    request: HttpRequest, order_id: UUID, taken: Sequence[EvidenceView], refused: Sequence[FenqiError]
) -> HttpResponseBase:
    language = get_language() or "zh-hans"
    if not request.accepts("text/html"):
        body = {
            "taken": [_document(one) for one in taken],
            "refused": [{"code": one.code, "message": one.text(language)} for one in refused],
        }
        return JsonResponse(body, status=refused[0].status if refused else HTTPStatus.CREATED)
    for one in refused:
        messages.warning(request, one.text(language))
    return redirect(_back(request, order_id))


def _document(one: EvidenceView) -> Mapping[str, Any]:
    return {
        "id": str(one.evidence_id),
        "kind": one.kind.value,
        "seconds": one.seconds,
        "address": reverse("portal:evidence", args=[one.evidence_id]),
        "thumbnail": reverse("portal:evidence_thumbnail", args=[one.evidence_id]),
    }


def _back(request: HttpRequest, order_id: UUID) -> str:
    """The page the form was on, when it is one of ours."""
    asked = request.POST.get(BACK, "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None, require_https=request.is_secure())
    return asked if is_ours else reverse("portal:order", args=[order_id])
