"""An exchange: the plan goes on as it is, and what was paid and is owed for the old goods is for the new (R039)."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.cases import CaseSignal
from fenqi.domain.errors import InvalidInput
from fenqi.records import locks
from fenqi.records.models import AftersalesCase, CaseLine, OrderLine
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.staff.permissions import Permission, Staff

LONGEST_SKU = 64
_TRACKING_NO = re.compile(r"[0-9A-Za-z-]{6,40}")


def send_replacement(
    staff: Staff,
    customer_id: UUID,
    case_id: UUID,
    *,
    tracking_no: str,
    skus: Mapping[int, str] | None = None,
    now: datetime,
) -> None:
    """The replacement is on its way, and the case is done; `skus`: line number to what was sent; the same goods where
    nothing is said.

    Raises NotPermitted, NotFound, InvalidInput, CaseMoveUnlisted.
    """
    staff.require(Permission.RECEIVE_GOODS)
    if _TRACKING_NO.fullmatch(tracking_no.strip()) is None:
        raise InvalidInput(
            where="tracking_no",
            problem="6 to 40 letters, digits and hyphens",
            problem_zh="应为 6 至 40 位字母、数字或短横",
        )
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        decision = Decision(customer_id)
        move(
            decision,
            case,
            CaseSignal.REPLACEMENT_SENT,
            actor=staff.actor,
            details={"tracking_no": tracking_no.strip()},
            now=now,
            replacement_tracking_no=tracking_no.strip(),
        )
        _keep_skus(case, skus or {})
        audit.record(
            staff.actor, audit.Action.REPLACEMENT_SENT, customer_id=customer_id, subject=f"case:{case.case_no}", now=now
        )
        write(decision)


def _keep_skus(case: AftersalesCase, skus: Mapping[int, str]) -> None:
    """What was sent for each line of the case. Raises InvalidInput."""
    lines = CaseLine.objects.filter(customer_id=case.customer_id, case_id=case.id)
    numbers = set(lines.values_list("line_no", flat=True))
    bought = OrderLine.objects.filter(customer_id=case.customer_id, order_id=case.order_id, line_no__in=numbers)
    sent = dict(bought.values_list("line_no", "sku"))
    for line_no, sku in skus.items():
        if line_no not in numbers:
            raise InvalidInput(where="skus", problem="no line of this case", problem_zh="该行不在这张售后单里")
        if len(sku.strip()) > LONGEST_SKU:
            raise InvalidInput(
                where="skus", problem=f"at most {LONGEST_SKU} characters", problem_zh=f"最多 {LONGEST_SKU} 个字符"
            )
        sent[line_no] = sku.strip() or sent[line_no]
    for line_no, sku in sent.items():
        lines.filter(line_no=line_no).update(replacement_sku=sku)
