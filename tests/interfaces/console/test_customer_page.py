"""One customer on one page: masked until a reason is given, every look written down, and only what the role may see."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from closings import closed
from fenqi.domain.entries import Group
from fenqi.records.identifiers import HOUSE_ID
from fenqi.records.models import (
    Account,
    AuditRecord,
    ChannelNotification,
    Notice,
    NoticeDelivery,
    PaymentAttempt,
    RefusedCallback,
)
from fenqi.usecases import clock
from fenqi.usecases.notices.moves import put_on_record
from fenqi.usecases.staff.permissions import staff_member
from fenqi.usecases.support.books import customer_books
from fenqi.usecases.support.search import search_customers
from fenqi.usecases.support.send_link import simulate
from malls import Bought, a_customer, bought
from town import Town

Desk = Callable[..., Client]
PHONE = "17000000921"

pytestmark = pytest.mark.django_db


@pytest.fixture
def bill(town: Town) -> Bought:
    """A customer with a name, a phone and a plan; a repayment is at the cashier."""
    plan = bought("MM-70001", opened_on="2026-01-01")
    a_customer("MM-70001", name="陈小云", phone=PHONE)
    plan.record(10_000, on=clock.business_date(clock.now()), now=clock.now(), key="first")
    return plan


def page_of(client: Client, customer_id: UUID, query: str = "") -> str:
    answer = client.get(f"/console/customers/{customer_id}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def acts_about(customer_id: UUID) -> list[tuple[str, str]]:
    return list(AuditRecord.objects.filter(customer_id=customer_id).order_by("at").values_list("action", "reason"))


@pytest.mark.parametrize("text", [PHONE, "+86 170 0000 0921", "o-MM-70001", "MM-70001", " MM-70001 "])
def test_any_number_at_hand_leads_to_the_customer(bill: Bought, desk: Desk, text: str) -> None:
    answer = desk("agent").post("/console/search", {"q": text})
    assert answer.headers["Location"] == f"/console/customers/{bill.customer_id}"


@pytest.mark.requirement("R134")
def test_the_payment_number_leads_to_the_customer_however_it_is_grouped(bill: Bought) -> None:
    started = bill.start(2, now=clock.now())
    number = PaymentAttempt.objects.get(customer_id=bill.customer_id, id=started.attempt_id).out_trade_no
    for spelled in (number, number.lower(), f"{number[:4]} {number[4:]}"):
        assert [hit.customer.customer_id for hit in search_customers(spelled)] == [bill.customer_id]


@pytest.mark.parametrize("text", ["house", "1700000", "陈小云", "%", "' OR 1=1 --", "x" * 500, "a\x00b"])
def test_nobody_is_found_by_parts_of_a_number_or_by_tricks(bill: Bought, desk: Desk, text: str) -> None:
    answer = desk("agent").post("/console/search", {"q": text})
    assert answer.status_code == 200
    assert "没有客户对得上这个号码" in answer.content.decode()


def test_a_search_is_written_down_without_what_was_searched(bill: Bought, desk: Desk) -> None:
    desk("agent").post("/console/search", {"q": PHONE})
    written = AuditRecord.objects.get(customer_id=HOUSE_ID, action="customer_searched")
    assert PHONE not in str(vars(written))


def test_several_hits_are_listed_masked(bill: Bought, desk: Desk) -> None:
    a_customer("o-MM-70001", name="王建国", phone="17000000922")
    html = desk("agent").post("/console/search", {"q": "o-MM-70001"}).content.decode()
    assert "有 2 位客户" in html
    assert "陈*云" in html
    assert "王*国" in html
    assert "17000000922" not in html


def test_name_and_phone_are_masked_and_the_look_is_written_down(bill: Bought, desk: Desk) -> None:
    html = page_of(desk("agent"), bill.customer_id)
    assert "陈*云" in html
    assert "170****0921" in html
    assert "陈小云" not in html
    assert PHONE not in html
    assert acts_about(bill.customer_id) == [("customer_seen", "")]


def test_they_are_shown_against_a_reason_once(bill: Bought, desk: Desk) -> None:
    agent = desk("agent")
    address = f"/console/customers/{bill.customer_id}/reveal"
    refused = agent.post(address, {"reason": "  x "})
    assert refused.status_code == 422
    assert "陈小云" not in refused.content.decode()

    shown = agent.post(address, {"reason": "为订单回电"}).content.decode()
    assert "陈小云" in shown
    assert "1700 0000 921" in shown
    assert acts_about(bill.customer_id)[-1] == ("personal_data_revealed", "为订单回电")
    assert "陈小云" not in page_of(agent, bill.customer_id)


def test_finance_sees_the_books_but_no_name_and_agents_the_reverse(bill: Bought, desk: Desk) -> None:
    finance, agent = desk("finance"), desk("agent")
    of_finance, of_agent = page_of(finance, bill.customer_id), page_of(agent, bill.customer_id)
    assert "receivable.principal" in of_finance
    assert "receivable.principal" not in of_agent
    assert finance.post(f"/console/customers/{bill.customer_id}/reveal", {"reason": "just curious"}).status_code == 403
    assert ("personal_data_revealed", "just curious") not in acts_about(bill.customer_id)


def test_the_journal_on_the_page_balances_after_every_entry(bill: Bought) -> None:
    books = customer_books(bill.customer_id)
    assert [booked.entry.seq for booked in books.entries] == [2, 1]
    assert [booked.after.owed_minor for booked in books.entries] == [110_000, 120_000]
    assert all(booked.after.balances for booked in books.entries)
    (total,) = books.totals
    assert (total.debit_minor, total.credit_minor, total.owed_minor) == (130_000, 130_000, 110_000)


def test_entries_that_are_left_out_are_still_counted(bill: Bought) -> None:
    whole, newest = customer_books(bill.customer_id), customer_books(bill.customer_id, limit=1)
    assert newest.left_out == 1
    assert newest.entries == whole.entries[:1]
    assert newest.totals == whole.totals


@pytest.mark.parametrize("role", ["agent", "finance", "admin"])
def test_asking_the_channel_is_written_down_and_tells_the_answer(bill: Bought, desk: Desk, role: str) -> None:
    started = bill.start(2, now=clock.now())
    client = desk(role)
    address = f"/console/customers/{bill.customer_id}/attempts/{started.attempt_id}/ask"
    assert client.get(address).status_code == 405
    assert client.post(address).headers["Location"] == f"/console/customers/{bill.customer_id}"
    assert "已向渠道查询" in page_of(client, bill.customer_id)
    assert ("channel_asked", "") in acts_about(bill.customer_id)


def test_an_attempt_of_another_customer_is_not_asked_about(bill: Bought, desk: Desk) -> None:
    started = bill.start(2, now=clock.now())
    other = a_customer("MM-70002")
    answer = desk("agent").post(f"/console/customers/{other}/attempts/{started.attempt_id}/ask")
    assert answer.status_code == 404


@pytest.mark.parametrize("customer_id", [UUID(int=1), HOUSE_ID])
def test_who_does_not_exist_and_the_house_itself_are_not_found(desk: Desk, customer_id: UUID) -> None:
    client = desk("admin")
    assert client.get(f"/console/customers/{customer_id}").status_code == 404


@pytest.mark.parametrize("plan", ["not-an-id", str(UUID(int=1))])
def test_a_plan_of_nobody_is_not_found(bill: Bought, desk: Desk, plan: str) -> None:
    assert desk("agent").get(f"/console/customers/{bill.customer_id}?plan={plan}").status_code == 404


def test_a_plan_of_another_customer_is_not_found(bill: Bought, desk: Desk) -> None:
    other = bought()
    assert desk("agent").get(f"/console/customers/{bill.customer_id}?plan={other.plan_id}").status_code == 404


@pytest.mark.requirement("R134")
def test_what_the_channel_said_is_shown_word_for_word_as_text(bill: Bought, desk: Desk) -> None:
    started = bill.start(2, now=clock.now())
    PaymentAttempt.objects.filter(customer_id=bill.customer_id, id=started.attempt_id).update(
        reply={"sub_msg": "<b>处理中</b>"}
    )
    ChannelNotification.objects.create(
        customer_id=bill.customer_id,
        channel="alipay",
        notify_id="n-1",
        attempt_id=started.attempt_id,
        outcome="waiting",
        body={"trade_status": "WAIT_BUYER_PAY"},
        received_at=clock.now(),
    )
    html = page_of(desk("agent"), bill.customer_id)
    assert "&lt;b&gt;处理中&lt;/b&gt;" in html
    assert "WAIT_BUYER_PAY" in html


def test_money_that_came_twice_stands_on_top(paid_twice: UUID, desk: Desk) -> None:
    html = page_of(desk("agent"), paid_twice)
    assert "扣了两次：要退给客户 ¥100.00。" in html
    assert "重复付款，要退给客户" in html


def test_admins_read_who_looked(bill: Bought, desk: Desk) -> None:
    page_of(desk("agent"), bill.customer_id)
    html = desk("admin").get(f"/console/customers/{bill.customer_id}/audit").content.decode()
    assert "agent" in html
    assert "查看客户" in html
    assert acts_about(bill.customer_id)[-1] == ("audit_seen", "")


@pytest.mark.parametrize(
    ("page", "roles"),
    [
        ("", {"agent", "finance", "admin"}),
        ("refused-callbacks", {"finance", "admin"}),
        ("audit", {"admin"}),
        (f"customers/{HOUSE_ID}/audit", {"admin"}),
    ],
)
@pytest.mark.parametrize("role", ["agent", "finance", "admin"])
def test_each_role_opens_its_own_pages_only(desk: Desk, page: str, roles: set[str], role: str) -> None:
    answer = desk(role).get(f"/console/{page}")
    assert answer.status_code == (200 if role in roles else 403)


def test_refused_callbacks_are_shown_as_text(refused_callback: RefusedCallback, desk: Desk) -> None:
    html = desk("finance").get("/console/refused-callbacks").content.decode()
    assert "签名不对" in html
    assert "&lt;script&gt;" in html
    assert "<script>'" not in html


def test_long_lists_go_on_on_the_next_page(desk: Desk) -> None:
    RefusedCallback.objects.bulk_create(
        RefusedCallback(channel="alipay", reason="malformed", remote_address=f"n-{n}", body="", received_at=clock.now())
        for n in range(60)
    )
    finance = desk("finance")
    first = finance.get("/console/refused-callbacks")
    second = finance.get(f"/console/refused-callbacks{first.context['listing'].later}")
    shown = [callback.id for answer in (first, second) for callback in answer.context["listing"].rows]
    assert len(shown) == len(set(shown)) == 60
    assert second.context["listing"].later == ""


def test_a_long_history_needs_no_more_statements_than_a_short_one(bill: Bought, desk: Desk) -> None:
    client = desk("admin")
    page_of(client, bill.customer_id)
    with CaptureQueriesContext(connection) as for_short:
        page_of(client, bill.customer_id)
    for n in range(5):
        bill.record(10_000, on=clock.business_date(clock.now()), now=clock.now(), key=f"k-{n}")
    with CaptureQueriesContext(connection) as for_long:
        page_of(client, bill.customer_id)
    assert len(for_long) == len(for_short)


def test_help_with_a_plan_is_among_the_actions_and_the_link_is_the_signed_one(bill: Bought, desk: Desk) -> None:
    agent = desk("agent")
    html = page_of(agent, bill.customer_id)
    for anchor in ("promise", "change", "waive", "contact"):
        assert f"/console/collections/{bill.customer_id}/{bill.plan_id}#{anchor}" in html
    staff = staff_member(Account.objects.get(username="agent"))
    assert staff is not None
    assert "/p/" in simulate(staff, bill.customer_id, bill.plan_id, now=clock.now()).text


@pytest.mark.requirement("R131", "R143", "R174")
def test_closings_and_notices_are_in_the_story_without_their_words(town: Town, desk: Desk) -> None:
    plan, now = bought(), clock.now()
    bare = a_customer("MM-70002", name="", phone="")
    client = desk("agent")

    def story() -> tuple[list[tuple[str, str, str]], int]:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"/console/customers/{plan.customer_id}")
        told = answer.context["moments"]
        return [(one.kind.value, one.tone, f"{one.title} {one.detail}") for one in told], len(asked)

    def notice(message: str, state: str, *, reason: str = "", **ways: str) -> None:
        kept = Notice.objects.create(
            customer_id=plan.customer_id,
            message=message,
            subject=f"entry:{message}",
            weight="news",
            params={"entry": "SECRET"},
            language="zh",
            state=state,
            reason=reason,
            due_at=now,
            created_at=now,
            told_at=now if state == "told" else None,
        )
        for way, outcome in ways.items():
            delivery = NoticeDelivery.objects.create(
                customer_id=plan.customer_id,
                notice_id=kept.id,
                way=way,
                provider=way,
                number=f"{message}-{way}",
                template_version=1,
                state=outcome,
                sent_at=now,
                created_at=now,
            )
            put_on_record(kept, delivery, now=now)

    notice("due_soon", "held", reason="paid")
    story()
    before, few = story()
    assert [kind for kind, _, _ in before if kind in ("entries", "messages")] == ["messages"]
    closed(now + timedelta(hours=2), now=now, hours=1)
    closed(now + timedelta(days=2), now=now, hours=1)
    closed(now, hours=1, group=Group(customers=frozenset({"somebody-else"})))
    notice("entry_closing", "told", sms="delivered", email="refused")
    notice("entry_open", "waiting")
    notice("overdue", "told", sms="undelivered")
    told, many = story()
    assert many == few
    assert "SECRET" not in str(told)
    assert sorted(tone for kind, tone, _ in told if kind == "messages") == ["future", "neutral", "overdue", "paid"]
    assert [text for kind, tone, text in told if kind == "messages" and tone == "paid"] == [
        "消息：还款入口暂停 站内信 · 短信 已送达 · 邮件 被拒绝"
    ]
    assert [tone for kind, tone, _ in told if kind == "entries"] == ["future", "future"]
    shown = client.get(f"/console/customers/{plan.customer_id}?show=entries").context["moments"]
    assert {one.kind.value for one in shown} == {"entries"}
    assert client.get(f"/console/customers/{bare}").status_code == 200
