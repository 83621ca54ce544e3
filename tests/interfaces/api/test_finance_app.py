"""The finance app's side, over the API: recognised by phone, shown the bills, guided through a repayment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test.utils import override_settings

from closings import closed
from fenqi.records.models import AppRecognition, Customer, PaymentAttempt
from fenqi.usecases import clock
from fenqi.usecases.api_clients import Scope, make_client
from fenqi.usecases.entries.safe_word import choose_safe_word
from fenqi.usecases.entries.shared_phone import share_phone
from fenqi.usecases.orders.inputs import CustomerInput
from fenqi.usecases.orders.register import register_customer
from malls import Bought, Payer, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)
APP = "/finance-app"


def with_phone(phone: str, **terms: Any) -> Bought:
    plan = bought(**terms)
    ref = Customer.objects.get(id=plan.customer_id).ref
    register_customer(CustomerInput(ref=ref, name="陈小云", phone=phone), now=clock.now())
    return plan


@pytest.fixture
def app(caller_with: Callable[..., Any]) -> Any:
    return caller_with(Scope.FINANCE_APP)


def asked(app: Any, town: Town, phone: str) -> tuple[str, str]:
    """The recognition, and the code that came to the phone."""
    answer = app.post(f"{APP}/codes", {"phone": phone})
    assert answer.status_code == 201, answer.content
    return answer.json()["recognition_id"], town.messages(phone)[0]["params"]["code"]


def signed_in(app: Any, town: Town, phone: str) -> str:
    recognition, code = asked(app, town, phone)
    answer = app.post(f"{APP}/codes/{recognition}/check", {"code": code})
    assert answer.json()["status"] == "recognised", answer.content
    return str(answer.json()["session"])


@pytest.mark.requirement("R005", "R006", "R152", "R153")
@override_settings(FENQI_FINANCE_APP_URL="https://app.example")
def test_who_is_recognised_by_phone_sees_the_bills_and_repays_in_the_app(app: Any, town: Town) -> None:
    plan = with_phone("17000001001")
    session = {"Fenqi-App-Session": signed_in(app, town, "17000001001")}
    (currency,) = app.get(f"{APP}/bills", **session).json()["currencies"]
    assert [one["plan_id"] for one in currency["plans"]] == [str(plan.plan_id)]
    detail = app.get(f"{APP}/plans/{plan.plan_id}", **session).json()
    assert len(detail["state"]["installments"]) == 12
    way = app.get(f"{APP}/plans/{plan.plan_id}/route", **session).json()
    assert [one["code"] for one in way["ways"] if one["works"]][:2] == ["mall_page", "finance_app"]
    made = app.post(
        f"{APP}/plans/{plan.plan_id}/quotes", {"purpose": "installments", "installments": [1]}, **session
    ).json()
    assert made["amount_minor"] == 10_000
    assert "alipay" in {one["method"] for one in made["methods"] if one["available"]}
    body = {"quote_token": made["token"], "method": "alipay"}
    started = app.post(f"{APP}/plans/{plan.plan_id}/repayments", body, key="tap", **session).json()
    assert app.post(f"{APP}/plans/{plan.plan_id}/repayments", body, key="tap", **session).json() == started
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started["attempt_id"])
    assert attempt.cashier["back_to"] == "app"
    left = Payer(started["redirect_url"]).press("confirm")
    assert left.headers["Location"].startswith(f"https://app.example/back?payment={started['payment_id']}")
    followed = app.post(f"{APP}/repayments/{started['payment_id']}/follow", {}, **session).json()
    assert followed["state"] == "succeeded"
    assert plan.state().totals.outstanding.total == 110_000


@pytest.mark.requirement("R007")
def test_a_number_that_nobody_bound_says_so_after_it_is_verified_and_not_before(app: Any, town: Town) -> None:
    with_phone("17000001002")
    bound, nobody = (app.post(f"{APP}/codes", {"phone": phone}) for phone in ("17000001002", "17000001003"))
    assert set(bound.json()) == set(nobody.json())
    code = town.messages("17000001003")[0]["params"]["code"]
    answer = app.post(f"{APP}/codes/{nobody.json()['recognition_id']}/check", {"code": code})
    assert (answer.status_code, answer.json()["code"]) == (404, "phone_not_bound")
    assert "绑定" in answer.json()["detail_zh"]
    assert "bind" in answer.json()["detail"]


@pytest.mark.requirement("R005")
def test_a_changed_number_ends_the_session_and_the_new_one_opens_another(app: Any, town: Town) -> None:
    plan = with_phone("17000001004")
    session = {"Fenqi-App-Session": signed_in(app, town, "17000001004")}
    ref = Customer.objects.get(id=plan.customer_id).ref
    register_customer(CustomerInput(ref=ref, phone="17000001005"), now=clock.now())
    answer = app.get(f"{APP}/bills", **session)
    assert (answer.status_code, answer.json()["code"]) == (401, "phone_changed")
    again = {"Fenqi-App-Session": signed_in(app, town, "17000001005")}
    assert app.get(f"{APP}/bills", **again).status_code == 200


@pytest.mark.requirement("R005")
def test_a_shared_number_asks_for_what_only_the_owner_knows_and_lists_nobody(app: Any, town: Town) -> None:
    first, second = with_phone("17000001006"), bought()
    share_phone(second.customer_id, "17000001006", actor="tests", now=clock.now())
    recognition, code = asked(app, town, "17000001006")
    answer = app.post(f"{APP}/codes/{recognition}/check", {"code": code}).json()
    assert answer["status"] == "which_account"
    assert {value for name, value in answer.items() if name != "status"} == {None}
    wrong = app.post(f"{APP}/codes/{recognition}/account", {"proof": "o-nothing"})
    assert wrong.json()["code"] == "proof_refused"
    choose_safe_word(second.customer_id, "青山", now=clock.now())
    proved = app.post(f"{APP}/codes/{recognition}/account", {"proof": "青山"}).json()
    bills = app.get(f"{APP}/bills", **{"Fenqi-App-Session": proved["session"]}).json()
    assert [one["plan_id"] for one in bills["currencies"][0]["plans"]] == [str(second.plan_id)]
    hidden = app.get(f"{APP}/plans/{first.plan_id}", **{"Fenqi-App-Session": proved["session"]})
    assert hidden.status_code == 404


def test_codes_are_guessed_five_times_at_most_and_taken_once(app: Any, town: Town) -> None:
    with_phone("17000001007")
    recognition, code = asked(app, town, "17000001007")
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert app.post(f"{APP}/codes/{recognition}/check", {"code": wrong}).json()["code"] == "code_refused"
    assert app.post(f"{APP}/codes/{recognition}/check", {"code": code}).json()["code"] == "code_refused"
    assert AppRecognition.objects.get(id=recognition).verified_at is None
    flood = app.post(f"{APP}/codes", {"phone": "17000001007"})
    assert (flood.status_code, flood.json()["code"]) == (429, "too_many_requests")


def test_a_code_opens_nothing_for_another_app_and_not_twice(app: Any, town: Town) -> None:
    with_phone("17000001008")
    recognition, code = asked(app, town, "17000001008")
    other = type(app)(make_client("other-app", [Scope.FINANCE_APP], now=clock.now()))
    assert other.post(f"{APP}/codes/{recognition}/check", {"code": code}).status_code == 404
    session = app.post(f"{APP}/codes/{recognition}/check", {"code": code}).json()["session"]
    assert app.post(f"{APP}/codes/{recognition}/check", {"code": code}).json()["code"] == "code_refused"
    header = {"Fenqi-App-Session": session}
    assert other.get(f"{APP}/bills", **header).json()["code"] == "app_session_ended"
    assert app.send("POST", f"{APP}/sign-out", **header).status_code == 200
    assert app.get(f"{APP}/bills", **header).json()["code"] == "app_session_ended"
    assert app.get(f"{APP}/bills").json()["code"] == "app_session_ended"


def test_the_apps_key_opens_nothing_else(app: Any) -> None:
    plan = bought()
    answer = app.get(f"/customers/{plan.customer_id}/plans/{plan.plan_id}")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


@pytest.mark.requirement("R155")
@override_settings(FENQI_FINANCE_APP_URL="https://app.example")
def test_an_app_that_is_closed_says_what_instead_and_starts_nothing(app: Any, town: Town) -> None:
    plan = with_phone("17000001009")
    session = {"Fenqi-App-Session": signed_in(app, town, "17000001009")}
    closed(clock.now(), entry="finance_app", successor="mall_page")
    path = f"{APP}/plans/{plan.plan_id}"
    made = app.post(f"{path}/quotes", {"purpose": "settlement"}, **session).json()
    refused = app.post(f"{path}/repayments", {"quote_token": made["token"], "method": "alipay"}, **session)
    assert (refused.status_code, refused.json()["code"]) == (409, "entry_closed")
    assert refused.json()["details"]["instead"] == "mall_page"
    (shut,) = [one for one in app.get(f"{path}/route", **session).json()["ways"] if one["code"] == "finance_app"]
    assert (shut["works"], shut["reason"], shut["notice_en"], shut["instead"]) == (
        False,
        "closed",
        "An upgrade",
        "mall_page",
    )


@pytest.mark.requirement("R150", "R151")
def test_the_mall_reads_the_route_of_a_plan(caller_with: Callable[..., Any]) -> None:
    caller = caller_with(Scope.PLANS_READ)
    plan = bought()
    closed(clock.now())
    found = caller.get(f"/customers/{plan.customer_id}/plans/{plan.plan_id}/route").json()
    assert (found["best"], found["ways"][0]["works"]) == ("message_link", True)
    assert found["permanent_address"].startswith("http://127.0.0.1:8000/r/")
