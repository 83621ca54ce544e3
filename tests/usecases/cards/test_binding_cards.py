"""Cards are checked before anything is sent, bound by the bank's code, kept as a token, and removed at a word."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from card_rail import CODE, SHORT, CardRail, a_number, open_cards
from fenqi.domain.errors import FenqiError
from fenqi.domain.payments import FailureCategory, Outcome, RetryMark, Verdict
from fenqi.records import personal
from fenqi.records.identifiers import new_id
from fenqi.records.models import AuditRecord, BoundCard, CardState, DebitAgreement, OutboxMessage
from fenqi.records.scope import across_customers
from fenqi.usecases import plan_file, rate_limits
from fenqi.usecases.agreements.consent import Consent as AgreedTo
from fenqi.usecases.agreements.offers import Way, find_offer, words_of
from fenqi.usecases.agreements.sign import sign
from fenqi.usecases.cards.bind import Binding, Consent, TypedCard, ask_code, bind, faults
from fenqi.usecases.cards.errors import BindingUnknown, CardNotBound, NoCodeAskedFor
from fenqi.usecases.cards.queries import CardView, list_cards
from fenqi.usecases.cards.unbind import unbind
from fenqi.usecases.rate_limits import TooManyRequests
from malls import Bought, bought
from town import Town

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = a_number()
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
CONSENT = Consent(text="同意", language="zh-hans", remote_address="203.0.113.9")


def typed(number: str = NUMBER, holder: str = "陈小云", phone: str = "13812345678") -> TypedCard:
    return TypedCard(number=number, holder=holder, phone=phone)


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    rate_limits.forget()
    yield
    rate_limits.forget()


@pytest.fixture
def rail(town: Town, monkeypatch: pytest.MonkeyPatch) -> CardRail:
    return open_cards(monkeypatch)


@pytest.fixture
def plan(town: Town) -> Bought:
    return bought()


def bound(plan: Bought, *, now: datetime = NOW, **more: str) -> CardView:
    binding = ask_code(plan.customer_id, typed(**more), now=now)
    return bind(plan.customer_id, typed(**more), CODE, binding=binding, consent=CONSENT, now=now)


@pytest.mark.requirement("R118")
def test_a_card_is_bound_by_its_code_and_kept_as_a_token(plan: Bought, rail: CardRail) -> None:
    card = bound(plan)
    assert (card.bank.zh, card.last4, card.holder_masked, card.phone_masked) == (
        "招商银行",
        NUMBER[-4:],
        "陈*云",
        "138****5678",
    )
    (kept,) = BoundCard.objects.filter(customer_id=plan.customer_id)
    assert personal.decrypt(kept.token_encrypted.encode()).startswith("token-of-B")
    assert "token-of" not in kept.token_encrypted
    assert kept.consent["from"] == "203.0.113.9"
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, action="card_bound").count() == 1


@pytest.mark.requirement("R125", "R126", "R127", "R128")
@pytest.mark.parametrize(
    ("card", "fields"),
    [
        (typed(number=NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)), ["number"]),
        (typed(number=NUMBER[:-3]), ["number"]),
        (typed(number=a_number("622575000000621")), ["number"]),  # a credit card
        (typed(holder="陈1"), ["holder"]),
        (typed(phone="12345678901"), ["phone"]),
        (typed(number="", holder="", phone=""), ["number", "holder", "phone"]),
    ],
)
def test_a_slip_is_told_at_its_field_before_anything_is_sent(
    plan: Bought, rail: CardRail, card: TypedCard, fields: list[str]
) -> None:
    assert [fault.where for fault in faults(card)] == fields
    with pytest.raises(FenqiError) as refused:
        ask_code(plan.customer_id, card, now=NOW)
    assert refused.value.where == fields[0]
    assert rail.seen == []


def test_a_binding_is_one_card_however_often_it_is_sent(plan: Bought, rail: CardRail) -> None:
    binding = ask_code(plan.customer_id, typed(), now=NOW)
    cards = [bind(plan.customer_id, typed(), CODE, binding=binding, consent=CONSENT, now=NOW).card_id for _ in range(2)]
    assert cards[0] == cards[1]
    assert len(rail.asked("bind")) == 1


def test_a_wrong_code_binds_nothing_and_tries_are_counted(plan: Bought, rail: CardRail) -> None:
    binding = ask_code(plan.customer_id, typed(), now=NOW)
    for _ in range(5):
        with pytest.raises(CardNotBound):
            bind(plan.customer_id, typed(), "000000", binding=binding, consent=CONSENT, now=NOW)
    with pytest.raises(TooManyRequests):
        bind(plan.customer_id, typed(), CODE, binding=binding, consent=CONSENT, now=NOW)
    assert list_cards(plan.customer_id) == ()


def test_codes_are_rationed_by_customer_and_by_phone(plan: Bought, rail: CardRail) -> None:
    other = bought()
    for _ in range(4):
        ask_code(plan.customer_id, typed(), now=NOW)
    with pytest.raises(TooManyRequests):
        ask_code(other.customer_id, typed(), now=NOW)
    ask_code(other.customer_id, typed(phone="13912345678"), now=NOW)
    for phone in ("13712345678", "13512345678"):
        ask_code(plan.customer_id, typed(phone=phone), now=NOW)
    with pytest.raises(TooManyRequests):
        ask_code(plan.customer_id, typed(phone="13612345678"), now=NOW)


@pytest.mark.parametrize("asked_at", [None, NOW - timedelta(minutes=11)])
def test_a_code_without_a_binding_is_refused(plan: Bought, rail: CardRail, asked_at: datetime | None) -> None:
    binding = Binding(number="B" * 25, asked_at=asked_at) if asked_at else None
    with pytest.raises(NoCodeAskedFor):
        bind(plan.customer_id, typed(), CODE, binding=binding, consent=CONSENT, now=NOW)
    assert rail.seen == []


def test_a_bank_that_does_not_answer_leaves_no_card(plan: Bought, rail: CardRail) -> None:
    rail.binding_says.append(Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST))
    with pytest.raises(BindingUnknown):
        ask_code(plan.customer_id, typed(), now=NOW)
    rail.binding_says.append(SHORT)
    with pytest.raises(CardNotBound, match="gave no reason"):
        ask_code(plan.customer_id, typed(), now=NOW)


@pytest.mark.requirement("R118")
def test_a_removed_card_is_gone_for_good_and_its_token_with_it(plan: Bought, rail: CardRail) -> None:
    card = bound(plan)
    for _ in range(2):
        unbind(plan.customer_id, card.card_id, now=NOW)
    kept = BoundCard.objects.get(customer_id=plan.customer_id, id=card.card_id)
    assert (kept.state, kept.token_encrypted) == (CardState.ENDED, "")
    assert len(rail.asked("unbind")) == 1
    assert list_cards(plan.customer_id) == ()


def test_a_card_is_removed_here_even_if_the_gateway_is_silent(plan: Bought, rail: CardRail) -> None:
    card = bound(plan)
    rail.binding_says.append(Verdict(Outcome.UNKNOWN, FailureCategory.OUTCOME_UNKNOWN, RetryMark.QUERY_FIRST))
    unbind(plan.customer_id, card.card_id, now=NOW)
    assert list_cards(plan.customer_id) == ()


def test_another_customers_card_is_not_found(plan: Bought, rail: CardRail) -> None:
    card = bound(plan)
    for customer_id, card_id in ((bought().customer_id, card.card_id), (plan.customer_id, new_id())):
        with pytest.raises(FenqiError) as refused:
            unbind(customer_id, card_id, now=NOW)
        assert refused.value.status == 404
    assert [one.card_id for one in list_cards(plan.customer_id)] == [card.card_id]


@pytest.mark.requirement("R185")
def test_no_table_and_no_log_holds_number_name_or_phone(
    plan: Bought, rail: CardRail, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bound(plan)
    with pytest.raises(CardNotBound):
        bind(
            plan.customer_id,
            typed(),
            "000000",
            binding=ask_code(plan.customer_id, typed(), now=NOW),
            consent=CONSENT,
            now=NOW,
        )
    everything = caplog.text + "".join(stored())
    for secret in (NUMBER, "陈小云", "13812345678"):
        assert secret not in everything
    assert NUMBER not in repr(rail.seen)


def stored() -> Iterator[str]:
    """Every row of every table, as text."""
    with across_customers(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            yield from (row[0] for row in cursor.fetchall())


def test_with_the_card_its_auto_debit_ends_at_once_and_is_told(plan: Bought, rail: CardRail) -> None:
    now = datetime.now(UTC)
    card = bound(plan)
    way = Way(channel="bank_card", card_id=card.card_id)
    file = plan_file.read(plan.customer_id, plan.plan_id)
    text = words_of(find_offer(file, way, now=now), file, language="zh")
    signed = sign(
        customer_id=plan.customer_id,
        plan_id=plan.plan_id,
        way=way,
        consent=AgreedTo(digest=text.digest, language="zh", ip="203.0.113.9"),
        request_key="sign",
        now=now,
    )
    assert DebitAgreement.objects.get(customer_id=plan.customer_id, id=signed.agreement_id).status == "active"
    unbind(plan.customer_id, card.card_id, now=now)
    ended = DebitAgreement.objects.get(customer_id=plan.customer_id, id=signed.agreement_id)
    assert (ended.status, ended.ended_by, ended.end_reason) == ("ended", "customer", "card_removed")
    assert ended.next_try_at is None
    assert AuditRecord.objects.filter(customer_id=plan.customer_id, action="agreement_ended").count() == 1
    news = OutboxMessage.objects.filter(customer_id=plan.customer_id, topic="agreement_news")
    assert {message.body["news"] for message in news} == {"signed", "ended"}
