"""The help desk at the console: hand-over, saved answers, promised calls, the customer's page, texts by two people."""

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fenqi.interfaces.shared.read_only import main_part
from fenqi.interfaces.shared.ui_tags import with_our_links
from fenqi.records.models import Account, Payment, Plan, PublishedText, SupportThread
from fenqi.usecases import clock
from fenqi.usecases.staff.create import create_staff
from fenqi.usecases.support.conversation import open_thread, say, thread_view

pytestmark = pytest.mark.django_db

Person = Callable[[str], UUID]
Desk = Callable[..., Client]


@pytest.fixture
def ticket(person: Person) -> tuple[UUID, UUID]:
    customer_id = person("wang")
    failed = Payment.objects.filter(customer_id=customer_id, state="closed").order_by("-created_at")[0]
    thread_id = open_thread(customer_id, payment_id=failed.id, language="zh-hans", now=clock.now())
    say(customer_id, thread_id, "为什么没还成？", request_key="m1", now=clock.now())
    return customer_id, thread_id


def page(client: Client, address: str) -> str:
    found = client.get(address)
    assert found.status_code == 200, found.content.decode()[:2000]
    return found.content.decode()


@pytest.mark.requirement("R135", "R172")
def test_the_second_agent_is_told_and_loses_no_word(desk: Desk, ticket: tuple[UUID, UUID]) -> None:
    agent, admin = desk("agent"), desk("admin")
    address = f"/console/support/{ticket[0]}/{ticket[1]}"
    assert agent.post(f"{address}/take").status_code == 302
    told = admin.post(address, {"text": "我来回答", "request_key": str(uuid4())})
    assert told.status_code == 409
    assert "agent" in told.content.decode()
    assert ">我来回答</textarea>" in told.content.decode()
    holder = SupportThread.objects.get(customer_id=ticket[0]).agent
    assert admin.post(f"{address}/take", {"holder": holder, "note": ""}).status_code == 422
    assert admin.post(f"{address}/take", {"holder": "staff:x", "note": "急"}).status_code == 409
    assert admin.post(f"{address}/take", {"holder": holder, "note": "agent 下班了"}).status_code == 302
    assert "agent 下班了" in page(agent, address)


def test_a_hand_over_a_note_and_a_call_are_in_the_story(desk: Desk, ticket: tuple[UUID, UUID]) -> None:
    agent, address = desk("agent"), f"/console/support/{ticket[0]}/{ticket[1]}"
    wu = create_staff(username="wu", password="three-blue-teapots-1987", role="agent", actor="system", now=clock.now())
    agent.post(f"{address}/take")
    assert agent.post(f"{address}/note", {"note": "客户很着急"}).status_code == 302
    assert agent.post(f"{address}/note", {"note": "说明了原因", "way": "out"}).status_code == 302
    assert agent.post(f"{address}/hand-over", {"to": str(wu.id), "note": ""}).status_code == 422
    assert agent.post(f"{address}/hand-over", {"to": str(wu.id), "note": "请跟进退款"}).status_code == 302
    assert thread_view(*ticket).agent_name == "wu"
    shown = page(agent, address)
    for words in ("客户很着急", "说明了原因", "请跟进退款", "我们去电"):
        assert words in shown
    story = page(agent, f"/console/customers/{ticket[0]}?show=tickets")
    assert "客户很着急" in story
    assert address in story


def test_a_saved_answer_is_put_into_the_box_and_not_sent(desk: Desk, ticket: tuple[UUID, UUID]) -> None:
    agent, address = desk("agent"), f"/console/support/{ticket[0]}/{ticket[1]}"
    assert "支付账户余额不足" in page(agent, f"{address}?use=short-of-money")
    assert len(thread_view(*ticket).messages) == 1
    assert agent.get(f"{address}?use=nothing").status_code == 404
    fields = {
        "code": "thanks",
        "title_zh": "谢谢",
        "title_en": "Thanks",
        "text_zh": "谢谢 {nobody}",
        "text_en": "Thanks",
    }
    assert agent.post("/console/saved-answers", fields).status_code == 422
    assert agent.post("/console/saved-answers", {**fields, "text_zh": "谢谢"}).status_code == 302
    assert "谢谢" in page(agent, address)
    agent.post("/console/saved-answers/withdraw", {"code": "thanks"})
    assert "?use=thanks" not in page(agent, address)
    assert desk("finance").get("/console/saved-answers").status_code == 403


def test_a_call_is_first_simulated(desk: Desk, ticket: tuple[UUID, UUID]) -> None:
    agent, address = desk("agent"), f"/console/support/{ticket[0]}/{ticket[1]}"
    tomorrow = clock.business_date(clock.now()) + timedelta(days=1)
    fields = {"on": tomorrow.isoformat(), "at": "10:00", "reason": "说明退款"}
    assert "将会这样" in agent.post(f"{address}/call", fields).content.decode()
    assert agent.post(f"{address}/call", {**fields, "at": "23:00"}).status_code == 422
    assert agent.post(f"{address}/call", {**fields, "on": "never"}).status_code == 422
    assert agent.post(f"{address}/call", {**fields, "confirm": "yes"}).status_code == 302
    assert "说明退款" in page(agent, "/console/support")
    assert "已答应回电" in page(agent, f"/console/customers/{ticket[0]}")


@pytest.mark.requirement("R170", "R171")
def test_the_link_to_repay_is_shown_sent_once_and_not_too_often(desk: Desk, person: Person) -> None:
    agent, customer_id = desk("agent"), person("chen")
    plan = Plan.objects.filter(customer_id=customer_id).order_by("opened_on")[0]
    address = f"/console/customers/{customer_id}/plans/{plan.id}/link"
    assert address in page(agent, f"/console/customers/{customer_id}?plan={plan.id}")
    assert "/p/" in page(agent, address)  # the signed link: it leads on while the page of the mall is closed
    assert not SupportThread.objects.filter(customer_id=customer_id).exists()
    assert agent.post(address, {"reason": "", "request_key": "k"}).status_code == 422
    for _ in range(2):
        assert agent.post(address, {"reason": "客户找不到入口", "request_key": "k"}).status_code == 302
    (thread,) = SupportThread.objects.filter(customer_id=customer_id)
    assert len(thread_view(customer_id, thread.id).messages) == 1
    (said,) = thread_view(customer_id, thread.id).messages
    assert re.search(r'<a href="http\S+/p/[\w-]+">', with_our_links(said.text))
    assert with_our_links("<b> http://127.0.0.1:9/p/x") == "&lt;b&gt; http://127.0.0.1:9/p/x"
    for key in ("l", "m"):
        agent.post(address, {"reason": "再发", "request_key": key})
    assert agent.post(address, {"reason": "再发", "request_key": "n"}).status_code == 409
    assert desk("finance").get(address).status_code == 403


@pytest.mark.requirement("R134")
def test_the_number_read_out_leads_to_the_ticket(desk: Desk, ticket: tuple[UUID, UUID]) -> None:
    number = thread_view(*ticket).spoken_no
    found = desk("agent").post("/console/search", {"q": number})
    assert found.headers["Location"] == f"/console/support/{ticket[0]}/{ticket[1]}"
    assert desk("finance").post("/console/search", {"q": number}).status_code == 200


@pytest.mark.requirement("R131", "R174")
def test_the_page_of_a_customer_asks_the_same_statements_however_much_happened(
    desk: Desk, person: Person, ticket: tuple[UUID, UUID]
) -> None:
    agent, address = desk("agent"), f"/console/customers/{ticket[0]}"

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(agent, address)
        return len(asked)

    agent.post(f"/console/support/{ticket[0]}/{ticket[1]}/note", {"note": "first"})
    page(agent, address)
    few = statements()
    for n in range(5):
        say(*ticket, f"第 {n} 句", request_key=f"x{n}", now=clock.now())
        agent.post(f"/console/support/{ticket[0]}/{ticket[1]}/note", {"note": f"备注 {n}"})
    assert statements() == few
    assert few <= 48


@pytest.mark.parametrize("name", ["bills", "orders", "after_sales", "support"])
def test_what_the_customer_sees_is_shown_and_cannot_be_pressed(desk: Desk, person: Person, name: str) -> None:
    shown = page(desk("agent"), f"/console/customers/{person('wang')}/sees?page={name}")
    seen = shown.split('class="seen-page"')[1].split("</main>")[0]
    for what in ("<form", "<a ", "<button", "<script", "csrfmiddlewaretoken", "hx-"):
        assert what not in seen, what
    assert "<h1" in seen
    assert desk("agent").get(f"/console/customers/{person('wang')}/sees?page=secrets").status_code == 404


def test_a_page_to_look_at_keeps_its_words_and_nothing_that_acts() -> None:
    told = main_part(
        '<body><a href="x">out</a><main id="m" onclick="x()"><h1>A &lt;b&gt; &amp; c</h1><a href="javascript:x">go</a>'
        '<form action="/pay"><input type="hidden" name="t" value="secret"><input name="q" value="&quot;>"><button>Pay'
        "</button></form><script>alert(1)</script><style>x</style></main><p>after</p></body>"
    )
    assert told == (
        "<div><h1>A &lt;b&gt; &amp; c</h1><span>go</span><div>"
        '<input value="&quot;&gt;" disabled=""><span>Pay</span></div></div>'
    )


@pytest.mark.requirement("R162")
def test_an_announcement_takes_two_people(desk: Desk, person: Person) -> None:
    agent, finance = desk("agent"), desk("finance")
    today = clock.business_date(clock.now()).isoformat()
    fields = {
        "kind": "announcement", "code": "entry-moves", "title_zh": "入口调整", "title_en": "The entry moves",
        "text_zh": "到[我的账单](bills)还。", "text_en": "Repay in [My bills](bills).", "valid_from": today,
    }  # fmt: skip
    assert agent.post("/console/texts/draft", {**fields, "text_en": "[x](nowhere)"}).status_code == 422
    assert agent.post("/console/texts/draft", {**fields, "valid_from": "soon"}).status_code == 422
    kept = agent.post("/console/texts/draft", fields).headers["Location"]
    assert agent.post(f"{kept}/publish").status_code == 403
    assert "到<a" in page(agent, kept)
    assert finance.post(f"{kept}/publish").status_code == 302
    assert "入口调整" in page(agent, "/console/texts")
    assert finance.post(f"{kept}/drop").status_code == 409
    assert finance.post(f"{kept}/withdraw").status_code == 302
    assert PublishedText.objects.get().withdrawn_at is not None
    assert "repaying" in page(agent, "/console/texts/draft?guide=repaying")
    assert Account.objects.filter(username="agent").exists()
