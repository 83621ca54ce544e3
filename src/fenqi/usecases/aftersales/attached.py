"""Photos and videos that were uploaded for an order become part of a case."""

from collections.abc import Sequence
from uuid import UUID

from fenqi.records.models import AftersalesCase, CaseEvidence
from fenqi.usecases.aftersales.errors import EvidenceNotYours


def attach(case: AftersalesCase, evidence_ids: Sequence[UUID]) -> None:
    """Make them the case's; the caller holds the customer's lock. Raises EvidenceNotYours."""
    wanted = set(evidence_ids)
    if not wanted:
        return
    waiting = CaseEvidence.objects.filter(
        customer_id=case.customer_id, order_id=case.order_id, case_id=None, id__in=list(wanted)
    )
    if waiting.update(case_id=case.id) != len(wanted):
        raise EvidenceNotYours
