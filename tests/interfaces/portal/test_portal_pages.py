"""What the pages show and refuse, asked without a browser and without scripts."""

import re
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from fenqi.interfaces.jobs import tasks
from fenqi.records.models import Account, Payment, Plan, Role
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.orders.queries import list_orders
from malls import Payer, a_customer, bought
from town import Town

SignedIn = Callable[..., Client]
CustomerOf = Callable[[str], UUID]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_asked_for_a_code_yet() -> None:
    rate_limits.forget()


def text_of(client: Client, address: str, *, status: int = 200) -> str:
    """What a reader sees of a page: its tags taken off, what stands apart kept apart, blanks joined."""
    answer = client.get(address)
    assert answer.status_code == status, answer
    visible = re.sub(r"<(style|script|head)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    apart = re.sub(r"</(dt|dd|p|div|li|h1|h2)>", " ", visible)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", apart))


def plan_of(customer_id: UUID, place: int = 0) -> Plan:
    """The customer's plans, the oldest first."""
    return Plan.objects.filter(customer_id=customer_id).order_by("opened_on")[place]


def hidden(page: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.decode())
    assert found, name
    return found[1]


# Signing in ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R001", "R004")
@pytest.mark.parametrize(
    "address", ["/bills", "/orders", "/me", f"/orders/{UUID(int=1)}", f"/plans/{UUID(int=1)}/repay"]
)
def test_every_page_asks_a_visitor_to_sign_in_and_leads_back(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/sign-in?next={address.replace('/', '%2F')}"


@pytest.mark.requirement("R001", "R003", "R006")
def test_a_customer_signs_in_by_the_code_that_was_sent(mall: CustomerOf, town: Town, client: Client) -> None:
    answer = client.post("/sign-in", {"phone": "170 0000 0417", "next": "/me"})
    assert answer.headers["Location"] == "/sign-in/code"
    tasks.send_sign_in_code(**ProcrastinateJob.objects.order_by("-id")[0].args)
    code = town.ask("sms", phone="17000000417")["messages"][0]["params"]["code"]

    assert client.post("/sign-in/code", {"code": "000000" if code != "000000" else "1"}).status_code == 422
    device = Account.objects.for_customer(mall("chen")).smsdevice_set.get()
    device.throttle_reset()  # the pause after a wrong code is over
    answer = client.post("/sign-in/code", {"code": code})

    assert answer.headers["Location"] == "/me"
    assert "陈*云" in text_of(client, "/me")


@pytest.mark.requirement("R007")
def test_an_unbound_phone_is_told_how_to_bind_it_and_not_whether_it_is_known(mall: CustomerOf) -> None:
    pages = []
    for phone in ("17000000417", "17000009999"):
        visitor = Client()
        assert visitor.post("/sign-in", {"phone": phone}).headers["Location"] == "/sign-in/code"
        pages.append(text_of(visitor, "/sign-in/code").replace(phone[-4:], "####"))
    assert "绑定新号码" in pages[0]
    assert pages[0] == pages[1]


def test_what_is_no_phone_number_is_refused_beside_the_field(client: Client) -> None:
    answer = client.post("/sign-in", {"phone": "12"})
    assert answer.status_code == 422
    assert "这不是有效的手机号" in answer.content.decode()
    assert 'aria-invalid="true"' in answer.content.decode()


@pytest.mark.parametrize("lure", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"])
def test_signing_in_leads_only_to_pages_of_ours(signed_in: SignedIn, lure: str) -> None:
    answer = signed_in("chen").get("/sign-in", {"next": lure})
    assert answer.headers["Location"] == "/bills"


def test_the_code_page_without_a_phone_starts_again(client: Client) -> None:
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert client.post("/sign-in/resend").headers["Location"] == "/sign-in"


def test_signing_out_ends_the_session(signed_in: SignedIn) -> None:
    client = signed_in("chen")
    client.post("/sign-out")
    assert client.get("/bills").status_code == 302


def test_staff_are_no_customers(client: Client, db: None) -> None:
    staff = Account.objects.create_staff(username="agent", password="x" * 16, role=Role.AGENT)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/bills").headers["Location"].startswith("/sign-in")


# Orders -------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R009", "R010", "R011", "R013", "R017", "R018")
def test_my_orders_lists_every_purchase_marks_installments_and_opens_each(
    signed_in: SignedIn, mall: CustomerOf
) -> None:
    client = signed_in("chen")
    page = client.get("/orders").content.decode()
    orders = list_orders(mall("chen")).items
    assert len(orders) == 5
    assert all(f'href="/orders/{order.order_id}"' in page for order in orders)
    assert page.count('class="tag"') == sum(order.plan is not None for order in orders) == 3
    assert all('href="/orders"' in client.get(address).content.decode() for address in ("/bills", "/me"))


@pytest.mark.requirement("R012")
def test_running_and_settled_installments_can_be_told_from_the_rest(signed_in: SignedIn) -> None:
    client = signed_in("lin")
    running, settled = text_of(client, "/orders?show=running"), text_of(client, "/orders?show=settled")
    assert "青屿 X2 手机" in running
    assert "量子点电视" not in running
    assert "量子点电视" in settled
    assert "影音会员年卡" not in running + settled


@pytest.mark.requirement("R014", "R015", "R016")
def test_an_order_shows_each_installment_and_what_the_plan_costs(signed_in: SignedIn, mall: CustomerOf) -> None:
    plan = plan_of(mall("chen"))
    text = text_of(signed_in("chen"), f"/orders/{plan.order_id}")
    for words in ("剩余应还", "¥3,072.37", "第 1–4 期", "第 5 期", "第 12 期", "¥384.04", "¥384.09", "手续费合计"):
        assert words in text
    assert "剩余本金 ¥2,866.00" in text
    assert "年化利率（单利） 13.03%" in text
    assert "年化利率（内部收益率） 13.84%" in text
    assert "已还 4 期" in text
    assert len(re.findall(r"\d+月\d+日 周.", text)) >= 5


@pytest.mark.requirement("R119", "R120", "R121")
def test_an_order_tells_what_waiting_costs_and_until_when_it_is_free(signed_in: SignedIn, mall: CustomerOf) -> None:
    plan = plan_of(mall("chen"))
    text = text_of(signed_in("chen"), f"/orders/{plan.order_id}")
    assert re.search(r"\d+月\d+日 24:00 前还清 没有违约金，不算逾期", text)
    assert re.search(r"\d+月\d+日起 每天约 ¥0.18，还清就停", text)
    assert re.search(r"信用记录 \d+月\d+日起可能受影响，之前不会", text)


def test_a_down_payment_is_named_and_the_installments_count_from_one(signed_in: SignedIn, mall: CustomerOf) -> None:
    plan = plan_of(mall("ouyang"))
    text = text_of(signed_in("ouyang"), f"/orders/{plan.order_id}")
    assert "首付" in text
    assert "第 1–2 期" in text
    assert "共 6 期" in text


def test_an_order_without_installments_says_that_it_is_paid(signed_in: SignedIn, mall: CustomerOf) -> None:
    order = next(order for order in list_orders(mall("chen")).items if order.plan is None)
    assert "下单时已付清" in text_of(signed_in("chen"), f"/orders/{order.order_id}")


def test_pages_read_in_english(signed_in: SignedIn, mall: CustomerOf) -> None:
    plan = plan_of(mall("emma"))
    text = text_of(signed_in("emma", "en"), f"/orders/{plan.order_id}")
    for words in ("Left to pay", "Schedule", "Annual rate (IRR)", "What this plan costs"):
        assert words in text


# Bills --------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R122")
def test_my_bills_sum_what_is_due_over_all_plans_and_when(signed_in: SignedIn) -> None:
    text = text_of(signed_in("chen"), "/bills")
    for words in ("7 天内要还¥583.04", "空气净化器 4 Pro", "往后每个月", "全部剩余应还", "我的分期", "宽限期"):
        assert words in text


def test_who_owes_nothing_is_told_so(client: Client) -> None:
    account = Account.objects.for_customer(a_customer("nobody"))
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    assert "现在没有要还的" in text_of(client, "/bills")
    assert "还没有订单" in text_of(client, "/orders")


# Only one's own -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R002")
def test_what_belongs_to_another_customer_is_not_found(signed_in: SignedIn, mall: CustomerOf) -> None:
    theirs = plan_of(mall("wang"))
    payment = Payment.objects.filter(customer_id=mall("wang"))[0]
    client = signed_in("chen")
    for address in (
        f"/orders/{theirs.order_id}",
        f"/plans/{theirs.id}/repay",
        f"/plans/{theirs.id}/repay/confirm?choice=settle",
        f"/repayments/{payment.id}",
        f"/repayments/{payment.id}/return",
    ):
        assert client.get(address).status_code == 404, address
    for address in (f"/repayments/{payment.id}/ask", f"/repayments/{payment.id}/close"):
        assert client.post(address).status_code == 404, address


# Repaying -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R106", "R112", "R113", "R114", "R115", "R177")
def test_the_confirming_page_says_the_exact_sum_its_parts_and_what_it_does(
    signed_in: SignedIn, mall: CustomerOf
) -> None:
    plan = plan_of(mall("chen"))
    text = text_of(signed_in("chen"), f"/plans/{plan.id}/repay/confirm?choice=5")
    for words in (
        "¥384.04",
        "本金 ¥358.25 + 手续费 ¥25.79，没有违约金",
        "支付宝",
        "¥2,688.33",
        "确认还款 ¥384.04",
        "点多少次都只付一次",
    ):
        assert words in text


def test_one_several_or_all_can_be_chosen_and_settling_early_says_what_it_saves(
    signed_in: SignedIn, mall: CustomerOf
) -> None:
    text = text_of(signed_in("chen"), f"/plans/{plan_of(mall('chen')).id}/repay")
    for words in ("第 5 期", "第 5–6 期", "¥768.08", "第 5–12 期", "提前结清", "省下手续费和利息 ¥180.58", "¥2,891.79"):
        assert words in text


def test_a_double_tap_is_one_repayment(signed_in: SignedIn, mall: CustomerOf) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    plan = plan_of(customer_id)
    page = client.get(f"/plans/{plan.id}/repay/confirm?choice=5").content
    form = {
        "token": hidden(page, "token"),
        "choice": "5",
        "method": "alipay",
        "request_key": hidden(page, "request_key"),
    }
    before = Payment.objects.filter(customer_id=customer_id).count()
    answers = [client.post(f"/plans/{plan.id}/repay/start", form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert all("gateway.do" in answer.headers["Location"] for answer in answers)
    assert Payment.objects.filter(customer_id=customer_id).count() == before + 1
    payment = Payment.objects.filter(customer_id=customer_id, state="open").get()
    assert f"/repayments/{payment.id}" in client.get(f"/plans/{plan.id}/repay").headers["Location"]
    assert "等你在支付宝付款" in text_of(client, f"/repayments/{payment.id}")


def test_a_sum_that_has_changed_is_shown_anew_and_nothing_is_charged(signed_in: SignedIn, mall: CustomerOf) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    plan = plan_of(customer_id)
    form = {"token": "forged", "choice": "5", "method": "alipay", "request_key": str(uuid4())}
    before = Payment.objects.filter(customer_id=customer_id).count()
    answer = client.post(f"/plans/{plan.id}/repay/start", form)
    assert answer.status_code == 409
    assert "没有扣款。请看一下新的金额再确认" in answer.content.decode()
    assert Payment.objects.filter(customer_id=customer_id).count() == before


@pytest.mark.parametrize("choice", ["7", "12,11", "999", "x", "", "'; DROP TABLE plan; --"])
def test_a_choice_that_is_none_is_refused_with_what_to_do(signed_in: SignedIn, mall: CustomerOf, choice: str) -> None:
    answer = signed_in("chen").get(f"/plans/{plan_of(mall('chen')).id}/repay/confirm", {"choice": choice})
    assert answer.status_code == 422
    assert "按顺序选择要还的期次" in answer.content.decode()


def test_nothing_is_changed_without_the_page_s_own_form(signed_in: SignedIn, mall: CustomerOf) -> None:
    plan = plan_of(mall("chen"))
    client = signed_in("chen")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(f"/plans/{plan.id}/repay/start", {}).status_code == 403
    assert client.get(f"/plans/{plan.id}/repay/start").status_code == 405
    assert client.post(f"/plans/{plan.id}/repay/start", {}).status_code == 422


# Results ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R136", "R137", "R177")
def test_an_unknown_outcome_says_not_to_pay_again_and_when_we_ask(signed_in: SignedIn, mall: CustomerOf) -> None:
    client = signed_in("lin")
    payment = Payment.objects.get(customer_id=mall("lin"), state="open")
    text = text_of(client, f"/repayments/{payment.id}")
    for words in ("还不知道扣没扣成，请先别再付一次", "已锁定", "再问一次", "只会有两种结果", "170****0418"):
        assert words in text
    plan = Plan.objects.get(customer_id=mall("lin"), id=payment.plan_id)
    order = client.get(f"/orders/{plan.order_id}").content.decode()
    assert "结果未知" in order
    assert "/repay/confirm" not in order


@pytest.mark.requirement("R123", "R177")
def test_a_failure_says_that_no_money_moved_why_and_what_to_do(signed_in: SignedIn, mall: CustomerOf) -> None:
    payment = Payment.objects.filter(customer_id=mall("wang"), state="closed").order_by("-created_at")[0]
    text = text_of(signed_in("wang"), f"/repayments/{payment.id}")
    for words in ("这次没还成，钱没有动", "支付宝余额不足", "¥433.17", "先还少一点", "先不还会怎样"):
        assert words in text


def test_money_for_what_was_paid_already_is_told_to_go_back(client: Client, town: Town) -> None:
    plan, now = bought(), clock.now()
    client.force_login(
        Account.objects.for_customer(plan.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    started = plan.start(1, now=now)
    plan.record(10_000, on=clock.business_date(now), now=now, key="at the counter")
    Payer(started.redirect_url).press("confirm")

    client.get(f"/repayments/{started.payment_id}/return")
    text = text_of(client, f"/repayments/{started.payment_id}")
    assert "这一笔已经还过，¥100.00 会退给你" in text
    assert "剩余应还 ¥1,100.00" in text
    assert "会退回" in text_of(client, f"/orders/{plan.order_id}")


def test_the_size_of_text_is_kept_and_an_unknown_one_is_not(signed_in: SignedIn) -> None:
    client = signed_in("chen")
    client.post("/me/text-size", {"size": "larger"})
    assert 'class="text-larger"' in client.get("/me").content.decode()
    client.post("/me/text-size", {"size": '"><script>'})
    assert 'class="text-larger"' in client.get("/me").content.decode()
