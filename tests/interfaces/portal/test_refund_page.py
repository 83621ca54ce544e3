"""What goes back is followed on a page of its own, and staff put right what cannot go back by itself."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from browsing import Windows, picture, violations
from fenqi.domain.cards import CardKind
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, BoundCard, CardState, Refund, Role
from fenqi.usecases.refunds.send import send_leg
from owed_back import legs_of, paid_twice, status_of
from town import Town

ARTEFACTS = Path("test-artefacts") / "portal"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def now(town: Town) -> Iterator[datetime]:
    yield datetime.now(UTC)
    town.tell("faults/forget")


def customer(customer_id: UUID, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def staff() -> Callable[[str], Client]:
    def sign_in(name: str) -> Client:
        account = Account.objects.create_staff(username=name, password=str(new_id()), role=Role.FINANCE)
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def a_card(customer_id: UUID, **changes: str) -> BoundCard:
    fields = {"kind": CardKind.DEBIT.value, "state": CardState.ACTIVE.value, **changes}
    return BoundCard.objects.create(
        customer_id=customer_id, channel="bank_card", number=f"B{new_id().hex[-20:]}", bank="CMB", last4="6621",
        token_encrypted=personal.encrypt("t").decode(), holder_masked="陈*云", phone_masked="138****1234",
        bound_at=datetime.now(UTC), **fields,
    )  # fmt: skip


@pytest.mark.requirement("R073", "R074", "R075")
@pytest.mark.parametrize(
    ("language", "before", "after"),
    [("zh-hans", "正在退回给你", "已退出，"), ("en", "goes back to you", "is on its way,")],
)
def test_the_page_says_where_the_money_is(now: datetime, language: str, before: str, after: str) -> None:
    plan, refund = paid_twice(now=now)
    reader = customer(plan.customer_id, language)
    assert before in reader.get(f"/refunds/{refund.id}").content.decode()
    (leg,) = legs_of(refund)
    send_leg(plan.customer_id, leg.id, now=now)
    page = reader.get(f"/refunds/{refund.id}").content.decode()
    assert after in page
    assert leg.out_refund_no in page
    for address in (f"/orders/{plan.order_id}", f"/repayments/{refund.payment_id}"):
        assert f"/refunds/{refund.id}" in reader.get(address).content.decode()


def test_a_refund_of_somebody_else_is_not_found(now: datetime) -> None:
    _, refund = paid_twice(now=now)
    other, _ = paid_twice(now=now)
    assert customer(other.customer_id).get(f"/refunds/{refund.id}").status_code == 404


def past_its_window(town: Town, now: datetime) -> Refund:
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    town.tell("faults", operation="refund", kind="code", value="ACQ.TRADE_HAS_FINISHED", times=1)
    send_leg(plan.customer_id, leg.id, now=now)
    return refund


def test_two_members_of_staff_transfer_what_cannot_go_back(
    town: Town, now: datetime, staff: Callable[[str], Client]
) -> None:
    refund = past_its_window(town, now)
    card = a_card(refund.customer_id)
    one, other = staff("one"), staff("other")
    leg = legs_of(refund)[-1]
    base = f"/console/customers/{refund.customer_id}/refund-legs/{leg.id}"

    assert "6621" in one.get("/console/refunds").content.decode()
    assert one.post(f"{base}/propose", {"card": str(card.id)}).status_code == 302
    assert one.post(f"{base}/approve").status_code == 409
    assert "由你提议" in one.get("/console/refunds").content.decode()
    assert other.post(f"{base}/approve").status_code == 302
    assert other.post(f"{base}/record", {"reference": "?"}).status_code == 422
    assert other.post(f"{base}/record", {"reference": "CMB20261123000017"}).status_code == 302
    assert status_of(refund) == "completed"
    assert "没有需要人工处理的退款" in one.get("/console/refunds").content.decode()
    page = one.get(f"/console/customers/{refund.customer_id}").content.decode()
    assert "CMB20261123000017" in page


def test_those_who_may_not_move_money_do_not_see_the_queue(now: datetime) -> None:
    account = Account.objects.create_staff(username="agent", password=str(new_id()), role=Role.AGENT)
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/console/refunds").status_code == 403


@pytest.mark.browser
def test_the_pages_are_whole_and_accessible(
    town: Town, now: datetime, staff: Callable[[str], Client], windows: Windows, mall_server: LiveServer
) -> None:
    """At phone and desk width, in both languages; looked into in Chinese on a phone, in English at a desk."""
    plan, sent = paid_twice(now=now)
    send_leg(plan.customer_id, legs_of(sent)[0].id, now=now)
    waiting = past_its_window(town, now)
    a_card(waiting.customer_id)
    looks = [
        ("refund-sent", customer(sent.customer_id), f"/refunds/{sent.id}"),
        ("refund-order", customer(sent.customer_id), f"/orders/{plan.order_id}"),
        ("refund-owed-back", customer(sent.customer_id), f"/repayments/{sent.payment_id}"),
        ("refund-transfer", customer(waiting.customer_id), f"/refunds/{waiting.id}"),
        ("refund-queue", staff("one"), "/console/refunds"),
    ]
    for language, (name, client, address) in itertools.product(("zh-CN", "en"), looks):
        with windows.open(locale=language) as window:
            session = client.cookies["sessionid"].value
            window.add_cookies([{"name": "sessionid", "value": session, "url": mall_server.url}])
            page = window.new_page()
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            for width in (390, 1280):
                picture(page, width, ARTEFACTS / f"{name}-{language}-{width}.png")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, language, width)
                if (language, width) in {("zh-CN", 390), ("en", 1280)}:
                    wrong = [(one["id"], one["nodes"][0]["html"]) for one in violations(page)]
                    assert not wrong, (name, wrong)
