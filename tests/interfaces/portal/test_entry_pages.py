"""Addresses that lead to a plan, an entry that is closed, and the page that tells whether a link is ours."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from closings import PLANNER, closed
from fenqi.domain.entries import Group
from fenqi.interfaces.portal.entries import planned_for
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, PaymentAttempt, SafeWord
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.entries.change_closing import cancel_closing
from fenqi.usecases.entries.links import link_code, permanent_address, plan_code, repayment_link
from fenqi.usecases.entries.safe_word import safe_word
from malls import Bought, a_customer, bought

BACKEND = "django.contrib.auth.backends.ModelBackend"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(db: None) -> Bought:
    rate_limits.forget()
    return bought()


def reader(plan: Bought, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(plan.customer_id), backend=BACKEND)
    return client


def path_of(address: str) -> str:
    return "/" + address.split("/", 3)[3]


def repay_page(plan: Bought) -> str:
    return reverse("portal:repay", args=[plan.plan_id])


@pytest.mark.requirement("R147", "R161")
def test_addresses_say_nothing_before_signing_in_and_lead_back_after(plan: Bought) -> None:
    visitor = Client()
    now = clock.now()
    for address in (permanent_address(plan.plan_id), repayment_link(plan.customer_id, plan.plan_id, now=now)):
        answer = visitor.get(path_of(address))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in?next=%2F")
        assert answer.content == b""
        assert reader(plan).get(path_of(address))["Location"] == repay_page(plan)


def test_what_is_somebody_elses_and_what_is_nobodys_read_the_same(plan: Bought) -> None:
    stranger = reader(bought())
    theirs = [f"/r/{plan_code(plan.plan_id)}", f"/p/{link_code(plan.plan_id, now=clock.now())}"]
    nobodys = [f"/r/{plan_code(new_id())}", "/r/nonsense", f"/p/{link_code(new_id(), now=clock.now())}"]
    pages = [stranger.get(address) for address in (*theirs, *nobodys)]
    assert {page.status_code for page in pages} == {404}
    texts = {re.sub(r'value="[^"]{64}"', "", page.content.decode()) for page in pages}
    assert len(texts) == 1
    assert "青屿" not in texts.pop()


def test_a_plan_that_is_paid_off_leads_to_its_order(plan: Bought) -> None:
    now = clock.now()
    plan.record(120_000, on=clock.business_date(now), now=now, key="all")
    assert reader(plan).get(f"/r/{plan_code(plan.plan_id)}")["Location"] == f"/orders/{plan.order_id}"


@pytest.mark.parametrize("days", [31, -1])
def test_a_stale_link_says_so_in_both_languages_and_leads_on(plan: Bought, days: int) -> None:
    code = link_code(plan.plan_id, now=clock.now() - timedelta(days=days))
    page = Client().get(f"/p/{code}")
    text = page.content.decode()
    assert page.status_code == 410
    assert "链接为保护您的账户" in text
    assert "links work for a limited time" in text
    assert f"/r/{plan_code(plan.plan_id)}" in text


@pytest.mark.parametrize("code", ["x", "A" * 34, "%00", "还款", "a" * 3000])
def test_a_forged_link_says_so_in_both_languages_and_leads_on(plan: Bought, code: str) -> None:
    page = Client().get(f"/p/{code}")
    text = page.content.decode()
    assert page.status_code == 404
    assert "也可能不是我们发的" in text
    assert "or not from us" in text
    assert 'href="/bills"' in text


@pytest.mark.requirement("R143", "R155", "R157")
def test_while_the_malls_page_is_closed_every_page_says_so_and_leads_on(plan: Bought) -> None:
    now = clock.now()
    closed(now, hours=5)
    client = reader(plan)
    for address in (repay_page(plan), f"{repay_page(plan)}/confirm?choice=1", f"/r/{plan_code(plan.plan_id)}"):
        page = client.get(address)
        text = page.content.decode()
        assert page.status_code == 200
        assert "「商城还款页」现在不能还款" in text
        assert "系统升级" in text
        assert f"/p/{link_code(plan.plan_id, now=clock.now())}" in text
        assert "给客服留言" in text
    for address in ("/bills", f"/orders/{plan.order_id}"):
        text = client.get(address).content.decode()
        assert "请改用「专属还款链接」" in text
    english = reader(plan, "en").get(repay_page(plan)).content.decode()
    assert "An upgrade" in english
    assert not re.search("[一-鿿]", english.replace("青屿 X2 手机", "").replace("中文", ""))


def confirmed(client: Client, plan: Bought) -> str:
    """The state of things after a repayment is confirmed: where it led."""
    page = client.get(f"{repay_page(plan)}/confirm?choice=1").content.decode()
    fields = dict(re.findall(r'name="(token|request_key)" value="([^"]+)"', page))
    answer = client.post(f"{repay_page(plan)}/start", {**fields, "choice": "1", "method": "alipay"})
    return str(answer.get("Location", "")) or answer.content.decode()


@pytest.mark.requirement("R149", "R161")
def test_by_the_link_one_repays_although_the_page_is_closed(plan: Bought, town: object) -> None:
    closed(clock.now(), hours=5)
    client = reader(plan)
    link = path_of(repayment_link(plan.customer_id, plan.plan_id, now=clock.now()))
    assert client.get(link)["Location"] == repay_page(plan)
    assert "gateway.do" in confirmed(client, plan)
    assert PaymentAttempt.objects.filter(customer_id=plan.customer_id).count() == 1


def test_a_confirmation_that_comes_after_the_entry_closed_starts_nothing(plan: Bought, town: object) -> None:
    client = reader(plan)
    page = client.get(f"{repay_page(plan)}/confirm?choice=1").content.decode()
    fields = dict(re.findall(r'name="(token|request_key)" value="([^"]+)"', page))
    closed(clock.now(), hours=5)
    answer = client.post(f"{repay_page(plan)}/start", {**fields, "choice": "1", "method": "alipay"})
    assert answer.status_code == 200
    assert "现在不能还款" in answer.content.decode()
    assert not PaymentAttempt.objects.filter(customer_id=plan.customer_id).exists()


@pytest.mark.requirement("R147", "R148")
def test_a_payment_under_way_goes_on_after_the_entry_closed(plan: Bought, town: object) -> None:
    client = reader(plan)
    confirmed(client, plan)
    closed(clock.now(), hours=5)
    attempt = PaymentAttempt.objects.get(customer_id=plan.customer_id)
    assert client.get(repay_page(plan))["Location"] == f"/repayments/{attempt.payment_id}"
    assert client.get(f"/repayments/{attempt.payment_id}").status_code == 200


def test_where_the_link_is_closed_too_people_are_left(plan: Bought) -> None:
    now = clock.now()
    closed(now, hours=5, successor="agent")
    closed(now, hours=9, entry="message_link", successor="agent")
    client = reader(plan)
    page = client.get(path_of(repayment_link(plan.customer_id, plan.plan_id, now=now)))
    text = page.content.decode()
    assert page.status_code == 200
    assert "现在不能还款" in text
    assert "人工客服" in text
    assert text.count('href="/p/') == 0


def test_the_code_to_scan_is_the_owners_alone(plan: Bought) -> None:
    address = reverse("portal:plan_code", args=[plan.plan_id])
    answer = reader(plan).get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert reader(bought()).get(address).status_code == 404
    assert address in reader(plan).get(f"/orders/{plan.order_id}").content.decode()


# ---- is it really us


def verdict(said: str, language: str = "zh-hans") -> str:
    return str(Client(headers={"accept-language": language}).post("/official", {"said": said}).content.decode())


def links(now: datetime) -> list[tuple[str, str]]:
    plan_id = new_id()
    good, stale = link_code(plan_id, now=now), link_code(plan_id, now=now - timedelta(days=40))
    return [
        (f"http://127.0.0.1:8000/p/{good}", "这是我们发的还款链接"),
        (good, "这是我们发的还款链接"),
        (f"  {good} ", "这是我们发的还款链接"),
        (stale, "已经过期"),
        (good[:-1] + ("A" if good[-1] != "A" else "B"), "这不是我们的"),
        (f"http://127.0.0.1.evil.example/p/{good}", "这不是我们的"),
        (f"http://127.0.0.1:8000@evil.example/p/{good}", "这不是我们的"),
        (f"http://evil.example/?http://127.0.0.1:8000/p/{good}", "这不是我们的"),
        (f"javascript://127.0.0.1:8000/p/{good}", "这不是我们的"),
        (f"http://127.0.0.1:8000/r/{plan_code(plan_id)}", "固定还款地址"),
        ("http://127.0.0.1:8000/bills", "我们网站的"),
        ("http://[::1", "这不是我们的"),
        ("x" * 5000, "这不是我们的"),
        ("", "这不是我们的"),
    ]


@pytest.mark.requirement("R147")
def test_anybody_can_ask_whether_a_link_is_ours(db: None) -> None:
    for said, told in links(clock.now()):
        rate_limits.forget()
        assert told in verdict(said), said
    assert "not ours" in verdict("http://evil.example/", "en")


def test_the_safe_word_is_the_customers_alone(plan: Bought) -> None:
    client = reader(plan)
    given = safe_word(plan.customer_id)
    assert given in client.get("/official").content.decode()
    assert given not in Client().get("/official").content.decode()
    assert given != safe_word(a_customer("c-other"))
    client.post("/official/word", {"word": "青山绿水"})
    assert safe_word(plan.customer_id) == "青山绿水"
    assert "青山绿水" not in str(bytes(SafeWord.objects.get(customer_id=plan.customer_id).word_encrypted))
    for bad in ("x", "a b", "<script>", "长" * 13):
        client.post("/official/word", {"word": bad})
        assert safe_word(plan.customer_id) == "青山绿水"
    client.post("/official/word", {"word": ""})
    assert safe_word(plan.customer_id) == given


@pytest.mark.requirement("R143", "R182")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("暂停。", "系统升级", "届时请用：")),
        ("en", ("will be closed from", "An upgrade", "What works then: ")),
    ],
)
def test_a_planned_closing_stands_on_bills_and_order_before_it_begins(
    plan: Bought, language: str, words: tuple[str, ...]
) -> None:
    now = clock.now()
    client = reader(plan, language)
    pages = ("/bills", f"/orders/{plan.order_id}")
    before = [client.get(address).content.decode() for address in pages]
    closing_id = closed(now + timedelta(days=2), now=now, hours=3)
    for address, was in zip(pages, before, strict=True):
        page = client.get(address).content.decode()
        assert [(word in page, word in was) for word in words] == [(True, False)] * 3
    cancel_closing(PLANNER, closing_id, reason="", now=now)
    assert words[0] not in client.get("/bills").content.decode()


def test_a_closing_of_others_or_of_a_plan_that_is_paid_is_not_told(plan: Bought) -> None:
    now = clock.now()
    closed(now + timedelta(days=2), now=now, group=Group(customers=frozenset({"somebody-else"})))
    assert reader(plan).get("/bills").context["planned_changes"] == ()
    closed(now + timedelta(days=3), now=now)
    other = bought()
    both = [(plan.plan_id, "一"), (other.plan_id, "二")]
    assert [one.titles for one in planned_for(plan.customer_id, both, now=now)] == ["一"]
    plan.record(120_000, on=clock.business_date(now), now=now, key="all")
    assert planned_for(plan.customer_id, both, now=now) == ()
