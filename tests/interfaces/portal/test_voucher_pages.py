"""Vouchers and statements: of every sum that moved, in both languages, with proofs that anybody can make anew."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from io import StringIO
from uuid import UUID

import pytest
from django.test import Client

from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.reserves import MoveState
from fenqi.interfaces.portal.statement import cell
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, JournalEntry, Order, OrderLine, PaymentAttempt, Refund, RefundLeg, Role
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.links import permanent_address
from fenqi.usecases.refunds.send import send_leg
from fenqi.usecases.repayment import resolve
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.resolve import ask_release
from fenqi.usecases.reserves.send import send_release
from held import Secured, frozen, frozen_on_card
from malls import Bought, Payer, bought
from owed_back import legs_of, paid_twice
from pdf_texts import text_of
from sandbox_town import until
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

LANGUAGES = ["zh-hans", "en"]


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def now(town: Town) -> datetime:
    return datetime.now(UTC)


def customer(customer_id: UUID, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def staff() -> Callable[[Role], Client]:
    def sign_in(role: Role) -> Client:
        account = Account.objects.create_staff(username=role.value, password=str(new_id()), role=role)
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def paid(now: datetime) -> tuple[Bought, PaymentAttempt]:
    """The first installment, over Alipay."""
    plan = bought()
    started = plan.start(1, now=now)
    Payer(started.redirect_url).press("confirm")
    resolve.ask_channel(plan.customer_id, started.attempt_id, now=now)
    return plan, PaymentAttempt.objects.get(customer_id=plan.customer_id, id=started.attempt_id)


def went_back(now: datetime) -> tuple[Bought, Refund, RefundLeg]:
    """Paid twice, and the second has left again."""
    plan, refund = paid_twice(now=now)
    (leg,) = legs_of(refund)
    assert send_leg(plan.customer_id, leg.id, now=now) is RefundState.SUCCEEDED
    return plan, refund, RefundLeg.objects.get(customer_id=plan.customer_id, id=leg.id)


def page_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    return answer.content.decode()


def pdf_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "no-store" in answer.headers["Cache-Control"]
    return text_of(answer.content)


def sheet_of(client: Client, plan: Bought) -> list[list[str]]:
    content = client.get(f"/orders/{plan.order_id}/records.csv").content.decode()
    assert content.startswith("\ufeff"), "spreadsheets take it for UTF-8 by that"
    return list(csv.reader(StringIO(content.removeprefix("\ufeff"))))


@pytest.mark.requirement("R077", "R078")
@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hans", ("支付凭证", "第 1 期", "支付宝", "校验码")), ("en", ("Payment voucher", "No. 1", "Alipay", "Proof"))],
)
def test_a_payment_has_a_voucher_to_read_and_to_keep(
    now: datetime, settings: object, language: str, words: tuple[str, ...]
) -> None:
    settings.FENQI_MALL_NAME = "青屿商城 <b>"  # type: ignore[attr-defined]  # pytest-django's settings
    plan, attempt = paid(now)
    client = customer(plan.customer_id, language)
    address = f"/vouchers/payment/{attempt.id}"
    page, pdf = page_of(client, address), pdf_of(client, f"{address}.pdf")
    entry = JournalEntry.objects.get(customer_id=plan.customer_id, code="repayment")
    number = Order.objects.get(customer_id=plan.customer_id, id=plan.order_id).order_no
    goods = OrderLine.objects.filter(customer_id=plan.customer_id, order_id=plan.order_id)
    told = (*words, attempt.out_trade_no, attempt.trade_no, number, "¥100.00", bytes(entry.hash).hex()[:12])
    for word in (*told, *(line.name for line in goods)):
        assert word in page
        assert "".join(word.split()) in pdf
    assert "青屿商城 &lt;b&gt;" in page
    assert "青屿商城<b>" in pdf
    for place in (f"/repayments/{attempt.payment_id}", f"/orders/{plan.order_id}/records"):
        assert address in page_of(client, place)
    assert f"/orders/{plan.order_id}/records" in page_of(client, f"/orders/{plan.order_id}")


@pytest.mark.requirement("R078")
@pytest.mark.parametrize(("language", "title"), [("zh-hans", "退款凭证"), ("en", "Refund voucher")])
def test_what_was_paid_twice_has_a_voucher_for_each_and_one_for_what_went_back(
    now: datetime, language: str, title: str
) -> None:
    plan, refund, leg = went_back(now)
    client = customer(plan.customer_id, language)
    links = set(re.findall(r"/vouchers/[a-z-]+/[0-9a-f-]{36}", page_of(client, f"/orders/{plan.order_id}/records")))
    assert len(links) == 3
    proofs = {proof for link in links for proof in re.findall(r">([0-9a-f]{12})</dd>", page_of(client, link))}
    entries = JournalEntry.objects.filter(customer_id=plan.customer_id)
    booked = {one.code: bytes(one.hash).hex()[:12] for one in entries}
    assert proofs == {booked["repayment"], booked["duplicate_payment"], booked["refund_paid"]}
    address = f"/vouchers/refund/{leg.id}"
    assert title in page_of(client, address)
    assert address in page_of(client, f"/refunds/{refund.id}")
    pdf = pdf_of(client, f"{address}.pdf")
    assert leg.out_refund_no in pdf
    assert booked["refund_paid"] in pdf


@pytest.mark.parametrize(("freeze", "where"), [(frozen, "Alipay"), (frozen_on_card, "China Merchants Bank debit card")])
def test_a_released_reserve_has_a_voucher(
    town: Town, now: datetime, freeze: Callable[..., Secured], where: str
) -> None:
    secured = freeze(town, now=now)
    plan = secured.plan
    plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
    release_what_is_due(plan.customer_id, plan.order_id, now=now)
    send_release(plan.customer_id, secured.moves[-1].id, now=now)
    until(lambda: ask_release(plan.customer_id, secured.moves[-1].id, now=now) is MoveState.DONE)
    (move,) = secured.moves
    page = page_of(customer(plan.customer_id, "en"), f"/vouchers/reserve-release/{move.id}")
    assert move.number in page
    assert f"¥500.00 of your reserve was released at {where}" in re.sub(r"<[^>]+>", "", page)


def test_what_has_not_succeeded_has_no_voucher(now: datetime) -> None:
    plan = bought()
    started = plan.start(1, now=now)
    client = customer(plan.customer_id)
    for address in (f"payment/{started.attempt_id}", f"payment/{started.payment_id}", f"refund/{started.attempt_id}"):
        assert client.get(f"/vouchers/{address}").status_code == 404
    assert client.get(f"/vouchers/lender-refund/{started.attempt_id}").status_code == 404
    assert client.get(f"/vouchers/gift/{started.attempt_id}").status_code == 404
    assert "/vouchers/" not in page_of(client, f"/orders/{plan.order_id}/records")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_else_reads_them(now: datetime, language: str) -> None:
    plan, refund, leg = went_back(now)
    stranger = customer(bought().customer_id, language)
    for address in (
        f"/vouchers/payment/{refund.payment_id}",
        f"/vouchers/refund/{leg.id}",
        f"/vouchers/refund/{leg.id}.pdf",
        f"/orders/{plan.order_id}/records",
        f"/orders/{plan.order_id}/records.csv",
        f"/orders/{plan.order_id}/records.pdf",
        f"/lender-balance/{plan.plan_id}",
    ):
        assert stranger.get(address).status_code == 404
        assert Client().get(address).headers["Location"].startswith("/sign-in")


@pytest.mark.requirement("R076", "R077", "R079")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sheet_has_everything_and_its_proofs_can_be_made_anew(now: datetime, language: str) -> None:
    plan, _refund, leg = went_back(now)
    client = customer(plan.customer_id, language)
    rows = sheet_of(client, plan)
    assert {len(row) for row in rows} == {len(rows[0])}
    number = Order.objects.get(customer_id=plan.customer_id, id=plan.order_id).order_no
    assert rows[1][2] == number
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id)
    assert {attempt.out_trade_no, leg.out_refund_no} <= {row[2].rstrip("\t") for row in rows}
    chained = [(row[-2], row[-1]) for row in rows if len(row[-2]) == 64]
    entries = JournalEntry.objects.filter(customer_id=plan.customer_id).order_by("seq")
    assert [proof for proof, _text in chained] == [bytes(entry.hash).hex() for entry in entries]
    assert len(chained) == 4, "opened, repaid, paid again, gone back"
    before = ""
    for proof, text in chained:
        assert sha256(text.encode()).hexdigest() == proof
        assert text.split("|")[0] == before
        before = proof


@pytest.mark.requirement("R076", "R077", "R079")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("订单对账单", "退款已退出", "数据库拒绝修改和删除")),
        ("en", ("Statement of an order", "Refund has left", "refuses to change")),
    ],
)
def test_the_statement_says_the_same_on_paper(now: datetime, language: str, words: tuple[str, ...]) -> None:
    plan, _refund, leg = went_back(now)
    told = pdf_of(customer(plan.customer_id, language), f"/orders/{plan.order_id}/records.pdf")
    entries = JournalEntry.objects.filter(customer_id=plan.customer_id)
    for word in (*words, leg.out_refund_no, *(bytes(entry.hash).hex() for entry in entries)):
        assert "".join(word.split()) in told


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "\t=1", "\n=1"])
def test_no_spreadsheet_runs_what_a_name_says(now: datetime, name: str) -> None:
    plan = bought()
    OrderLine.objects.filter(customer_id=plan.customer_id, order_id=plan.order_id).update(name=name)
    cells = {cell for row in sheet_of(customer(plan.customer_id), plan) for cell in row}
    assert f"'{name}" in cells
    assert name not in cells


def test_a_long_number_is_not_rounded_by_a_spreadsheet() -> None:
    assert cell("2026112300000000000017") == "2026112300000000000017\t"
    assert cell("20261123") == "20261123"


def test_papers_are_not_drawn_without_end(now: datetime) -> None:
    plan = bought()
    client = customer(plan.customer_id)
    statuses = [client.get(f"/orders/{plan.order_id}/records.csv").status_code for _ in range(41)]
    assert statuses == [200] * 40 + [429]
    for unknown in ("/orders/{}/records.csv", "/orders/{}/records.pdf", "/vouchers/payment/{}.pdf"):
        assert client.get(unknown.format(new_id())).status_code == 429, "it was not even looked for"


@pytest.mark.requirement("R079", "R081")
@pytest.mark.parametrize(("language", "title"), [("zh-hans", "的争议"), ("en", "Dispute about order")])
def test_a_dispute_begins_with_its_records(
    now: datetime, language: str, title: str, staff: Callable[[Role], Client]
) -> None:
    plan, refund, leg = went_back(now)
    client = customer(plan.customer_id, language)
    entry = JournalEntry.objects.get(customer_id=plan.customer_id, code="refund_paid")
    proof = bytes(entry.hash).hex()[:12]
    assert 'action="/support/dispute"' in page_of(client, f"/refunds/{refund.id}")
    first, again = (client.post("/support/dispute", {"refund_id": str(refund.id)}).headers["Location"] for _ in "12")
    assert first == again
    page = page_of(client, first)
    for word in (title, leg.out_refund_no, f"/vouchers/refund/{leg.id}", proof):
        assert word in page
    thread = first.rpartition("/")[2]
    agent = staff(Role.AGENT)
    assert "争议" in agent.get("/console/support").content.decode()
    file = agent.get(f"/console/support/{plan.customer_id}/{thread}").content.decode()
    for word in ("争议订单", leg.out_refund_no, f"{entry.seq} · {proof}"):
        assert word in file


@pytest.mark.requirement("R081")
def test_a_payment_is_disputed_beside_a_question_about_it(now: datetime) -> None:
    plan, attempt = paid(now)
    client = customer(plan.customer_id)
    about = {"payment_id": str(attempt.payment_id)}
    question = client.post("/support/open", about).headers["Location"]
    dispute = client.post("/support/dispute", about).headers["Location"]
    assert question != dispute
    assert attempt.out_trade_no in page_of(client, dispute)
    said = client.post(dispute, {"text": "我没有付过这笔。", "request_key": str(plan.plan_id)})
    assert said.headers["Location"] == dispute
    assert client.post("/support/dispute", about).headers["Location"] == dispute
    assert client.post("/support/open", about).headers["Location"] == question


def test_what_is_somebody_elses_cannot_be_disputed(now: datetime) -> None:
    plan, attempt = paid(now)
    refund = went_back(now)[1]
    stranger = customer(bought().customer_id)
    for about in (
        {"payment_id": str(attempt.payment_id)},
        {"refund_id": str(refund.id)},
        {"case_id": str(plan.order_id)},
        {},
        {"refund_id": "x"},
    ):
        assert stranger.post("/support/dispute", about).status_code == 404


@pytest.mark.requirement("R078", "R161")
@pytest.mark.parametrize(("language", "words"), [("zh-hans", "剩余款项的还款码"), ("en", "Repaywhatisleft")])
def test_papers_carry_the_code_of_a_plan_while_it_is_open(now: datetime, language: str, words: str) -> None:
    plan, attempt = paid(now)
    client = customer(plan.customer_id, language)
    address = f"/vouchers/payment/{attempt.id}"
    papers = (address, "/statement")

    def read() -> list[tuple[str, str]]:
        return [(client.get(one).content.decode(), text_of(client.get(f"{one}.pdf").content)) for one in papers]

    code_before = client.get(address).context["paper"].check.code
    for page, pdf in read():
        assert permanent_address(plan.plan_id) in page
        assert permanent_address(plan.plan_id) in pdf
        assert words in pdf
    plan.record(110_000, on=clock.business_date(now), now=now, key="rest")
    for page, pdf in read():
        assert permanent_address(plan.plan_id) not in page
        assert words not in pdf
    assert client.get(address).context["paper"].check.code == code_before
