"""Photos and videos of a case, to staff who may see them; every one that is opened is written down (P1211)."""

from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from fenqi.domain.errors import NotFound
from fenqi.interfaces.console.access import staff_page
from fenqi.interfaces.shared.files import file_answer, is_first_piece
from fenqi.usecases import audit, clock
from fenqi.usecases.aftersales.evidence import evidence_of_case, read_evidence
from fenqi.usecases.staff.permissions import Permission, Staff


@require_safe
@staff_page(Permission.SEE_EVIDENCE)
def show(request: HttpRequest, staff: Staff, customer_id: UUID, case_id: UUID, evidence_id: UUID) -> HttpResponseBase:
    """A film comes in pieces: the first is the look. Raises NotFound."""
    _require_in_case(customer_id, case_id, evidence_id)
    stored = read_evidence(customer_id, evidence_id)
    if is_first_piece(request):
        audit.record(
            staff.actor,
            audit.Action.EVIDENCE_SEEN,
            customer_id=customer_id,
            subject=f"evidence:{evidence_id}",
            now=clock.now(),
        )
    return file_answer(request, stored)


@require_safe
@staff_page(Permission.SEE_EVIDENCE)
def thumbnail(
    request: HttpRequest, _staff: Staff, customer_id: UUID, case_id: UUID, evidence_id: UUID
) -> HttpResponseBase:
    """Part of the case's page, whose look is written down. Raises NotFound."""
    _require_in_case(customer_id, case_id, evidence_id)
    return file_answer(request, read_evidence(customer_id, evidence_id, thumbnail=True))


def _require_in_case(customer_id: UUID, case_id: UUID, evidence_id: UUID) -> None:
    """What a customer has uploaded and not handed in is nobody's business yet."""
    if all(one.evidence_id != evidence_id for one in evidence_of_case(customer_id, case_id)):
        raise NotFound
