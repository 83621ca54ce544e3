"""The inbox, e-mail, wishes, delivery reports and the words of messages: each notice on the ways that it may take."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from fenqi.channels.interface import ChannelMisconfigured
from fenqi.domain.errors import InvalidInput, NotFound
from fenqi.domain.notices import Pace
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import Account, Notice, NoticeDelivery, NoticePreference, NoticeTemplate, OutboxMessage
from fenqi.usecases import rails
from fenqi.usecases.notices import edit_templates, preferences
from fenqi.usecases.notices.delivering import NoticeUnanswered
from fenqi.usecases.notices.inbox import inbox, open_notice, unread_count
from fenqi.usecases.notices.queries import notice_day, notices_of
from fenqi.usecases.notices.reminding import send_notice
from fenqi.usecases.notices.sending import send_once
from fenqi.usecases.notices.templates import TEXTS, Message
from fenqi.usecases.notices.wording import variables_in
from fenqi.usecases.reconciliation.check import Range, check_range
from fenqi.usecases.staff.permissions import NotPermitted
from malls import a_customer, noon
from staff_members import agent, finance
from town import Town

pytestmark = pytest.mark.django_db
NOW = noon("2026-02-01")
PARAMS = {"amount": "100.00 元", "title": "青屿 X2 手机", "left": "1,100.00 元", "reason": "余额不足"}


@pytest.fixture
def no_faults(town: Town) -> Iterator[Town]:
    yield town
    town.tell("faults/forget")


def tell(customer_id: UUID, message: Message, subject: str = "", *, now: datetime = NOW) -> bool:
    said = {"zh": PARAMS, "en": PARAMS}
    return send_once(customer_id, message, subject=subject or f"payment:{new_id()}", params=said.__getitem__, now=now)


def mails(town: Town, address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = town.ask("mail", to=address)["mails"]
    return found


def bind(town: Town, customer_id: UUID, address: str, *, now: datetime = NOW) -> None:
    """As the page does, outside any transaction of ours."""
    NoticePreference.objects.update_or_create(
        customer_id=customer_id,
        defaults={
            "email_encrypted": personal.encrypt(address),
            "email_verified_at": now,
            "updated_at": now,
        },
    )


def test_a_notice_stands_in_the_inbox_until_it_is_read(town: Town) -> None:
    customer = a_customer("i-1", phone="17000001201")
    payment = new_id()
    assert tell(customer, Message.REPAYMENT_SUCCEEDED, f"payment:{payment}")
    assert unread_count(customer) == 1
    (notice,) = inbox(customer).items
    assert (notice.title, notice.path, notice.is_read) == ("还款成功", f"/repayments/{payment}", False)
    assert notice.text == "您已还款 100.00 元（青屿 X2 手机），剩余应还 1,100.00 元。"
    open_notice(customer, notice.notice_id, now=NOW)
    assert unread_count(customer) == 0
    with pytest.raises(NotFound):
        open_notice(a_customer("i-2"), notice.notice_id, now=NOW)


def test_without_a_phone_the_inbox_has_it_all_the_same(town: Town) -> None:
    customer = a_customer("i-3")
    assert not tell(customer, Message.REPAYMENT_SUCCEEDED)
    assert len(inbox(customer).items) == 1


def test_each_message_is_told_once_of_a_subject(town: Town) -> None:
    customer = a_customer("i-4", phone="17000001204")
    told = [tell(customer, message, "payment:one") for message in (Message.REPAYMENT_SUCCEEDED,) * 2]
    assert told == [True, False]
    assert tell(customer, Message.DUPLICATE_RETURNED, "payment:one")
    assert len(town.messages("17000001204")) == 2


def test_a_closed_account_is_told_nothing_and_the_reason_stands(town: Town) -> None:
    customer = a_customer("i-5", phone="17000001205")
    account = Account.objects.for_customer(customer)
    account.is_active = False
    account.save()
    assert not tell(customer, Message.CASE_ARRIVED)
    assert town.messages("17000001205") == []
    (kept,) = notices_of(customer).notices
    assert (kept.state, kept.reason) == ("held", "account_closed")
    with pytest.raises(NotFound):
        tell(new_id(), Message.CASE_ARRIVED)


def test_news_keep_to_the_ways_that_are_wished_and_critical_messages_do_not(town: Town) -> None:
    customer = a_customer("i-6", phone="17000001206")
    preferences.wish(customer, by_sms=False, by_email=True, pace=Pace.ALL, now=NOW)
    assert not tell(customer, Message.REPAYMENT_SUCCEEDED)
    assert town.messages("17000001206") == []
    assert tell(customer, Message.AUTO_DEBIT_GIVEN_UP)
    assert len(town.messages("17000001206")) == 1
    assert len(inbox(customer).items) == 2


def test_an_email_goes_out_once_where_no_text_messages_are_set_up(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = a_customer("i-6b", phone="17000001216")
    bind(town, customer, "no-sms@example.com")
    nobody_texts = replace(rails._settings(), sms=None, sms2=None)
    monkeypatch.setattr(rails, "_settings", lambda: nobody_texts)
    for _ in range(2):
        with pytest.raises(ChannelMisconfigured):
            tell(customer, Message.AUTO_DEBIT_GIVEN_UP, "agreement:one")
    assert len(mails(town, "no-sms@example.com")) == 1
    assert len(inbox(customer).items) == 1


def test_a_mail_has_a_text_and_an_html_part_and_a_link_and_no_number_in_the_clear(town: Town) -> None:
    customer = a_customer("i-7", phone="17000001207", language="en")
    bind(town, customer, "emma@example.com")
    payment = new_id()
    assert tell(customer, Message.REPAYMENT_SUCCEEDED, f"payment:{payment}")
    (mail,) = mails(town, "emma@example.com")
    assert mail["subject"] == "Repayment received"
    for part in (mail["text"], mail["html"]):
        assert "We received your repayment of" in part
        assert f"/repayments/{payment}" in part
        assert "17000001207" not in part
    number = NoticeDelivery.objects.get(customer_id=customer, way="email").number
    assert mail["message_id"].startswith(f"<{number}@")
    assert len(town.messages("17000001207")) == 1


@pytest.mark.parametrize(
    ("ref", "kind", "value", "state"),
    [("m-1", "down", "", "unreached"), ("m-2", "code", "451", "unreached"), ("m-3", "code", "550", "refused")],
)
def test_a_mail_server_that_fails_holds_up_no_text_message(
    no_faults: Town, ref: str, kind: str, value: str, state: str
) -> None:
    phone, address = f"1700000121{ref[-1]}", f"{ref}@example.com"
    customer = a_customer(ref, phone=phone)
    bind(no_faults, customer, address)
    no_faults.order("email", kind, value)
    assert tell(customer, Message.REPAYMENT_SUCCEEDED)
    assert len(no_faults.messages(phone)) == 1
    assert NoticeDelivery.objects.get(customer_id=customer, way="email").state == state
    later = OutboxMessage.objects.filter(customer_id=customer, topic="send_notice")
    assert later.exists() == (state == "unreached")
    for message in later:
        notice_id = UUID(message.body["notice_id"])
        assert send_notice(customer, notice_id, now=message.not_before)
    assert len(mails(no_faults, address)) == (1 if state == "unreached" else 0)
    assert len(no_faults.messages(phone)) == 1


def test_a_mail_in_doubt_is_not_sent_again_when_the_phone_has_it(no_faults: Town) -> None:
    customer = a_customer("m-4", phone="17000001214")
    bind(no_faults, customer, "m-4@example.com")
    no_faults.order("email", "reset")
    assert tell(customer, Message.REPAYMENT_SUCCEEDED)
    (message,) = OutboxMessage.objects.filter(customer_id=customer, topic="send_notice")
    assert not send_notice(customer, UUID(message.body["notice_id"]), now=message.not_before)
    assert len(mails(no_faults, "m-4@example.com")) == 1


@pytest.mark.django_db(transaction=True)
def test_an_address_is_written_to_once_its_code_came_back(town: Town) -> None:
    customer = a_customer("e-1", phone="17000001221", language="en")
    for wrong in ("", "nobody", "a@b", "a b@example.com", "a@example.com\nBcc: x@example.com", "x" * 300 + "@e.com"):
        with pytest.raises(preferences.InvalidEmail):
            preferences.ask_email_code(customer, wrong, now=NOW)
    preferences.ask_email_code(customer, "e-1@example.com", now=NOW)
    with pytest.raises(preferences.EmailTooSoon):
        preferences.ask_email_code(customer, "e-1@example.com", now=NOW + timedelta(seconds=59))
    (mail,) = mails(town, "e-1@example.com")
    code = mail["text"].partition("code is ")[2][:6]
    assert preferences.preferences_of(customer).email == ""
    other = f"{(int(code) + 1) % 10**6:06}"
    with pytest.raises(preferences.EmailCodeRefused):
        preferences.confirm_email(customer, other, now=NOW)
    with pytest.raises(preferences.EmailCodeRefused):
        preferences.confirm_email(customer, code, now=NOW + timedelta(minutes=11))
    preferences.confirm_email(customer, code, now=NOW)
    assert preferences.preferences_of(customer).email == "e-1@example.com"
    with pytest.raises(preferences.EmailCodeRefused):
        preferences.confirm_email(customer, code, now=NOW)
    row = NoticePreference.objects.get(customer_id=customer)
    assert b"e-1@example.com" not in bytes(row.email_encrypted)


def test_an_address_that_the_mall_told_waits_for_the_customers_word(town: Town) -> None:
    customer = a_customer("e-3", phone="17000001223", email="e-3@example.com")
    known = preferences.preferences_of(customer)
    assert (known.email, known.waiting) == ("", "e-3@example.com")
    tell(customer, Message.REPAYMENT_SUCCEEDED)
    assert mails(town, "e-3@example.com") == []
    with pytest.raises(InvalidInput):
        a_customer("e-3", email="nobody")


@pytest.mark.django_db(transaction=True)
def test_guessing_the_code_ends_after_five_tries(town: Town) -> None:
    customer = a_customer("e-2")
    preferences.ask_email_code(customer, "e-2@example.com", now=NOW)
    code = mails(town, "e-2@example.com")[0]["text"].partition("验证码是 ")[2][:6]
    for guess in range(5):
        with pytest.raises(preferences.EmailCodeRefused):
            preferences.confirm_email(customer, f"{(int(code) + guess + 1) % 10**6:06}", now=NOW)
    with pytest.raises(preferences.EmailCodeRefused):
        preferences.confirm_email(customer, code, now=NOW)


def report(number: str, *, success: bool) -> bytes:
    return json.dumps([{"out_id": number, "success": success, "err_code": "MK:0001", "biz_id": "7"}]).encode()


def test_a_delivery_report_is_taken_from_the_secret_address_only(town: Town, settings: Any, client: Client) -> None:
    settings.FENQI_SMS_REPORT_TOKEN = "secret"
    customer = a_customer("d-1", phone="17000001231")
    tell(customer, Message.REPAYMENT_SUCCEEDED)
    number = NoticeDelivery.objects.get(customer_id=customer).number

    def push(body: bytes, path: str = "/messages/sms/reports/secret") -> int:
        return client.post(path, body, content_type="application/json").status_code

    assert push(report(number, success=False), "/messages/sms/reports/guess") == 404
    assert push(b"no") == 400
    assert push(b"[" * 70_000) == 413
    assert push(report("nobody", success=False)) == 200
    assert push(report(number, success=False), "/messages/sms2/reports/secret") == 200
    assert NoticeDelivery.objects.get(customer_id=customer).state == "accepted"
    assert push(report(number, success=False)) == 200
    assert push(report(number, success=True)) == 200, "told otherwise later, it stays as it was"
    kept = NoticeDelivery.objects.get(customer_id=customer)
    assert (kept.state, kept.code) == ("undelivered", "MK:0001")
    settings.FENQI_SMS_REPORT_TOKEN = ""
    assert push(b"[]", "/messages/sms/reports/x") == 404


def test_words_are_drafted_by_one_and_published_by_another(town: Town) -> None:
    writer, publisher = finance("writer"), finance("publisher")
    text = "您已成功还款 ${amount}（${title}）。详情见 ${portal}"
    with pytest.raises(NotPermitted):
        edit_templates.draft(agent(), "repayment_succeeded", language="zh", kind="sms", title="", text=text, now=NOW)
    template = edit_templates.draft(
        writer, "repayment_succeeded", language="zh", kind="sms", title="", text=text, now=NOW
    )
    with pytest.raises(edit_templates.OwnDraft):
        edit_templates.publish(writer, template, now=NOW)
    edit_templates.publish(publisher, template, now=NOW)
    with pytest.raises(edit_templates.NotADraft):
        edit_templates.publish(publisher, template, now=NOW)
    row = NoticeTemplate.objects.get(id=template)
    assert set(row.approved_as) == {"sms", "sms2"}
    customer = a_customer("w-1", phone="17000001241")
    assert tell(customer, Message.REPAYMENT_SUCCEEDED)
    assert town.messages("17000001241")[0]["text"].startswith("您已成功还款 100.00 元（青屿 X2 手机）。详情见 http")
    assert NoticeDelivery.objects.get(customer_id=customer).template_version == 2
    with pytest.raises(DatabaseError, match="never change"), transaction.atomic():
        NoticeTemplate.objects.filter(id=template).update(text="x")
    edit_templates.withdraw(publisher, template, now=NOW)
    other = a_customer("w-2", phone="17000001242")
    assert tell(other, Message.REPAYMENT_SUCCEEDED)
    assert town.messages("17000001242")[0]["text"].startswith("您已还款")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 301,
        "还款 ${amont}",
        "还款 ${amount",
        "还款 $amount",
        "见 https://example.com/p",
        "见 www.example.cn",
        "见 evil.com",
    ],
)
def test_words_that_nobody_could_send_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        edit_templates.draft(
            finance("writer"), "repayment_succeeded", language="zh", kind="sms", title="", text=text, now=NOW
        )


@pytest.mark.parametrize("message", list(Message))
def test_the_words_that_come_along_keep_the_rules(message: Message) -> None:
    zh, en = (TEXTS[message, language] for language in ("zh", "en"))
    assert variables_in(zh) == variables_in(en)
    for language, text in (("zh", zh), ("en", en)):
        edit_templates.check_words(message, language, "sms", "", text)


def test_a_trial_arrives_at_the_sandbox_and_nowhere_else(town: Town, settings: Any) -> None:
    staff = finance("writer")
    trial: dict[str, Any] = {"language": "zh", "kind": "sms", "to": "17000001251", "now": NOW}
    with pytest.raises(edit_templates.NoSandbox):
        edit_templates.try_out(staff, "due_soon", **trial)
    settings.FENQI_SANDBOX_URL = town.url
    edit_templates.try_out(staff, "due_soon", **trial)
    assert "应还 384.04 元" in town.messages("17000001251")[0]["text"]
    edit_templates.try_out(staff, "due_soon", **{**trial, "kind": "mail", "to": "try@example.com"})
    assert mails(town, "try@example.com")[0]["subject"] == "还款提醒"
    with pytest.raises(InvalidInput):
        edit_templates.try_out(staff, "due_soon", **{**trial, "to": "nobody"})


def test_the_page_of_the_day_counts_what_happened(no_faults: Town) -> None:
    good, bad = a_customer("p-1", phone="17000001261"), a_customer("p-2", phone="17000001262")
    at = noon("2031-05-05")
    tell(good, Message.REPAYMENT_SUCCEEDED, now=at)
    no_faults.order("sms", "code", "isv.MOBILE_NUMBER_ILLEGAL", channel="sms")
    tell(bad, Message.REPAYMENT_SUCCEEDED, now=at)
    day = notice_day(at.date(), now=at + timedelta(hours=1))
    assert (day.told, day.waiting, day.held_count) == (2, 0, 0)
    assert [(one.customer_ref, one.delivery.state) for one in day.troubles] == [("p-2", "refused")]
    states = {one.provider: one.counts for one in day.providers if one.counts}
    assert states == {"sms": {"accepted": 1, "refused": 1}}


def test_the_laws_of_notices_find_what_breaks_them(town: Town) -> None:
    customer = a_customer("l-1", phone="17000001271")
    tell(customer, Message.REPAYMENT_SUCCEEDED, "payment:law")
    span = Range(customer, customer, 1)

    def broken() -> set[str]:
        return {finding.law for finding in check_range(span)}

    assert broken() == set()
    notice = Notice.objects.get(customer_id=customer)
    mine = Notice.objects.filter(customer_id=customer, id=notice.id)
    mine.update(state="held", reason="account_closed", told_at=None)
    assert broken() == {"only_what_is_told_leaves"}
    mine.update(state="told", reason="", weight="reminder", told_at=NOW.replace(hour=15))
    assert broken() == {"reminders_keep_the_hours"}
    mine.update(told_at=NOW, subject="due:2026-02-01:0", remind_offset=0)
    Notice.objects.create(
        customer_id=customer, id=new_id(), message="due_today", subject="due:2026-02-01:0", weight="reminder",
        language="zh", remind_offset=0, state="told", due_at=NOW, created_at=NOW, told_at=NOW,
    )  # fmt: skip
    assert broken() == {"told_once"}


def test_a_service_without_an_answer_raises_and_the_inbox_has_it(no_faults: Town) -> None:
    customer = a_customer("u-1", phone="17000001281")
    no_faults.order("sms", "http_500", channel="sms")
    with pytest.raises(NoticeUnanswered):
        tell(customer, Message.REPAYMENT_SUCCEEDED, "payment:u")
    assert len(inbox(customer).items) == 1
    assert tell(customer, Message.REPAYMENT_SUCCEEDED, "payment:u")
