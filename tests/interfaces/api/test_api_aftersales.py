"""The mall's programs quote, apply and act for a customer, and read where a case stands."""

from datetime import timedelta
from typing import Any

import pytest

from fenqi.records.identifiers import new_id
from fenqi.records.models import AftersalesCase, Order
from fenqi.usecases import clock
from fenqi.usecases.aftersales.evidence import evidence_of_case
from fenqi.usecases.aftersales.review import ask_for_more
from media_files import photo
from returned import Case, Returning, delivered
from staff_members import agent

pytestmark = pytest.mark.django_db(transaction=True)
WISH = {"kind": "return", "reason": "no_reason", "lines": [{"line_no": 1, "pieces": 1}]}


@pytest.fixture
def order() -> Returning:
    """A phone and four cases, 1,200.00 on 12 installments, delivered three days ago; nothing is paid."""
    return delivered()


@pytest.fixture
def path(order: Returning) -> str:
    order_no = Order.objects.values_list("order_no", flat=True).get(customer_id=order.customer_id, id=order.order_id)
    return f"/orders/{order_no}/after-sales"


def applied(shop: Any, path: str) -> dict[str, Any]:
    quoted = shop.post(f"{path}/quotes", WISH)
    assert quoted.status_code == 201, quoted.content
    answer = shop.post(path, {**WISH, "quote_id": quoted.json()["quote_id"]})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_what_may_be_applied_for_is_told_line_by_line(shop: Any, path: str) -> None:
    told = shop.get(f"{path}/options").json()
    phone, cases = told["lines"]
    assert told["can_apply"] is True
    assert (phone["left"], cases["left"]) == (1, 4)
    assert phone["without_reason"]["allowed"] is True
    assert "no_reason" in phone["reasons"]["return"]
    assert phone["without_reason"]["text_zh"]


def test_a_quote_says_what_it_does_to_the_plan(shop: Any, path: str) -> None:
    told = shop.post(f"{path}/quotes", WISH).json()
    assert (told["value_minor"], told["cash_minor"], told["off_plan"]["total_minor"]) == (100_000, 0, 100_000)
    assert told["before"]["outstanding_minor"] - told["after"]["outstanding_minor"] == 100_000
    assert sum(row["open_before_minor"] - row["open_after_minor"] for row in told["rows"]) == 100_000


@pytest.mark.requirement("R035")
def test_an_application_is_recorded_once_and_read_by_its_number(shop: Any, path: str, order: Returning) -> None:
    case = applied(shop, path)
    assert case["state"] == "submitted"
    assert case["customer_may"] == ["withdrawn"]
    assert shop.get(f"/after-sales/{case['case_no']}").json() == case
    (listed,) = shop.get(path).json()["items"]
    assert listed["case_no"] == case["case_no"]
    again = shop.post(path, {**WISH, "quote_id": case["quote"]["quote_id"]})
    assert again.json()["case_no"] == case["case_no"]
    assert AftersalesCase.objects.filter(customer_id=order.customer_id).count() == 1


def test_the_customer_sends_the_goods_and_takes_the_case_back(shop: Any, path: str, order: Returning) -> None:
    case = applied(shop, path)
    number = case["case_no"]
    sent = {"carrier": "顺丰", "tracking_no": "SF1234567890"}
    assert shop.post(f"/after-sales/{number}/sent", sent).json()["code"] == "case_move_unlisted"
    row = AftersalesCase.objects.get(customer_id=order.customer_id)
    Case(row.customer_id, row.id, order.now).approve()
    told = shop.post(f"/after-sales/{number}/sent", sent).json()
    assert (told["state"], told["tracking_no"]) == ("goods_awaited", "SF1234567890")
    for _ in range(2):
        assert shop.post(f"/after-sales/{number}/withdraw", {}).json()["state"] == "withdrawn"
    refused = shop.post(f"/after-sales/{number}/sent", sent)
    assert (refused.status_code, refused.json()["code"]) == (409, "case_move_unlisted")


def test_bad_input_is_refused_by_name(shop: Any, path: str, order: Returning) -> None:
    quoted = shop.post(f"{path}/quotes", WISH).json()
    too_many = {**WISH, "lines": [{"line_no": 1, "pieces": 2}]}
    assert shop.post(f"{path}/quotes", too_many).json()["code"] == "too_many_pieces"
    assert shop.post(f"{path}/quotes", {**WISH, "lines": [{"line_no": 9, "pieces": 1}]}).json()["code"] == "not_bought"
    twice = {**WISH, "lines": [{"line_no": 1, "pieces": 1}, {"line_no": 1, "pieces": 1}]}
    assert shop.post(f"{path}/quotes", twice).status_code == 422
    assert shop.post(path, {**WISH, "quote_id": str(new_id())}).status_code == 404
    another = {**WISH, "lines": [{"line_no": 2, "pieces": 1}], "quote_id": quoted["quote_id"]}
    assert shop.post(path, another).json()["code"] == "refund_quote_changed"
    with clock.stopped(order.now + timedelta(days=2)):
        refused = shop.post(path, {**WISH, "quote_id": quoted["quote_id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_quote_expired")
    assert "有效期" in refused.json()["detail_zh"]
    assert shop.get(f"/after-sales/{new_id()}").status_code == 404
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()


def uploaded(shop: Any, path: str, content: bytes) -> Any:
    return shop.send("POST", f"{path}/evidence", content, **{"Content-Type": "application/octet-stream"})


@pytest.mark.requirement("R036")
def test_evidence_comes_with_the_application_and_with_what_the_review_asks_for(
    shop: Any, path: str, order: Returning
) -> None:
    first, again = (uploaded(shop, path, photo()) for _ in range(2))
    assert (first.status_code, first.json()["kind"], first.json()) == (201, "photo", again.json())
    wish = {**WISH, "reason": "faulty"}
    quoted = shop.post(f"{path}/quotes", wish).json()
    body = {**wish, "quote_id": quoted["quote_id"], "evidence_ids": [first.json()["evidence_id"]]}
    applied = shop.post(path, body)
    assert applied.status_code == 201, applied.content
    case = AftersalesCase.objects.get(customer_id=order.customer_id)
    assert [str(one.evidence_id) for one in evidence_of_case(order.customer_id, case.id)] == body["evidence_ids"]
    ask_for_more(agent(), order.customer_id, case.id, note="请补拍包装", now=order.now)
    number, second = case.case_no, uploaded(shop, path, photo(colour="blue")).json()["evidence_id"]
    empty = shop.post(f"/after-sales/{number}/answer", {})
    assert (empty.status_code, empty.json()["where"]) == (422, "note")
    told = shop.post(f"/after-sales/{number}/answer", {"note": "已补拍", "evidence_ids": [second]})
    assert told.json()["state"] == "in_review", told.content
    assert len(evidence_of_case(order.customer_id, case.id)) == 2


def test_what_is_no_evidence_is_refused_and_nobody_elses_is_found(shop: Any, path: str) -> None:
    for content, code in ((b"", "evidence_empty"), (b"<svg/>", "evidence_not_accepted")):
        refused = uploaded(shop, path, content)
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert uploaded(shop, "/orders/nobody/after-sales", photo()).status_code == 404
    quoted = shop.post(f"{path}/quotes", WISH).json()
    other = delivered()
    other_no = Order.objects.values_list("order_no", flat=True).get(customer_id=other.customer_id, id=other.order_id)
    theirs = uploaded(shop, f"/orders/{other_no}/after-sales", photo()).json()["evidence_id"]
    refused = shop.post(path, {**WISH, "quote_id": quoted["quote_id"], "evidence_ids": [theirs]})
    assert (refused.status_code, refused.json()["code"]) == (422, "evidence_not_found")


def test_a_quote_is_for_the_wish_that_it_was_asked_for(shop: Any, path: str) -> None:
    quoted = shop.post(f"{path}/quotes", {**WISH, "kind": "exchange", "reason": "changed_mind"}).json()
    for other in ({"kind": "return"}, {"reason": "faulty"}):
        wish = {**WISH, "kind": "exchange", "reason": "changed_mind", **other}
        refused = shop.post(path, {**wish, "quote_id": quoted["quote_id"]})
        assert (refused.status_code, refused.json()["code"]) == (409, "refund_quote_changed")
