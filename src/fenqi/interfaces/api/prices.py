"""What a product could be bought for, and when: what price protection compares with."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field, ValidationError

from fenqi.domain.aftersales.eligibility import NotEligible
from fenqi.domain.aftersales.price_protection import NoPriceDifference
from fenqi.domain.errors import FenqiError, NotFound
from fenqi.interfaces.api import aftersales_documents, documents, price_documents
from fenqi.interfaces.api.aftersales import case_answer
from fenqi.interfaces.api.authentication import client_of
from fenqi.interfaces.api.complaints import complaints_of
from fenqi.interfaces.api.fields import Cursor, IdempotencyKey, Limit, Number, Word
from fenqi.interfaces.api.operations import answered, command_of, once, operation
from fenqi.interfaces.api.schemas import ClaimBody, PriceBody, PricesBody, TakenOfferBody
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import AppliedVia
from fenqi.usecases import clock
from fenqi.usecases.aftersales.errors import RefundQuoteChanged
from fenqi.usecases.answers import answer_outside
from fenqi.usecases.api_clients import Scope
from fenqi.usecases.idempotency import Answer
from fenqi.usecases.orders.prices import prices_of
from fenqi.usecases.orders.queries import find_order
from fenqi.usecases.paging import InvalidCursor
from fenqi.usecases.price_protection.claim import StatementNeeded, claim
from fenqi.usecases.price_protection.feed import PriceInput, check_price, take_prices
from fenqi.usecases.price_protection.offers import OfferGone, accept_offer, find_offer
from fenqi.usecases.price_protection.queries import differences_of_order

router = Router()

DIFFERENCES = "/orders/{order_no}/price-differences"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

_EXAMPLE = {
    "prices": [
        {
            "sku": "PHONE-15-BLK",
            "price_minor": 649900,
            "currency": "CNY",
            "observed_at": "2026-03-05T10:00:00+08:00",
        }
    ]
}


@operation(
    router,
    "POST",
    "/prices",
    scope=Scope.PRICES_WRITE,
    answers={200: documents.PricesTaken},
    example=_EXAMPLE,
)
def post_prices(request: HttpRequest, body: PricesBody, key: IdempotencyKey) -> HttpResponse:
    """Tell of prices that were seen, at most a thousand at once.

    Each row is judged by itself: the good ones are taken, the others are listed under `refused` with the reasons. A
    price told again is `unchanged`, so a batch may be sent again at any time.
    """

    def act() -> tuple[UUID, Answer]:
        return HOUSE_ID, Answer(200, _taken(body).model_dump(mode="json"))

    return once(request, key, act)


def _taken(body: PricesBody) -> documents.PricesTaken:
    good: list[PriceInput] = []
    refused: list[documents.RefusedPrice] = []
    for row, said in enumerate(body.prices):
        read = _read(said)
        if isinstance(read, PriceInput):
            good.append(read)
        else:
            refused.append(documents.RefusedPrice(row=row, errors=[_complaint(each) for each in read]))
    new = take_prices(good)
    return documents.PricesTaken(taken=new, unchanged=len(good) - new, refused=refused)


def _read(said: dict[str, Any]) -> PriceInput | tuple[FenqiError, ...]:
    """The price, or all that is wrong with it."""
    try:
        price = PriceInput(**PriceBody.model_validate(said).model_dump())
        check_price(price, now=clock.now())
    except ValidationError as error:
        return complaints_of([{**each, "loc": ("row", *each["loc"])} for each in error.errors()])
    except FenqiError as refusal:
        return (refusal,)
    return price


def _complaint(refusal: FenqiError) -> documents.PriceComplaint:
    return documents.PriceComplaint(
        where=refusal.where, code=refusal.code, problem=refusal.text("en"), problem_zh=refusal.text("zh")
    )


@operation(
    router,
    "GET",
    "/prices/{path:sku}",
    scope=Scope.PRICES_READ,
    answers={200: documents.PricesPage},
    refuses=(InvalidCursor,),
)
def list_prices(sku: Annotated[Word, Field(min_length=1)], limit: Limit = 50, cursor: Cursor = None) -> Any:
    """List the prices seen of a product, newest first.

    A product of which no price was seen is not found.
    """
    page = prices_of(sku, after=cursor, limit=limit)
    return documents.PricesPage(items=[documents.Price.of(view) for view in page.items], next_cursor=page.next_cursor)


@operation(
    router,
    "GET",
    DIFFERENCES,
    scope=Scope.AFTERSALES_READ,
    answers={200: price_documents.PriceDifferences},
)
def list_price_differences(order_no: Number) -> Any:
    """Tell what each line of an order cost and costs now, what may be claimed, and where that would go.

    Show it before anything is claimed. A claim is reviewed as an after-sales case of kind `price_difference`.
    """
    customer_id, order_id = find_order(order_no)
    found = differences_of_order(customer_id, order_id, now=clock.now())
    return price_documents.price_differences(found)


@operation(
    router,
    "POST",
    f"{DIFFERENCES}/claims",
    scope=Scope.AFTERSALES_WRITE,
    answers={201: aftersales_documents.Case},
    refuses=(NotEligible, StatementNeeded, NoPriceDifference, RefundQuoteChanged),
    example={"line_no": 1, "digest": _DIGEST, "unused": True},
)
def claim_price_difference(
    request: HttpRequest, order_no: Number, body: ClaimBody, key: IdempotencyKey
) -> HttpResponse:
    """Claim the difference of a line for the customer, as it was shown to them.

    While a claim on the line is under way, it is that one.
    """
    customer_id, order_id = find_order(order_no)
    now = clock.now()

    def act() -> Answer:
        case_id = claim(
            customer_id,
            order_id,
            body.line_no,
            unused=body.unused,
            description=body.description,
            shown=body.digest,
            via=AppliedVia.API,
            actor=client_of(request).actor,
            now=now,
        )
        return case_answer(customer_id, case_id, status=201)

    return answered(answer_outside(command_of(request, key), customer_id, act, now=now))


@operation(
    router,
    "POST",
    f"{DIFFERENCES}/offers/{{offer_id}}/accept",
    scope=Scope.AFTERSALES_WRITE,
    answers={201: aftersales_documents.Case},
    refuses=(NotEligible, StatementNeeded, OfferGone, RefundQuoteChanged),
    example={"digest": _DIGEST, "unused": True},
)
def accept_price_offer(
    request: HttpRequest, order_no: Number, offer_id: UUID, body: TakenOfferBody, key: IdempotencyKey
) -> HttpResponse:
    """Take an offer for the customer, as it was shown to them; the same offer makes one case."""
    customer_id, order_id = find_order(order_no)
    now = clock.now()
    if find_offer(customer_id, offer_id).order_id != order_id:
        raise NotFound

    def act() -> Answer:
        case_id = accept_offer(
            customer_id,
            offer_id,
            unused=body.unused,
            shown=body.digest,
            via=AppliedVia.API,
            actor=client_of(request).actor,
            now=now,
        )
        return case_answer(customer_id, case_id, status=201)

    return answered(answer_outside(command_of(request, key), customer_id, act, now=now))
