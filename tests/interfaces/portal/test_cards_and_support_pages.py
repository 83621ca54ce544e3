"""The pages of cards, of scanning and of talking to us, without scripts."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from another_rail import open_rail
from card_rail import CODE, CardRail, ScanRail, a_number, open_cards
from fenqi.records.identifiers import new_id
from fenqi.records.models import (
    BoundCard,
    DebitAgreement,
    Payment,
    PaymentAttempt,
    Plan,
    SupportMessage,
    SupportThread,
)
from fenqi.usecases import clock, rate_limits

SignedIn = Callable[..., Client]
CustomerOf = Callable[[str], UUID]
PHONE = {"user-agent": "Mozilla/5.0 (iPhone) Mobile/15E148"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def rail(mall: CustomerOf, monkeypatch: pytest.MonkeyPatch) -> CardRail:
    return open_cards(monkeypatch)


def plan_of(customer_id: UUID) -> Plan:
    return Plan.objects.filter(customer_id=customer_id).order_by("opened_on")[0]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found
    return found[1]


def fields(**more: str) -> dict[str, str]:
    return {"number": a_number(), "holder": "陈小云", "phone": "13812345678", **more}


@pytest.mark.requirement("R107", "R108", "R109", "R110", "R112", "R113", "R118")
def test_a_card_is_bound_on_the_way_and_pays_the_bill(signed_in: SignedIn, mall: CustomerOf, rail: CardRail) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    here = f"/plans/{plan_of(customer_id).id}/repay/confirm?choice=5"
    page = client.get(here).content.decode()
    assert "支付宝" in page
    assert "微信支付" in page
    way = re.search(r'href="(/me/cards/add\?next=[^"]+)"', page)
    assert way

    form = client.get(way[1]).content.decode()
    following = {"next": hidden(form, "next").replace("&amp;", "&")}
    sent = client.post("/me/cards/add", fields(send="yes", **following))
    assert sent.status_code == 200
    assert "招商银行 · 储蓄卡" in sent.content.decode()
    assert "no-store" in sent.headers["Cache-Control"]
    done = client.post("/me/cards/add", fields(bind="yes", code=CODE, agree="yes", **following))
    card = BoundCard.objects.get(customer_id=customer_id)
    assert done.headers["Location"] == f"{here}&method=bank_card:{card.id}"

    page = client.get(done.headers["Location"]).content.decode()
    assert f"招商银行储蓄卡 ({card.last4})" in page
    assert re.search(rf'value="bank_card:{card.id}" required checked', page)
    paid = client.post(
        f"/plans/{card_plan(customer_id)}/repay/start",
        {
            "token": hidden(page, "token"),
            "choice": "5",
            "method": f"bank_card:{card.id}",
            "request_key": hidden(page, "request_key"),
        },
        follow=True,
    )
    assert "已还" in paid.content.decode()
    assert len(rail.asked("debit")) == 1


def card_plan(customer_id: UUID) -> UUID:
    plan_id: UUID = plan_of(customer_id).id
    return plan_id


@pytest.mark.requirement("R128")
def test_mistakes_are_told_at_their_fields_and_nothing_is_sent(signed_in: SignedIn, rail: CardRail) -> None:
    client = signed_in("chen", "en")
    wrong = client.post("/me/cards/add", fields(number="6225880000006211", phone="1", send="yes"))
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'id="number-error"' in page
    assert "a digit is wrong or two changed places" in page
    assert "mainland number of 11 digits" in page
    assert rail.seen == []
    told = client.post("/me/cards/recognise", {"number": "6225 7500 0000"}).content.decode()
    assert "China Merchants Bank, credit card" in told


def test_a_card_is_not_bound_without_consent_or_with_a_lure(signed_in: SignedIn, rail: CardRail) -> None:
    client = signed_in("chen")
    client.post("/me/cards/add", fields(send="yes"))
    assert client.post("/me/cards/add", fields(bind="yes", code=CODE)).status_code == 422
    assert rail.asked("bind") == []
    form = fields(bind="yes", code=CODE, agree="yes", next="https://elsewhere.example/")
    assert client.post("/me/cards/add", form).headers["Location"] == "/me/cards"


def test_the_session_keeps_nothing_of_the_card(signed_in: SignedIn, rail: CardRail) -> None:
    signed_in("chen").post("/me/cards/add", fields(send="yes"))
    kept = " ".join(str(session.get_decoded()) for session in Session.objects.all())
    assert "binding_a_card" in kept
    assert a_number() not in kept
    assert "13812345678" not in kept


@pytest.mark.requirement("R118")
def test_a_card_is_removed_after_asking_once_more(signed_in: SignedIn, mall: CustomerOf, rail: CardRail) -> None:
    client = signed_in("chen")
    client.post("/me/cards/add", fields(send="yes"))
    client.post("/me/cards/add", fields(bind="yes", code=CODE, agree="yes"))
    card = BoundCard.objects.get(customer_id=mall("chen"))
    address = f"/me/cards/{card.id}/remove"
    assert address in client.get("/me/cards").content.decode()
    assert "移除招商银行储蓄卡" in client.get(address).content.decode()
    assert signed_in("wang").post(address).status_code == 404
    assert client.post(address).headers["Location"] == "/me/cards"
    assert address not in client.get("/me/cards").content.decode()


@pytest.mark.requirement("R110")
def test_a_desktop_scans_and_a_phone_goes_to_the_channel(
    signed_in: SignedIn, mall: CustomerOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    rail = ScanRail("wechat_pay")
    open_rail(rail, monkeypatch)
    client, customer_id = signed_in("chen"), mall("chen")
    page = client.get(f"/plans/{plan_of(customer_id).id}/repay/confirm?choice=5").content.decode()
    form = {"token": hidden(page, "token"), "choice": "5", "method": "wechat_pay", "request_key": str(uuid4())}
    there = client.post(f"/plans/{plan_of(customer_id).id}/repay/start", form).headers["Location"]
    assert there.endswith("/scan")
    scanning = client.get(there).content.decode()
    assert "<svg" in scanning
    assert "扫一扫" in scanning
    payment = Payment.objects.filter(customer_id=customer_id, state="open").get()
    rail.paid.add(PaymentAttempt.objects.get(customer_id=customer_id, payment_id=payment.id).out_trade_no)
    client.post(f"/repayments/{payment.id}/ask")
    assert client.get(there).headers["Location"] == f"/repayments/{payment.id}"
    going = client.get(there, headers={"hx-request": "true"})
    assert (going.status_code, going.headers["HX-Redirect"]) == (204, f"/repayments/{payment.id}")


@pytest.mark.requirement("R131", "R132", "R134")
def test_a_failure_leads_to_people_who_know_already(signed_in: SignedIn, mall: CustomerOf) -> None:
    client = signed_in("wang")
    failed = Payment.objects.filter(customer_id=mall("wang"), state="closed").order_by("-created_at")[0]
    assert 'action="/support/open"' in client.get(f"/repayments/{failed.id}").content.decode()
    there = client.post("/support/open", {"payment_id": str(failed.id)}).headers["Location"]
    assert client.post("/support/open", {"payment_id": str(failed.id)}).headers["Location"] == there
    page = client.get(there).content.decode()
    number = PaymentAttempt.objects.filter(customer_id=mall("wang"), payment_id=failed.id)[0].out_trade_no
    assert "我们已经知道" in page
    assert number in page

    words = {"text": "<script>alert(1)</script>\n第二行", "request_key": hidden(page, "request_key")}
    for _ in range(2):
        assert client.post(there, words).headers["Location"] == there
    page = client.get(there).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>第二行" in page
    assert SupportMessage.objects.filter(customer_id=mall("wang")).count() == 1
    assert there in client.get("/support").content.decode()
    assert signed_in("chen").get(there).status_code == 404
    assert signed_in("chen").post("/support/open", {"payment_id": str(failed.id)}).status_code == 404
    assert SupportThread.objects.filter(customer_id=mall("chen")).count() == 0


def test_what_was_typed_is_not_lost_when_it_is_refused(signed_in: SignedIn) -> None:
    client = signed_in("wang")
    there = client.post("/support/open", {}).headers["Location"]
    long = "长" * 1001
    answer = client.post(there, {"text": long, "request_key": str(uuid4())})
    assert answer.status_code == 422
    assert long in answer.content.decode()


@pytest.mark.requirement("R133", "R166", "R167")
def test_hotline_and_hours_are_shown_as_they_are_set(signed_in: SignedIn, settings: pytest.FixtureRequest) -> None:
    settings.FENQI_HOTLINE = "400-100-5678"  # type: ignore[attr-defined]  # pytest-django's settings
    page = signed_in("wang").get("/support").content.decode()
    assert "400-100-5678" in page
    assert "9:00–21:00" in page


def test_a_card_is_bound_on_the_way_to_auto_debit(signed_in: SignedIn, mall: CustomerOf, rail: CardRail) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    here = f"/plans/{card_plan(customer_id)}/auto-debit"
    way = re.search(r'href="(/me/cards/add\?next=[^"]+)"', client.get(here).content.decode())
    assert way
    following = {"next": hidden(client.get(way[1]).content.decode(), "next")}
    assert following["next"] == here
    client.post("/me/cards/add", fields(send="yes", **following))
    done = client.post("/me/cards/add", fields(bind="yes", code=CODE, agree="yes", **following))
    assert done.headers["Location"].startswith(here)
    card = BoundCard.objects.get(customer_id=customer_id)
    assert f"({card.last4})" in client.get(done.headers["Location"]).content.decode()


def test_auto_debit_says_that_what_is_due_is_above_its_limit(signed_in: SignedIn, mall: CustomerOf) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    plan_id = card_plan(customer_id)
    now = clock.now()
    DebitAgreement.objects.create(
        customer_id=customer_id, id=new_id(), plan_id=plan_id, channel="alipay", number="A123456789",
        status="active", limit_minor=1, currency="CNY", signed_at=now, created_at=now, updated_at=now,
        next_try_at=now + timedelta(minutes=1), consent={"text": [], "version": "2026-11"},
    )  # fmt: skip
    page = client.get(f"/plans/{plan_id}/auto-debit").content.decode()
    assert "超过扣款上限，请自己还款" in re.sub(r"<[^>]+>", "", page)
    assert "单笔上限 ¥0.01" in page
