"""After-sales of an order: what may be applied for, what it would come to, and the cases."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from fenqi.domain.aftersales.cases import CaseMoveUnlisted, CaseSignal, CaseState
from fenqi.domain.aftersales.eligibility import NotBought, NotEligible, TooManyPieces
from fenqi.domain.aftersales.evidence_rules import (
    EvidenceDamaged,
    EvidenceEmpty,
    EvidenceNotAccepted,
    EvidenceTooDetailed,
    EvidenceTooLarge,
    EvidenceUnavailable,
    TooMuchEvidence,
    VideoTooLong,
)
from fenqi.interfaces.api import aftersales_documents as documents
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.fields import IdempotencyKey, Number
from fenqi.interfaces.api.operations import answered, command_of, operation
from fenqi.interfaces.api.schemas import (
    AnswerBody,
    ApplicationBody,
    ConfirmationBody,
    SentBody,
    WishBody,
    WithdrawalBody,
)
from fenqi.records.models import AppliedVia
from fenqi.usecases import clock
from fenqi.usecases.aftersales.apply import apply
from fenqi.usecases.aftersales.eligibility import return_options
from fenqi.usecases.aftersales.errors import EvidenceNotYours, RefundQuoteChanged, RefundQuoteExpired
from fenqi.usecases.aftersales.evidence import store_evidence
from fenqi.usecases.aftersales.execute import confirm_quote
from fenqi.usecases.aftersales.goods import note_sent
from fenqi.usecases.aftersales.queries import case_view, cases_of, find_case_by_number
from fenqi.usecases.aftersales.quoting import quote
from fenqi.usecases.aftersales.review import answer
from fenqi.usecases.aftersales.withdraw import withdraw
from fenqi.usecases.answers import answer_outside
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.orders.queries import find_order
from fenqi.usecases.partners.errors import PartnerRefuses, PartnerUnavailable
from fenqi.usecases.rate_limits import TooManyRequests

router = Router()

ORDER = "/orders/{order_no}/after-sales"
CASE = "/after-sales/{case_no}"
_WISH = {"kind": "return", "reason": "no_reason", "lines": [{"line_no": 1, "pieces": 1}]}
_QUOTE_ID = "018f2f6e-0c7a-7b1e-9d3a-0d6a4a6b7a10"
_EVIDENCE_ID = "018f2f6e-0c7a-7b1e-9d3a-0d6a4a6b7a11"


@operation(router, "GET", f"{ORDER}/options", scope=Scope.AFTERSALES_READ, answers={200: documents.AfterSalesOptions})
def list_after_sales_options(order_no: Number) -> Any:
    """Tell what may be applied for about each line of an order, by which policy, until when, and why not."""
    customer_id, order_id = find_order(order_no)
    return documents.options(return_options(customer_id, order_id, now=clock.now()))


@operation(
    router,
    "POST",
    f"{ORDER}/quotes",
    scope=Scope.AFTERSALES_WRITE,
    answers={201: documents.RefundQuote},
    refuses=(NotEligible, NotBought, TooManyPieces, PartnerUnavailable, PartnerRefuses),
    example=_WISH,
)
def make_refund_quote(request: HttpRequest, order_no: Number, body: WishBody, key: IdempotencyKey) -> HttpResponse:
    """Quote a return: what it is worth, what it does to the plan, and which money goes back which way.

    Show it to the customer before anything is submitted. It is kept, and applying needs its id until `valid_until`.
    """
    customer_id, order_id = find_order(order_no)

    def act() -> Answer:
        view = quote(customer_id, order_id, body.to_wish(), now=clock.now())
        return Answer(201, documents.refund_quote(view).model_dump(mode="json"))

    return answered(answer_outside(command_of(request, key), customer_id, act, now=clock.now()))


@operation(
    router,
    "POST",
    f"{ORDER}/evidence",
    scope=Scope.AFTERSALES_WRITE,
    answers={201: documents.Evidence},
    refuses=(
        EvidenceNotAccepted,
        EvidenceEmpty,
        EvidenceDamaged,
        EvidenceTooLarge,
        EvidenceTooDetailed,
        VideoTooLong,
        TooMuchEvidence,
        EvidenceUnavailable,
        TooManyRequests,
    ),
    takes_file=True,
)
def upload_evidence(request: HttpRequest, order_no: Number) -> Any:
    """Keep a photo or video that the customer gave, for an application or an answer that names its id.

    The body is the file itself, known by its content and stripped of what it tells beside the picture. It needs no key:
    the same bytes sent again are the same piece.
    """
    customer_id, order_id = find_order(order_no)
    kept = store_evidence(customer_id, order_id, content=request, uploaded_by=client_of(request).actor, now=clock.now())
    return Status(201, documents.evidence(kept))


@operation(
    router,
    "POST",
    ORDER,
    scope=Scope.AFTERSALES_WRITE,
    answers={201: documents.Case},
    refuses=(NotEligible, NotBought, TooManyPieces, RefundQuoteExpired, RefundQuoteChanged, EvidenceNotYours),
    example={**_WISH, "quote_id": _QUOTE_ID, "description": ""},
)
def apply_for_after_sales(
    request: HttpRequest, order_no: Number, body: ApplicationBody, key: IdempotencyKey
) -> HttpResponse:
    """Apply with a quote that the customer has confirmed; the same quote makes one case."""
    customer_id, order_id = find_order(order_no)
    now = clock.now()

    def act() -> Answer:
        case_id = apply(
            customer_id,
            order_id,
            body.to_wish(),
            quote_id=body.quote_id,
            evidence_ids=body.evidence_ids,
            description=body.description,
            via=AppliedVia.API,
            actor=client_of(request).actor,
            now=now,
        )
        return case_answer(customer_id, case_id, status=201)

    return answered(answer_outside(command_of(request, key), customer_id, act, now=now))


@operation(router, "GET", ORDER, scope=Scope.AFTERSALES_READ, answers={200: documents.CaseList})
def list_after_sales_of_order(order_no: Number) -> Any:
    """List the cases of an order, newest first."""
    customer_id, order_id = find_order(order_no)
    return documents.CaseList(items=[documents.case_in_brief(view) for view in cases_of(customer_id, order_id)])


@operation(router, "GET", CASE, scope=Scope.AFTERSALES_READ, answers={200: documents.Case})
def get_after_sales(case_no: Number) -> Any:
    """Read a case: where it stands, who has the money, by when what happens, and what the customer may do."""
    return documents.case(case_view(*find_case_by_number(case_no)))


@operation(
    router,
    "POST",
    f"{CASE}/answer",
    scope=Scope.AFTERSALES_WRITE,
    answers={200: documents.Case},
    refuses=(CaseMoveUnlisted, EvidenceNotYours),
    example={"note": "屏幕在拆封时已有裂痕", "evidence_ids": [_EVIDENCE_ID]},
)
def answer_review(request: HttpRequest, case_no: Number, body: AnswerBody, key: IdempotencyKey) -> HttpResponse:
    """Hand in, for the customer, what the review asked for (`evidence_asked`)."""
    act = partial(answer, note=body.note, evidence_ids=body.evidence_ids)
    return _acted(request, case_no, key, act)


@operation(
    router,
    "POST",
    f"{CASE}/sent",
    scope=Scope.AFTERSALES_WRITE,
    answers={200: documents.Case},
    refuses=(CaseMoveUnlisted,),
    example={"carrier": "顺丰", "tracking_no": "SF1234567890"},
)
def note_goods_sent(request: HttpRequest, case_no: Number, body: SentBody, key: IdempotencyKey) -> HttpResponse:
    """Tell how the customer sent the goods back; told again, it corrects the number."""
    return _acted(request, case_no, key, partial(note_sent, carrier=body.carrier, tracking_no=body.tracking_no))


@operation(
    router,
    "POST",
    f"{CASE}/withdraw",
    scope=Scope.AFTERSALES_WRITE,
    answers={200: documents.Case},
    refuses=(CaseMoveUnlisted,),
    example={"note": "不退了"},
)
def withdraw_after_sales(
    request: HttpRequest, case_no: Number, body: WithdrawalBody, key: IdempotencyKey
) -> HttpResponse:
    """Take a case back for the customer, at any time before money moves. One that was taken back stays so."""

    def act(customer_id: UUID, case_id: UUID, *, actor: str, now: datetime) -> None:
        if not _was_withdrawn(customer_id, case_id):
            withdraw(customer_id, case_id, actor=actor, note=body.note, now=now)

    return _acted(request, case_no, key, act)


@operation(
    router,
    "POST",
    f"{CASE}/confirm",
    scope=Scope.AFTERSALES_WRITE,
    answers={200: documents.Case},
    refuses=(CaseMoveUnlisted, RefundQuoteChanged),
    example={"quote_id": _QUOTE_ID},
)
def confirm_refund_quote(
    request: HttpRequest, case_no: Number, body: ConfirmationBody, key: IdempotencyKey
) -> HttpResponse:
    """Confirm, for the customer, the quote that a case waits with; its money moves with that.

    When the facts have changed once more the case is still `quote_changed`, and `offered_quote` is another.
    """
    return _acted(request, case_no, key, partial(confirm_quote, quote_id=body.quote_id))


def _acted(request: HttpRequest, case_no: str, key: str, act: Callable[..., object]) -> HttpResponse:
    """Something done to a case for its customer, once under its key; the case as it stands then."""
    customer_id, case_id = find_case_by_number(case_no)
    now = clock.now()

    def once() -> Answer:
        act(customer_id, case_id, actor=client_of(request).actor, now=now)
        return case_answer(customer_id, case_id)

    return answered(answer_outside(command_of(request, key), customer_id, once, now=now))


def _was_withdrawn(customer_id: UUID, case_id: UUID) -> bool:
    view = case_view(customer_id, case_id)
    return view.state is CaseState.WITHDRAWN and view.steps[-1].signal is CaseSignal.WITHDRAWN


def case_answer(customer_id: UUID, case_id: UUID, *, status: int = 200) -> Answer:
    """The case as it stands now."""
    return Answer(status, documents.case(case_view(customer_id, case_id)).model_dump(mode="json"))
