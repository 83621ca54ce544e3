"""The reserve on the customer's pages: agreed to, scanned, held, given back, and whom to ask (R063-R072)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer
from stdnum import luhn

from browsing import Windows, violations
from fenqi.domain.reserves import HoldKind, HoldState, MoveState, ReleaseRule
from fenqi.records.models import Account, PaymentAttempt
from fenqi.usecases.repayment import resolve
from fenqi.usecases.reserves.capture import approve_capture, carry_out_capture, propose_capture
from fenqi.usecases.reserves.consent import conditions_of
from fenqi.usecases.reserves.release import release_what_is_due
from fenqi.usecases.reserves.resolve import ask_hold, ask_release
from fenqi.usecases.reserves.send import send_release
from held import Secured, asked_for, bound_card, frozen, frozen_on_card, prepaid, run_jobs
from malls import Payer, bought
from sandbox_town import until
from staff_members import finance
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

ARTEFACTS = Path("test-artefacts") / "portal"

LANGUAGES = ["zh-hans", "en"]


@pytest.fixture
def now(town: Town) -> Iterator[datetime]:
    yield datetime.now(UTC)
    town.tell("faults/forget")
    town.tell("clock")


def customer(customer_id: UUID, language: str = "zh-hans") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(Account.objects.for_customer(customer_id), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(secured: Secured, language: str = "zh-hans") -> str:
    return customer(secured.customer_id, language).get(f"/reserves/{secured.hold_id}").content.decode()


def agree(secured: Secured, reader: Client) -> object:
    digest = conditions_of(secured.hold, language="zh").digest
    return reader.post(f"/reserves/{secured.hold_id}/start", {"digest": digest})


@pytest.mark.requirement("R063")
def test_the_customer_reads_agrees_scans_and_sees_that_it_is_held(town: Town, now: datetime) -> None:
    secured = asked_for(now=now)
    reader = customer(secured.customer_id)
    before = reader.get(f"/reserves/{secured.hold_id}").content.decode()
    assert "这笔订单需要 ¥500.00 备用金" in before
    assert "不是借款" in before
    assert all(paragraph in before for paragraph in conditions_of(secured.hold, language="zh").paragraphs)
    assert reader.post(f"/reserves/{secured.hold_id}/start", {"digest": "other"}).status_code == 409
    assert reader.post(f"/reserves/{secured.hold_id}/start").status_code == 409
    agree(secured, reader)
    scanning = page(secured)
    assert 'class="qr"' in scanning
    assert "扫这个码" in scanning
    town.act(secured.hold.reserve_no, "confirm")
    assert reader.post(f"/reserves/{secured.hold_id}/ask").status_code == 302
    assert "仍是你的钱" in page(secured)


@pytest.mark.requirement("R069", "R071", "R072")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("¥500.00 冻结中", "问支付宝时报", "¥500.00 已退回", "视支付宝和银行而定")),
        ("en", ("¥500.00 is frozen", "Ask Alipay with", "¥500.00 was given back", "up to Alipay and your bank")),
    ],
)
def test_it_tells_what_is_held_what_went_back_when_where_to_and_whom_to_ask(
    town: Town, now: datetime, language: str, words: tuple[str, str, str, str]
) -> None:
    held, whom, returned, window = words
    secured = frozen(town, now=now)
    told = page(secured, language)
    assert held in told
    assert whom in told
    assert f'data-copy="{secured.hold.auth_no}"' in told
    assert f'data-copy="{secured.hold.reserve_no}"' in told
    secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
    release_what_is_due(secured.customer_id, secured.plan.order_id, now=now)
    send_release(secured.customer_id, secured.moves[0].id, now=now)
    told = page(secured, language)
    assert returned in told
    assert window in told


@pytest.mark.requirement("R072")
@pytest.mark.parametrize(("language", "words"), [("zh-hans", "冻结在支付宝"), ("en", "Frozen at Alipay")])
def test_the_order_and_the_bills_lead_to_it(town: Town, now: datetime, language: str, words: str) -> None:
    secured = frozen(town, now=now)
    reader = customer(secured.customer_id, language)
    for address in (f"/orders/{secured.plan.order_id}", "/bills"):
        shown = reader.get(address).content.decode()
        assert f"/reserves/{secured.hold_id}" in shown
        assert words in shown


@pytest.mark.requirement("R070")
def test_an_order_without_a_reserve_does_not_speak_of_one(now: datetime) -> None:
    plan = bought()
    assert "备用金" not in customer(plan.customer_id).get(f"/orders/{plan.order_id}").content.decode()


def test_somebody_elses_reserve_is_not_there(town: Town, now: datetime) -> None:
    secured, other = asked_for(now=now), bought()
    stranger = customer(other.customer_id)
    assert stranger.get(f"/reserves/{secured.hold_id}").status_code == 404
    assert stranger.post(f"/reserves/{secured.hold_id}/start", {"digest": "x"}).status_code == 404
    assert stranger.post(f"/reserves/{secured.hold_id}/ask").status_code == 404
    assert Client().get(f"/reserves/{secured.hold_id}").status_code == 302


@pytest.mark.parametrize("language", LANGUAGES)
def test_while_the_outcome_is_unknown_nothing_is_promised(town: Town, now: datetime, language: str) -> None:
    secured = asked_for(now=now)
    town.order("freeze", "reset")
    agree(secured, customer(secured.customer_id))
    told = page(secured, language)
    assert ("不会重复冻结" if language == "zh-hans" else "nothing is held twice") in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_ran_out_says_that_nothing_was_taken(town: Town, now: datetime, language: str) -> None:
    secured = asked_for(now=now)
    agree(secured, customer(secured.customer_id))
    town.act(secured.hold.reserve_no, "expire")
    assert ask_hold(secured.customer_id, secured.hold_id, now=now + timedelta(minutes=16)) is HoldState.CLOSED
    assert ("没有冻结，也没有扣款" if language == "zh-hans" else "Nothing was frozen") in page(secured, language)
    assert customer(secured.customer_id).get("/bills").status_code == 200


@pytest.mark.requirement("R064")
def test_a_prepaid_one_goes_to_the_cashier_and_comes_back_here(town: Town, now: datetime) -> None:
    secured = asked_for(now=now, kind=HoldKind.PREPAID, release_rule=ReleaseRule.IN_PROPORTION, may_advance=True)
    reader = customer(secured.customer_id)
    answer = agree(secured, reader)
    Payer(answer["Location"]).press("confirm")  # type: ignore[index]  # a response
    payment_id = secured.hold.payment_id
    came_back = reader.get(f"/repayments/{payment_id}/return")
    assert reader.get(came_back["Location"])["Location"] == f"/reserves/{secured.hold_id}"
    assert "代管中" in page(secured)
    attempt = PaymentAttempt.objects.get(customer_id=secured.customer_id)
    resolve.ask_channel(secured.customer_id, attempt.id, now=now)
    secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
    release_what_is_due(secured.customer_id, secured.plan.order_id, now=now)
    assert f"/refunds/{secured.moves[0].refund_id}" in page(secured)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_capture_is_announced_on_the_page(town: Town, now: datetime, language: str) -> None:
    secured = prepaid(now=now)
    move_id = propose_capture(
        secured.customer_id, secured.hold_id, amount=10_000, note="逾期未还", staff=finance("zhao"), now=now
    )
    words = "你先还了就不抵扣" if language == "zh-hans" else "unless you repay before"
    assert words not in page(secured, language), "nobody has agreed to it yet"
    approve_capture(secured.customer_id, move_id, staff=finance("qian"), now=now)
    assert words in page(secured, language)


@pytest.mark.requirement("R063", "R072")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("冻结在哪里", "冻结在招商银行储蓄卡", "同意后直接在卡上冻结", "整笔解冻", "问招商银行时报")),
        (
            "en",
            (
                "Where it is frozen",
                "Frozen on China Merchants Bank debit card",
                "nothing to scan",
                "released whole",
                "Ask China Merchants Bank with",
            ),
        ),
    ],
)
def test_a_card_is_chosen_beside_alipay(town: Town, now: datetime, language: str, words: tuple[str, ...]) -> None:
    where, frozen_on, at_once, whole, ask = words
    secured = asked_for(now=now)
    reader = customer(secured.customer_id, language)
    address = f"/reserves/{secured.hold_id}"
    before = reader.get(address).content.decode()
    assert where in before
    assert f"?next={quote(address, safe='')}" in before
    card = bound_card(town, secured.customer_id, now=now)
    chosen = reader.get(address, {"method": f"bank_card:{card.card_id}"}).content.decode()
    assert at_once in chosen
    assert f"{card.last4}" in chosen
    digest = conditions_of(secured.hold, language=language[:2], card=card).digest
    assert digest in chosen
    assert digest not in before
    agreed = {"digest": digest, "method": f"bank_card:{card.card_id}"}
    assert reader.post(f"{address}/start", {**agreed, "method": "alipay"}).status_code == 409
    assert reader.post(f"{address}/start", {**agreed, "method": "nonsense"}).status_code == 409
    assert reader.post(f"{address}/start", agreed)["Location"] == address
    until(lambda: reader.post(f"{address}/ask").status_code == 302 and secured.hold.state == "held")
    shown = reader.get(address).content.decode()
    assert all(text in shown for text in (frozen_on, whole, ask))
    assert f"/reserves/{secured.hold_id}" in reader.get("/bills").content.decode()
    refused = reader.post(reverse("portal:remove_card", args=[card.card_id]))
    assert refused.status_code == 409
    assert ("解冻后才能移除" if language == "zh-hans" else "once it is released") in refused.content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh-hans", ("可用余额不足 ¥500.00", "换一种方式")), ("en", ("has less than ¥500.00 available", "another way"))],
)
def test_where_the_bank_refuses_another_way_is_offered(
    town: Town, now: datetime, language: str, words: tuple[str, str]
) -> None:
    secured = asked_for(now=now, channel="bank_card")
    reader = customer(secured.customer_id, language)
    address = f"/reserves/{secured.hold_id}"
    assert ("添加银行卡" if language == "zh-hans" else "Add a bank card") in reader.get(address).content.decode()
    assert 'form="agree"' not in reader.get(address).content.decode(), "there is no card yet"
    number = "6225887" + f"{now.microsecond:08}"
    number += luhn.calc_check_digit(number)
    card = bound_card(town, secured.customer_id, now=now, number=number)
    town.tell("bank_card/cards", number=number, balance="1.00")
    secured.start(now=now, card=card)
    until(lambda: ask_hold(secured.customer_id, secured.hold_id, now=now) is HoldState.CLOSED)
    shown = reader.get(address).content.decode()
    assert all(text in shown for text in words)
    answer = reader.post(f"{address}/again")
    assert reader.post(f"{address}/again")["Location"] == answer["Location"] != address
    assert 'form="agree"' in reader.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "已解冻其余部分"), ("en", "The rest was released by")])
def test_what_was_taken_from_a_card_and_what_is_free_again(
    town: Town, now: datetime, language: str, words: str
) -> None:
    secured = frozen_on_card(town, now=now)
    key = (secured.customer_id, secured.hold_id)
    move_id = propose_capture(*key, amount=10_000, note="逾期未还", staff=finance("zhao"), now=now)
    at = approve_capture(secured.customer_id, move_id, staff=finance("qian"), now=now)
    town.tell("clock", offset_seconds=(at - datetime.now(UTC)).total_seconds())
    carry_out_capture(secured.customer_id, move_id, now=at)
    town.tell("clock")
    attempt = PaymentAttempt.objects.get(customer_id=secured.customer_id)
    until(lambda: resolve.ask_channel(secured.customer_id, attempt.id, now=at) == "succeeded")
    shown = page(secured, language)
    assert words in shown
    assert "¥400.00" in shown
    assert "¥100.00" in shown


@pytest.mark.browser
@pytest.mark.requirement("R063", "R067")
@pytest.mark.parametrize(("locale", "name"), [("zh-CN", "zh"), ("en-GB", "en")])
def test_a_card_holds_it_and_it_goes_back_by_itself(
    *, town: Town, now: datetime, windows: Windows, mall_server: LiveServer, locale: str, name: str
) -> None:
    secured = asked_for(now=now)
    card = bound_card(town, secured.customer_id, now=now)
    session = customer(secured.customer_id).cookies["sessionid"].value
    with windows.open(locale=locale, viewport={"width": 390, "height": 844}) as window:
        window.add_cookies([{"name": "sessionid", "value": session, "url": mall_server.url}])
        page = window.new_page()
        page.goto(f"/reserves/{secured.hold_id}")
        page.get_by_role("link", name=card.last4).click()
        look(page, f"reserve-card-wanted-{name}")
        page.get_by_role("button", name="¥500.00").click()
        until(lambda: ask_hold(secured.customer_id, secured.hold_id, now=datetime.now(UTC)) is HoldState.HELD)
        page.reload()
        expect(page.get_by_text(f"({card.last4})").first).to_be_visible()
        look(page, f"reserve-card-held-{name}")
        secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
        release_what_is_due(secured.customer_id, secured.plan.order_id, now=now)
        send_release(secured.customer_id, secured.moves[0].id, now=now)
        until(lambda: ask_release(secured.customer_id, secured.moves[0].id, now=now) is MoveState.DONE)
        page.reload()
        look(page, f"reserve-card-released-{name}")
    assert town.trade(secured.hold.reserve_no)["rest_fen"] == 0


@pytest.mark.browser
@pytest.mark.requirement("R067", "R068")
def test_it_is_frozen_by_scanning_and_goes_back_by_itself(
    town: Town, now: datetime, windows: Windows, mall_server: LiveServer
) -> None:
    """On a phone and at a desk; the pictures are kept in test-artefacts."""
    secured = asked_for(now=now)
    session = customer(secured.customer_id).cookies["sessionid"].value
    with windows.open(locale="zh-CN", viewport={"width": 390, "height": 844}) as window:
        window.add_cookies([{"name": "sessionid", "value": session, "url": mall_server.url}])
        page = window.new_page()
        page.goto(f"/orders/{secured.plan.order_id}")
        page.get_by_role("link", name="等你决定").click()
        headline = page.get_by_role("heading", level=1)
        expect(headline).to_have_text("这笔订单需要 ¥500.00 备用金")
        look(page, "reserve-wanted")
        page.get_by_role("button", name="同意并冻结 ¥500.00").click()
        expect(page.get_by_role("img", name="用支付宝扫的二维码")).to_be_visible()
        look(page, "reserve-scan")
        Payer(secured.hold.scan_code).press("allow")
        expect(headline).to_have_text("¥500.00 冻结中，仍是你的钱")
        look(page, "reserve-held")
        secured.plan.record(120_000, on=date(2026, 1, 2), now=now, key="all")
        run_jobs(secured.customer_id, now=datetime.now(UTC) + timedelta(minutes=1))
        page.reload()
        expect(headline).to_have_text("¥500.00 已退回，不再占用任何金额")
        look(page, "reserve-released")
    assert town.trade(secured.hold.reserve_no)["rest_amount"] == "0.00"
    assert secured.moves[0].confirmed_at is not None


def look(page: Page, name: str) -> None:
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.screenshot(path=ARTEFACTS / f"{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
    wrong = [(one["id"], one["nodes"][0]["html"]) for one in violations(page)]
    assert not wrong, (name, wrong)
