"""Help, contacts, announcements and the chat without scripts: the reader's own figures, and nothing lost."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from fenqi.records.models import Order, Payment, SupportMessage, SupportThread, TextKind
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.help import publishing
from fenqi.usecases.help.texts import GUIDES
from fenqi.usecases.support.conversation import answer, close, list_threads
from fenqi.usecases.support.notes import add_note
from staff_members import agent, finance

SignedIn = Callable[..., Client]
CustomerOf = Callable[[str], UUID]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


def read(client: Client, address: str, status: int = 200) -> str:
    found = client.get(address)
    assert found.status_code == status, found.headers
    return found.content.decode()


@pytest.mark.requirement("R163", "R169")
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_guide_is_there_for_visitors_and_for_customers(signed_in: SignedIn, language: str) -> None:
    visitor, customer = Client(headers={"accept-language": language}), signed_in("wang", language)
    for code in GUIDES:
        assert f"/sign-in?next=/help/{code}" in read(visitor, f"/help/{code}") or code in (
            "signing-in",
            "is-it-really-us",
        )
        assert "/sign-in?next" not in read(customer, f"/help/{code}")
    assert read(visitor, "/help/repaying/1")
    assert visitor.get("/help/nothing").status_code == 404
    assert visitor.get("/help/repaying/9").status_code == 404


def test_a_guide_shows_the_readers_own_bills_and_buttons(signed_in: SignedIn) -> None:
    page = read(signed_in("chen"), "/help/repaying")
    assert "你接下来的账单" in page
    assert re.search(r'href="/plans/[0-9a-f-]+/repay"', page)
    assert "空气净化器 4 Pro" in page
    failed = read(signed_in("wang"), "/help/repaying")
    assert re.search(r'href="/repayments/[0-9a-f-]+"', failed)
    assert "7 天内" in read(Client(headers={"accept-language": "zh-hans"}), "/help/refund-procedure")


def test_the_search_finds_and_leads_on_when_it_does_not(signed_in: SignedIn) -> None:
    visitor = Client(headers={"accept-language": "zh-hans"})
    for query in ("退款", "refund"):
        assert "/help/refund-procedure" in read(visitor, f"/help?q={query}")
    nothing = read(visitor, "/help?q=彩票<b>")
    assert "彩票&lt;b&gt;" in nothing
    assert "/contacts" in nothing
    assert 'name="place" value="help"' in read(signed_in("chen"), "/help?q=彩票")
    assert visitor.get("/help?q=" + "x" * 5000).status_code == 200


@pytest.mark.requirement("R166", "R167", "R173", "R176")
def test_official_contacts_are_in_one_place(signed_in: SignedIn, settings: Settings) -> None:
    settings.FENQI_HOTLINE, settings.FENQI_COMPLAINTS_PHONE = "400-100-5678", "400-100-0000"
    for client in (Client(headers={"accept-language": "zh-hans"}), signed_in("chen")):
        page = read(client, "/contacts")
        assert "400-100-5678" in page
        assert "400-100-0000" in page
        assert "9:00–21:00" in page
    assert "/contacts" in read(Client(), "/sign-in")
    me = read(signed_in("chen"), "/me")
    assert "帮助与反馈" in me
    assert "/contacts" in me


@pytest.mark.requirement("R165", "R170", "R175")
def test_a_page_attaches_itself(signed_in: SignedIn, mall: CustomerOf) -> None:
    client, customer_id = signed_in("wang"), mall("wang")
    order = Order.objects.filter(customer_id=customer_id).order_by("-placed_at")[0]
    payment = Payment.objects.filter(customer_id=customer_id, state="closed").order_by("-created_at")[0]
    for address, column, value in (
        (f"/orders/{order.id}", "order_id", order.id),
        (f"/repayments/{payment.id}", "payment_id", payment.id),
    ):
        form = re.search(r'<form class="stuck".*?</form>', read(client, address), re.DOTALL)
        assert form
        fields = dict(re.findall(r'name="(place|\w+_id)" value="([^"]+)"', form[0]))
        assert fields[column] == str(value)
        assert client.post("/support/open", fields).status_code == 302
        assert SupportThread.objects.filter(customer_id=customer_id, **{column: value}).exists()
    assert client.post("/support/open", {"order_id": str(uuid4())}).status_code == 404
    assert client.post("/support/open", {"order_id": "1 OR 1=1"}).status_code == 404


def a_chat(client: Client, customer_id: UUID) -> tuple[str, UUID]:
    client.post("/support/open", {})
    (thread,) = list_threads(customer_id)
    return f"/support/{thread.thread_id}", thread.thread_id


@pytest.mark.requirement("R132")
def test_a_hundred_thousand_characters_come_back_whole(signed_in: SignedIn, mall: CustomerOf) -> None:
    client = signed_in("chen")
    address, _thread = a_chat(client, mall("chen"))
    text, key = "长" * 100_000, str(uuid4())
    refused = client.post(address, {"text": text, "request_key": key})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "100000" in page
    assert f">{text}</textarea>" in page
    assert f'value="{key}"' in page
    assert "maxlength" not in page.split("<textarea")[1].split(">")[0]  # a browser would cut silently what is pasted
    assert not SupportMessage.objects.filter(customer_id=mall("chen")).exists()
    shorter = {"text": text[:1000], "request_key": key}
    assert [client.post(address, shorter).status_code for _ in range(2)] == [302, 302]
    assert SupportMessage.objects.filter(customer_id=mall("chen")).count() == 1


@pytest.mark.requirement("R132", "R168")
def test_polling_brings_what_is_new_once_and_survives_a_break(signed_in: SignedIn, mall: CustomerOf) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    address, thread_id = a_chat(client, customer_id)
    shown = re.search(r"/news\?shown=([^\"]+)", read(client, address))
    assert shown
    assert client.get(f"{address}/news?shown={shown[1]}").status_code == 204
    for n in range(2):  # while the line was down
        answer(agent(), customer_id, thread_id, f"第 {n} 句", request_key=str(n), now=clock.now())
    piece = read(client, f"{address}/news?shown={shown[1]}")
    assert piece.index("第 0 句") < piece.index("第 1 句")
    assert "<html" not in piece
    again = re.search(r"/news\?shown=([^\"]+)", piece)
    assert again
    assert client.get(f"{address}/news?shown={again[1]}").status_code == 204
    assert signed_in("wang").get(f"{address}/news").status_code == 404


def test_unread_answers_are_marked_until_they_are_seen(signed_in: SignedIn, mall: CustomerOf) -> None:
    client, customer_id = signed_in("chen"), mall("chen")
    address, thread_id = a_chat(client, customer_id)
    answer(agent(), customer_id, thread_id, "好了", request_key="a", now=clock.now())
    add_note(agent(), customer_id, thread_id, "脾气不好", now=clock.now())
    assert "脾气不好" not in read(client, address) + read(client, f"{address}/news")
    SupportThread.objects.filter(customer_id=customer_id).update(customer_read_no=0)
    assert "1 条新回复" in read(client, "/me")
    assert "1 条新回复" in read(client, "/support")
    assert "好了" in read(client, address)
    assert "1 条新回复" not in read(client, "/me")
    close(agent(), customer_id, thread_id, now=clock.now())
    assert client.post(f"{address}/rate", {"helped": "no", "comment": "<b>"}).status_code == 302
    assert client.post(f"{address}/rate", {"helped": "no"}).status_code == 409


@pytest.mark.requirement("R162", "R164")
def test_an_announcement_stands_on_top_until_it_is_put_away(signed_in: SignedIn) -> None:
    today = clock.business_date(clock.now())
    text_id = publishing.write(
        agent(),
        publishing.TextDraft(
            kind=TextKind.ANNOUNCEMENT,
            code="price-window",
            title_zh="保价期说明",
            title_en="Price protection",
            text_zh="保价期见下。<script>",
            text_en="See below. <script>",
            valid_from=today,
            banner_until=today + timedelta(days=3),
            policy_code="price_protection.default",
            policy_version=1,
        ),
        now=clock.now(),
    )
    publishing.publish(finance("gao"), text_id, now=clock.now())
    client = signed_in("chen")
    assert "保价期说明" in read(client, "/bills")
    page = read(client, "/announcements/price-window/1")
    assert "&lt;script&gt;" in page
    assert "7 天" in page  # what the rule says
    assert "保价期说明" in read(Client(headers={"accept-language": "zh-hans"}), "/announcements")
    put = client.post("/announcements/price-window/1/put-away", {"next": "https://evil.example/"})
    assert put.headers["Location"] == "/bills"
    assert "保价期说明" not in read(client, "/bills")
    assert client.get("/announcements/price-window/2").status_code == 404
