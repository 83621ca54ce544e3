"""Staff review after-sales on one desk and one page; who may not, never learns that there is anything (R040-R046)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

import media_files
from fenqi.domain.aftersales.cases import CaseState
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.records.models import Account, AftersalesCase, AuditRecord, CaseEvidence
from fenqi.usecases import clock, rate_limits
from fenqi.usecases.aftersales.evidence import store_evidence
from fenqi.usecases.price_protection.feed import PriceInput, take_prices
from fenqi.usecases.price_protection.nightly import make_offers
from fenqi.usecases.price_protection.offers import accept_offer
from fenqi.usecases.price_protection.queries import open_offers
from returned import Case, Returning, a_return, delivered
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

Desk = Callable[..., Client]
LANGUAGES = ("zh-hans", "en")


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def order(town: Town) -> Returning:
    return delivered()


def applied(order: Returning, *, reason: Reason = Reason.FAULTY, content: bytes = b"") -> Case:
    """A return of the telephone, with a photo."""
    taken = store_evidence(
        order.customer_id,
        order.order_id,
        content=content or media_files.photo(),
        uploaded_by=f"customer:{order.customer_id}",
        now=order.now,
    )
    wish = a_return((1, 1), reason=reason)
    return order.apply(
        wish, evidence_ids=[taken.evidence_id], description="屏幕中间有一条绿线\n<script>alert(1)</script>"
    )


def address(case: Case, act: str = "") -> str:
    return f"/console/after-sales/{case.customer_id}/{case.case_id}" + (f"/{act}" if act else "")


def told(client: Client, case: Case, act: str, **typed: str) -> str:
    """Press a button; the page that it leads to."""
    answer = client.post(address(case, act), typed, follow=True)
    assert answer.status_code == 200, answer.content.decode()[:2000]
    return answer.content.decode()


# The desk ------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R040")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_shows_what_is_late_first_with_its_clocks(language: str, desk: Desk, town: Town) -> None:
    fresh, late = applied(delivered()), applied(delivered())
    AftersalesCase.objects.filter(customer_id=late.customer_id).update(review_due_at=clock.now() - timedelta(hours=13))

    page = desk("agent", language).get("/console/after-sales").content.decode()

    assert page.index(late.view.case_no) < page.index(fresh.view.case_no)
    assert ("超时 13 小时" if language == "zh-hans" else "13 hours late") in page
    assert ("承诺期限" if language == "zh-hans" else "Promise") in page
    assert ("法定期限" if language == "zh-hans" else "Law") in page
    assert ("2 件售后待审核" if language == "zh-hans" else "2 cases wait for review") in page


def test_the_number_of_a_case_leads_to_it(desk: Desk, order: Returning) -> None:
    case = applied(order)
    number = case.view.case_no
    for typed in (number, f" {number[:2].lower()} {number[2:]}"):
        answer = desk("agent").post("/console/search", {"q": typed})
        assert answer.headers["Location"] == address(case)
    assert desk("agent").post("/console/search", {"q": "AS000000NOBODY\x00"}).status_code == 200


def test_the_piles_hold_what_they_say(desk: Desk, order: Returning, town: Town) -> None:
    agent = desk("agent")
    case = applied(order)

    def piles_with_it() -> set[str]:
        shown = {
            pile: agent.get(f"/console/after-sales?pile={pile}").content.decode()
            for pile in ("late", "new", "mine", "evidence_asked", "goods", "quote_changed", "refunding")
        }
        return {pile for pile, page in shown.items() if case.view.case_no in page}

    assert piles_with_it() == {"new"}
    told(agent, case, "take")
    assert piles_with_it() == {"mine"}
    told(agent, case, "ask", note="请补拍屏幕")
    assert piles_with_it() == {"mine", "evidence_asked"}
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(state="refunding", agent="")
    assert piles_with_it() == {"refunding"}


def test_the_first_page_tells_how_much_lies_on_the_desk(desk: Desk, order: Returning) -> None:
    case = applied(order)
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(review_due_at=clock.now() - timedelta(hours=1))
    page = desk("agent", "en").get("/console/").content.decode()
    assert "Reviews that are late" in page
    assert 'class="count">1<' in page


def test_the_desk_turns_its_pages(desk: Desk, order: Returning, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenqi.interfaces.console.lists.listing.PAGE_SIZE", 1)
    numbers = {applied(delivered()).view.case_no for _ in range(3)}
    agent, seen, at = desk("agent"), [], "?pile=all"
    while at:
        listing = agent.get(f"/console/after-sales{at}").context["listing"]
        seen += [line.row.case.case_no for line in listing.rows]
        at = listing.later
    assert sorted(seen) == sorted(numbers)


# A case --------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R041")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_case_is_on_one_page(language: str, desk: Desk, order: Returning) -> None:
    case = applied(order)
    page = desk("agent", language).get(address(case)).content.decode()

    assert case.view.case_no in page
    assert "屏幕中间有一条绿线" in page
    assert "<script>alert(1)</script>" not in page
    assert f"/evidence/{case.view.evidence[0].evidence_id}/thumbnail" in page
    assert "return.default" in page
    for words in (
        ("申请当天符合条件", "退款报价", "时限", "经过", "¥1,000.00")
        if language == "zh-hans"
        else ("Eligible on the day", "The quote, as the customer reads it", "Clocks", "How it went", "¥1,000.00")
    ):
        assert words in page
    assert AuditRecord.objects.filter(customer_id=case.customer_id, action="case_seen").count() == 1


@pytest.mark.requirement("R043")
@pytest.mark.requirement("R046")
def test_approved_received_with_a_deduction_then_confirmed_by_the_customer(desk: Desk, order: Returning) -> None:
    order.repay(1, key="k1")
    case = applied(order)
    agent = desk("agent", "en")
    assert case.state == CaseState.SUBMITTED

    assert "told where to send the goods" in told(agent, case, "approve", note="We are sorry.")
    assert case.state == CaseState.GOODS_AWAITED
    case.send()
    page = told(agent, case, "receive", **{"deduction-1": "50.00", "finding-1": "A scratch on the back"})
    assert "must confirm" in page or "confirm the amounts" in page
    case.execute()
    assert case.state == CaseState.QUOTE_CHANGED
    page = agent.get(address(case)).content.decode()
    assert "A scratch on the back" in page
    assert "The new quote, which the customer must confirm" in page
    assert not case.view.refunds


@pytest.mark.requirement("R045")
@pytest.mark.parametrize(("language", "word"), [("zh-hans", "没有看到你说的问题"), ("en", "do not show the fault")])
def test_a_refusal_begins_with_a_standard_answer_and_names_rule_and_next_step(
    language: str, word: str, desk: Desk, order: Returning
) -> None:
    case = applied(order)
    agent = desk("agent", "en")
    page = agent.get(f"{address(case)}?answer=fault_not_shown&answer_in={language}").content.decode()
    assert word in page

    refused = agent.post(address(case, "reject"), {"rule": "faulty_goods", "next_step": "report_fault", "note": " "})
    assert refused.status_code == 422
    assert case.state == CaseState.SUBMITTED

    told(agent, case, "reject", rule="faulty_goods", next_step="report_fault", note="The photo is dark.")
    assert (case.row.state, case.row.rule, case.row.next_step) == ("rejected", "faulty_goods", "report_fault")
    assert "The photo is dark." in agent.get(address(case)).content.decode()


@pytest.mark.requirement("R039")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ("新商品无法寄出", "已请客户确认改为退款", "换货，改为退款", "待客户确认改为退款")),
        (
            "en",
            ("The new goods cannot be sent", "asked to confirm a refund instead", "Exchange, refunded", "Nothing to"),
        ),
    ],
)
def test_what_cannot_be_sent_is_offered_as_a_refund_with_words_for_the_customer(
    language: str, words: tuple[str, ...], desk: Desk, order: Returning
) -> None:
    case = order.apply(a_return((1, 1), kind=WishKind.EXCHANGE, reason=Reason.FAULTY))
    case.approve()
    case.send()
    case.receive()
    agent = desk("agent", language)
    assert words[0] in agent.get(address(case)).content.decode()
    assert agent.post(address(case, "refund-instead"), {"instead": "yes", "note": " "}).status_code == 422
    assert case.state == CaseState.REPLACING

    page = told(agent, case, "refund-instead", instead="yes", note="Discontinued")
    assert case.state == CaseState.QUOTE_CHANGED
    for word in (*words[1:], "Discontinued"):
        assert word in page
    assert page.count('class="quote"') == 1
    assert words[2] in agent.get("/console/after-sales").content.decode()
    assert address(case, "refund-instead") not in page
    assert desk("finance").post(address(case, "refund-instead"), {"note": "x"}).status_code == 403


def test_above_the_amount_of_the_policy_two_people_approve_and_never_one_twice(desk: Desk, order: Returning) -> None:
    case = applied(order)
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(value_minor=600_000)
    agent, admin = desk("agent", "en"), desk("admin", "en")

    assert "A colleague must approve it, too." in told(agent, case, "approve")
    assert case.state == CaseState.IN_REVIEW
    again = agent.post(address(case, "approve"), {})
    assert again.status_code == 409
    assert "ask a colleague" in again.content.decode()
    assert "You are the second" in admin.get(address(case)).content.decode()
    told(admin, case, "approve")
    assert case.state == CaseState.GOODS_AWAITED


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_price_difference_lies_on_the_same_desk_and_has_the_same_page(
    language: str, desk: Desk, order: Returning
) -> None:
    seen_at = order.now - timedelta(hours=24)
    take_prices([PriceInput(sku="X2", price_minor=95_000, currency="CNY", observed_at=seen_at)])
    make_offers(now=order.now)
    (offer,) = open_offers(order.customer_id, now=order.now)
    case_id = accept_offer(order.customer_id, offer.offer_id, unused=True, actor="customer", now=order.now)
    case = Case(order.customer_id, case_id, order.now)
    AftersalesCase.objects.filter(customer_id=case.customer_id).update(state="in_review")
    agent = desk("agent", language)
    assert case.row.case_no in agent.get("/console/after-sales").content.decode()
    page = agent.get(address(case)).content.decode()
    assert "¥50.00" in page
    assert ("申请当天符合条件" if language == "zh-hans" else "Eligible on the day") in page
    assert "price_not_lower" in page


def test_the_customers_story_tells_of_the_case(desk: Desk, order: Returning) -> None:
    case = applied(order)
    agent = desk("agent", "en")
    told(agent, case, "withdraw", note="by telephone")
    page = agent.get(f"/console/customers/{order.customer_id}?show=after_sales").content.decode()
    assert "Applied for after-sales" in page
    assert f"{case.view.case_no} · Return and refund" in page
    assert "Case closed: Withdrawn" in page


def test_a_case_is_withdrawn_at_the_customers_word(desk: Desk, order: Returning) -> None:
    case = applied(order)
    told(desk("agent"), case, "withdraw", note="电话里说不退了")
    assert case.state == CaseState.WITHDRAWN


def test_a_replacement_is_sent(desk: Desk, order: Returning) -> None:
    case = order.apply(a_return((1, 1), reason=Reason.FAULTY, kind=WishKind.EXCHANGE))
    agent = desk("agent", "en")
    told(agent, case, "approve")
    case.send()
    told(agent, case, "receive")
    assert "number of the parcel" in told(agent, case, "replace", tracking_no="SF99887766")
    assert case.row.replacement_tracking_no == "SF99887766"


@pytest.mark.parametrize("typed", ["-5", "abc", "1.234", "99999999", "٥"])
def test_an_amount_that_makes_no_sense_is_not_deducted(typed: str, desk: Desk, order: Returning) -> None:
    case = applied(order)
    agent = desk("agent")
    told(agent, case, "approve")
    case.send()
    answer = agent.post(address(case, "receive"), {"deduction-1": typed, "finding-1": "划痕"})
    assert answer.status_code == 422
    assert case.state == CaseState.GOODS_AWAITED


def test_an_act_that_came_too_late_is_refused_on_the_page(desk: Desk, order: Returning) -> None:
    case = applied(order)
    agent = desk("agent", "en")
    told(agent, case, "withdraw", note="by telephone")
    answer = agent.post(address(case, "approve"), {})
    assert answer.status_code == 409
    assert "Reload the page" in answer.content.decode()


# Evidence ------------------------------------------------------------------------------------------------------------


def test_evidence_is_opened_and_that_is_written_down(desk: Desk, order: Returning) -> None:
    case = applied(order)
    evidence = case.view.evidence[0].evidence_id
    agent = desk("agent")
    thumbnail = agent.get(address(case, f"evidence/{evidence}/thumbnail"))
    assert thumbnail.headers["Content-Type"] == "image/jpeg"
    assert not AuditRecord.objects.filter(customer_id=case.customer_id, action="evidence_seen").exists()

    answer = agent.get(address(case, f"evidence/{evidence}"))
    assert b"".join(answer).startswith(b"\xff\xd8\xff")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert AuditRecord.objects.filter(customer_id=case.customer_id, action="evidence_seen").count() == 1


def test_a_film_comes_in_pieces(desk: Desk, order: Returning, tmp_path: Path) -> None:
    case = applied(order, content=media_files.video(tmp_path))
    film = address(case, f"evidence/{case.view.evidence[0].evidence_id}")
    agent = desk("agent")
    whole = b"".join(agent.get(film))
    piece = agent.get(film, headers={"range": "bytes=10-19"})
    assert (piece.status_code, b"".join(piece)) == (206, whole[10:20])
    assert piece.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    rest = agent.get(film, headers={"range": f"bytes={len(whole) - 5}-"})
    assert b"".join(rest) == whole[-5:]
    assert agent.get(film, headers={"range": f"bytes={len(whole)}-"}).status_code == 416
    assert AuditRecord.objects.filter(customer_id=case.customer_id, action="evidence_seen").count() == 1


def test_evidence_of_another_case_or_not_handed_in_is_not_found(desk: Desk, order: Returning) -> None:
    case, other = applied(order), applied(delivered())
    waiting = store_evidence(
        order.customer_id, order.order_id, content=media_files.photo(size=(9, 9)), uploaded_by="x", now=order.now
    )
    agent = desk("agent")
    for evidence in (other.view.evidence[0].evidence_id, waiting.evidence_id, uuid4()):
        assert agent.get(address(case, f"evidence/{evidence}")).status_code == 404


# Who may -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["take", "ask", "approve", "reject", "receive", "replace", "withdraw"])
def test_whoever_may_not_act_learns_nothing(act: str, desk: Desk, order: Returning) -> None:
    case = applied(order)
    finance = desk("finance")
    real = finance.post(address(case, act), {"note": "x"})
    imagined = finance.post(f"/console/after-sales/{uuid4()}/{uuid4()}/{act}", {"note": "x"})
    assert (real.status_code, imagined.status_code) == (403, 403)
    assert real.content.decode().count("csrf") == imagined.content.decode().count("csrf")
    assert case.state == CaseState.SUBMITTED


def test_finance_reads_a_case_without_its_photos_and_buttons(desk: Desk, order: Returning) -> None:
    case = applied(order)
    finance = desk("finance", "en")
    page = finance.get(address(case)).content.decode()
    assert "for those who review" in page
    assert "/approve" not in page
    assert "thumbnail" not in page
    evidence = case.view.evidence[0].evidence_id
    for what in (f"evidence/{evidence}", f"evidence/{evidence}/thumbnail", f"evidence/{uuid4()}"):
        assert finance.get(address(case, what)).status_code == 403


@pytest.mark.parametrize("path", ["/console/after-sales", "{case}", "{case}/evidence/{evidence}"])
def test_customers_and_visitors_are_asked_to_sign_in_as_staff(path: str, order: Returning) -> None:
    case = applied(order)
    at = path.format(case=address(case), evidence=case.view.evidence[0].evidence_id)
    customer = Client()
    customer.force_login(
        Account.objects.for_customer(order.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    for client in (Client(), customer):
        answer = client.get(at)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/console/sign-in")


# For the customer ----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R035")
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agent_applies_for_the_customer(language: str, desk: Desk, order: Returning) -> None:
    agent = desk("agent", language)
    form = f"/console/customers/{order.customer_id}/orders/{order.order_id}/after-sales"
    assert "青屿 X2 手机" in agent.get(form).content.decode()
    empty = agent.post(form, {"reason": "faulty"})
    assert empty.status_code == 422

    typed = {"pieces-1": "1", "kind": "return", "reason": "faulty", "description": "打不开"}
    photo = SimpleUploadedFile("IMG_0001.jpg", media_files.photo(), content_type="image/jpeg")
    shown = agent.post(form, {**typed, "file": photo})
    assert shown.status_code == 200
    assert "¥1,000.00" in shown.content.decode()
    assert not AftersalesCase.objects.filter(customer_id=order.customer_id).exists()

    quote = str(shown.context["quote"].quote_id)
    done = agent.post(f"{form}/apply", {**typed, "quote": quote})
    case = AftersalesCase.objects.get(customer_id=order.customer_id)
    assert done.headers["Location"] == f"/console/after-sales/{order.customer_id}/{case.id}"
    assert (case.via, case.reason, case.description) == ("console", "faulty", "打不开")
    assert CaseEvidence.objects.get(customer_id=order.customer_id).case_id == case.id
    assert case.case_no in agent.get(f"/console/customers/{order.customer_id}").content.decode()
    assert desk("finance").get(form).status_code == 403


def test_every_page_on_which_an_agent_applies_is_a_look_at_the_customer(desk: Desk, order: Returning) -> None:
    agent = desk("agent")
    form = f"/console/customers/{order.customer_id}/orders/{order.order_id}/after-sales"
    looks = AuditRecord.objects.filter(customer_id=order.customer_id, action="customer_seen")
    agent.get(form)
    assert looks.count() == 1
    agent.post(form, {"reason": "faulty"})
    assert looks.count() == 2
    agent.post(form, {"pieces-1": "1", "kind": "return", "reason": "faulty"})
    assert looks.count() == 3


def test_an_agents_photo_and_the_customers_go_with_their_own_application(desk: Desk, order: Returning) -> None:
    """The same photo, sent to the agent and uploaded: the customer's stays the customer's."""
    theirs = store_evidence(
        order.customer_id,
        order.order_id,
        content=media_files.photo(),
        uploaded_by=f"customer:{order.customer_id}",
        now=order.now,
    )
    agent = desk("agent")
    form = f"/console/customers/{order.customer_id}/orders/{order.order_id}/after-sales"
    typed = {"pieces-1": "1", "kind": "return", "reason": "faulty"}
    photo = SimpleUploadedFile("IMG_0001.jpg", media_files.photo(), content_type="image/jpeg")
    shown = agent.post(form, {**typed, "file": photo})

    customer = Client()
    customer.force_login(
        Account.objects.for_customer(order.customer_id), backend="django.contrib.auth.backends.ModelBackend"
    )
    at = f"/orders/{order.order_id}/after-sales"
    customer.post(at, {"pieces-1": "1", "kind": "return"})
    page = customer.get(f"{at}/reason")
    assert [one.evidence_id for one in page.context["evidence"]] == [theirs.evidence_id]

    agent.post(f"{form}/apply", {**typed, "quote": str(shown.context["quote"].quote_id)})
    case = AftersalesCase.objects.get(customer_id=order.customer_id)
    (handed_in,) = CaseEvidence.objects.filter(customer_id=order.customer_id, case_id=case.id)
    assert handed_in.id != theirs.evidence_id
    assert CaseEvidence.objects.get(customer_id=order.customer_id, id=theirs.evidence_id).case_id is None


def test_what_the_rules_refuse_is_refused_to_the_agent_as_well(desk: Desk, order: Returning) -> None:
    form = f"/console/customers/{order.customer_id}/orders/{order.order_id}/after-sales"
    answer = desk("agent").post(form, {"pieces-1": "9", "kind": "return", "reason": "no_reason"})
    assert answer.status_code == 422
    assert desk("agent").get(f"/console/customers/{uuid4()}/orders/{order.order_id}/after-sales").status_code == 404
