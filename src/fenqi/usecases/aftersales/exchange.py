"""An exchange: the plan goes on as it is, and what was paid and is owed for the old goods is for the new (R039).

Where no new goods can be sent, the case becomes a return of the old ones: quoted as of the application, by the rules of
any return, and carried out once the customer has agreed, who had asked for goods and not for money.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from fenqi.domain.aftersales.cases import CaseSignal, CaseState, next_state
from fenqi.domain.aftersales.reasons import WishKind
from fenqi.domain.errors import InvalidInput
from fenqi.records import locks
from fenqi.records.models import AftersalesCase, CaseKind, CaseLine, OrderLine, QuoteRecord
from fenqi.records.posting import Decision, write
from fenqi.usecases import audit
from fenqi.usecases.aftersales import pauses, rules_of_case
from fenqi.usecases.aftersales.errors import RefundQuoteChanged, SameReviewer
from fenqi.usecases.aftersales.quoting import WorkedOut, keep_quote, with_the_lenders_word, work_out
from fenqi.usecases.aftersales.review import approvals_of, checked_note
from fenqi.usecases.aftersales.steps import find_case, move
from fenqi.usecases.aftersales.wishes import deductions_of, wish_of
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


def offer_refund(staff: Staff, customer_id: UUID, case_id: UUID, *, note: str, now: datetime) -> None:
    """Nothing can be sent: the case becomes a return, whose quote waits for the customer. `note` says why.

    Above the amount of the policy this takes somebody else than who approved the exchange, and never who applied for
    it. The lender of the plan is asked first, outside any transaction.

    Raises NotPermitted, NotFound, InvalidInput, CaseMoveUnlisted, SameReviewer, RefundQuoteChanged, PartnerUnavailable,
    PartnerRefuses.
    """
    staff.require(Permission.REVIEW_CASES)
    note = checked_note(note, is_needed=True)
    asked = with_the_lenders_word(customer_id, _as_a_return(find_case(customer_id, case_id), now=now))
    with transaction.atomic(durable=True):
        locks.customer(customer_id)
        case = find_case(customer_id, case_id)
        worked = _as_a_return(case, now=now)
        if worked.facts != asked.facts:
            raise RefundQuoteChanged
        _check_who_decides(staff, case, worked.quote.value)
        decision = Decision(customer_id)
        _become_a_return(decision, case, asked, actor=staff.actor, note=note, now=now)
        audit.record(
            staff.actor,
            audit.Action.REFUND_OFFERED_INSTEAD,
            customer_id=customer_id,
            subject=f"case:{case.case_no}",
            details={"value_minor": case.value_minor, "currency": case.currency},
            now=now,
        )
        write(decision)


def _as_a_return(case: AftersalesCase, *, now: datetime) -> WorkedOut:
    """What the same pieces come to, as of the application and by its policy. Raises CaseMoveUnlisted."""
    next_state(CaseState(case.state), CaseSignal.CANNOT_REPLACE)
    return work_out(
        case.customer_id,
        case.order_id,
        replace(wish_of(case), kind=WishKind.RETURN),
        now=now,
        quoted_on=_quote_of(case).quoted_on,
        case_id=case.id,
        deductions=deductions_of(case),
    )


def _quote_of(case: AftersalesCase) -> QuoteRecord:
    assert case.quote_id is not None, "an exchange is applied for with a quote"
    return QuoteRecord.objects.get(customer_id=case.customer_id, id=case.quote_id)


def _check_who_decides(staff: Staff, case: AftersalesCase, value_minor: int) -> None:
    """The exchange moved no money, so one person was enough for it. Raises SameReviewer."""
    takes_another = value_minor > rules_of_case.two_people_above_minor(case)
    if staff.actor == case.applied_by or (takes_another and staff.actor in approvals_of(case)):
        raise SameReviewer


def _become_a_return(
    decision: Decision, case: AftersalesCase, worked: WorkedOut, *, actor: str, note: str, now: datetime
) -> None:
    """The offered quote is in force at once: later returns and auto-debit reckon with it, as with any open return."""
    value = worked.quote.value
    seq = _quote_of(case).seq + 1
    quote_id = keep_quote(case.customer_id, case.order_id, worked, case_id=case.id, seq=seq, now=now)
    move(
        decision,
        case,
        CaseSignal.CANNOT_REPLACE,
        actor=actor,
        note=note,
        details={"quote_id": str(quote_id), "value_minor": value},
        now=now,
        kind=CaseKind.RETURN.value,
        was_exchange=True,
        quote_id=quote_id,
        value_minor=value,
    )
    pauses.follow(decision, case, now=now)


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
