"""What a customer has when a price falls, as a whole: from the night it is found to a proof that a stranger checks."""

import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fenqi.config.signer import new_signer
from fenqi.domain.aftersales.cases import CaseState
from fenqi.interfaces.jobs.price_protection import make_price_offers, price_offered
from fenqi.interfaces.portal.file_pages import pages_of
from fenqi.records.models import AppliedVia, FileKind, OutboxMessage, PriceDifference, PriceOffer
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.queries import late_cases
from fenqi.usecases.notices.case_news import tell_of_case
from fenqi.usecases.price_protection.claim import claim, claim_for
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.offers import accept_offer, quote_offer
from fenqi.usecases.reconciliation.check import check_books
from fenqi.usecases.support.conversation import DISPUTE, answer, open_dispute, say
from fenqi.usecases.support.threads import find_thread
from fenqi.usecases.vouchers.made_files import ask_for_file, make_file, open_file
from fenqi.usecases.vouchers.papers import Verdict, check, issue, said_of
from fenqi.usecases.vouchers.queries import VoucherKind, VoucherView, vouchers_of
from returned import Case, Returning, delivered
from staff_members import agent
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _signer(settings: Any) -> Iterator[None]:
    settings.FENQI_RECORDS_SIGNER = new_signer()
    rate_limits.forget()
    yield
    rate_limits.forget()
    assert list(check_books()) == []


@pytest.mark.requirement("R180")
def test_a_fall_is_found_told_made_good_and_proven(town: Town) -> None:
    order = delivered(phone="17000000981")
    order.repay(1, key="first")
    fallen(order, to=95_000)

    offer = offered_overnight(order)
    (told,) = (text for text in news(order, town, "17000000981") if "50.00 元" in text)
    assert "青屿 X2 手机" in told

    case = accepted(order, offer)
    assert case.signals == ["applied", "taken", "approved"]  # nobody has to be asked
    assert case.execute() is CaseState.REFUNDING
    case.send_money()
    case.let_arrive()
    assert case.follow() is CaseState.COMPLETED
    arrived = [text for text in news(order, town, "17000000981") if "应已到账" in text]
    assert any("50.00 元" in text for text in arrived)

    papers = {voucher.kind: voucher for voucher in vouchers_of(order.customer_id, order.order_id)}
    for kind in (VoucherKind.REFUND, VoucherKind.CASE):
        assert papers[kind].case_id == case.case_id
        assert confirmed_to_a_stranger(order, papers[kind]) is Verdict.SAYS_WHAT_THE_BOOKS_SAY
    assert told_in_the_dispute_file(order) == ["applied", "taken", "approved", *case.signals[3:]]


@pytest.mark.requirement("R180")
def test_a_refusal_names_its_rule_and_can_be_argued_with_until_it_is_put_right(town: Town) -> None:
    order = delivered(phone="17000000982")
    fallen(order, to=95_000)
    case = claimed(order)
    refused_by = "price_not_unused"
    note = "照片上包装已拆开"
    review.reject(
        agent(), order.customer_id, case.case_id, rule=refused_by, next_step="appeal", note=note, now=order.now
    )
    assert any(note in text and "申诉" in text for text in news(order, town, "17000000982"))
    assert (case.row.rule, case.row.next_step) == (refused_by, "appeal")

    thread = open_dispute(order.customer_id, case_id=case.case_id, language="zh-hans", now=order.now)
    say(order.customer_id, thread, "那是别的商品的包装。", request_key="k", now=order.now)
    answer(agent("second"), order.customer_id, thread, "您说得对，我们重新办理。", request_key="a", now=order.now)
    assert find_thread(order.customer_id, thread).topic == DISPUTE

    again = claim_for(agent("second"), order.customer_id, order.order_id, 1, unused=True, now=order.now)
    anew = Case(order.customer_id, again, order.now)
    assert again != case.case_id
    anew.approve(agent())
    assert anew.execute() is CaseState.COMPLETED
    given = PriceDifference.objects.get(customer_id=order.customer_id)
    assert (given.case_id, given.amount_minor) == (again, 5_000)


@pytest.mark.requirement("R180")
def test_what_is_not_looked_at_is_called_in_and_not_forgotten() -> None:
    order = delivered()
    fallen(order, to=95_000)
    case = claimed(order)
    due = case.row.review_due_at
    assert order.now < due <= order.now + timedelta(days=3)
    assert case.case_id not in {late.case_id for late in late_cases(now=due)}
    assert case.case_id in {late.case_id for late in late_cases(now=due + timedelta(seconds=1))}


# ---------------------------------------------------------------------------------------------------------------------


def fallen(order: Returning, *, to: int) -> None:
    at = order.now - timedelta(hours=24)
    assert take_prices([PriceInput(sku="X2", price_minor=to, currency="CNY", observed_at=at)]) == 1


def offered_overnight(order: Returning) -> PriceOffer:
    with clock.stopped(order.now):
        make_price_offers(0)
    offer = PriceOffer.objects.get(customer_id=order.customer_id)
    price_offered(customer_id=str(order.customer_id), offer_id=str(offer.id))
    return offer


def accepted(order: Returning, offer: PriceOffer) -> Case:
    shown = quote_offer(offer, now=order.now)
    assert shown is not None
    case_id = accept_offer(order.customer_id, offer.id, unused=True, shown=shown.facts, actor="customer", now=order.now)
    return Case(order.customer_id, case_id, order.now)


def claimed(order: Returning) -> Case:
    case_id = claim(
        order.customer_id, order.order_id, 1, unused=True, via=AppliedVia.PORTAL, actor="customer", now=order.now
    )
    return Case(order.customer_id, case_id, order.now)


def news(order: Returning, town: Town, phone: str) -> list[str]:
    """Send what was written down about the order's cases; all that the phone has received."""
    for message in OutboxMessage.objects.filter(customer_id=order.customer_id, topic="case_news"):
        tell_of_case(order.customer_id, message.body["case_id"], int(message.body["seq"]), now=order.now)
    return [message["text"] for message in town.messages(phone)]


def confirmed_to_a_stranger(order: Returning, voucher: VoucherView) -> Verdict:
    said = said_of(voucher)
    code = issue(order.customer_id, said, now=order.now)
    return check(code, amount=f"{said.amount_minor / 100:.2f}", on=said.on, remote_address="203.0.113.7").verdict


def told_in_the_dispute_file(order: Returning) -> list[str]:
    reader = f"customer:{order.customer_id}"
    file_id = ask_for_file(
        order.customer_id,
        FileKind.DISPUTE,
        order_id=order.order_id,
        asked_by=reader,
        language="zh-hans",
        now=order.now,
    )
    make_file(order.customer_id, file_id, pages=pages_of, now=order.now)
    _view, path = open_file(order.customer_id, file_id, asked_by=reader, now=order.now)
    with zipfile.ZipFile(path) as archive:
        return [step["signal"] for step in json.loads(archive.read("data/aftersales_case_step.json"))]
