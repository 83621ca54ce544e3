"""The finance partner's adapter against the platform of the sandbox: real HTTP, signatures of RFC 9421 on both ways."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from fenqi.channels import ChannelSettings, finance_partner
from fenqi.channels.bills import BillNotReady, BillRefused
from fenqi.channels.interface import UnknownPartner
from fenqi.channels.partner import (
    FinancePartner,
    NewPartnerPlan,
    PartnerChannel,
    PartnerConfig,
    PartnerPlanState,
    PartnerRefundRequest,
)
from fenqi.domain.payments import Outcome
from sandbox_town import Sandbox

TODAY = datetime.now(UTC).date()
BROKEN = ["hang", "reset", "http_500", "wrong_signature", "unsigned", "nonsense"]


@pytest.fixture
def config(settings_of_rails: ChannelSettings) -> PartnerConfig:
    assert settings_of_rails.partner
    return replace(settings_of_rails.partner, answer_seconds=1.0)


@pytest.fixture
def partner(config: PartnerConfig) -> PartnerChannel:
    return PartnerChannel(config)


@pytest.fixture
def plan(partner: PartnerChannel) -> NewPartnerPlan:
    """Open: 1,200.00 yuan in twelve installments with a fee of 0.6 % each."""
    new = NewPartnerPlan(
        plan_no=f"P{secrets.token_hex(8)}",
        customer=secrets.token_hex(8),
        amount=120_000,
        currency="CNY",
        installments=12,
        fee_rate="0.6",
        opened_on=date(2026, 1, 31),
    )
    assert partner.open_plan(new).outcome is Outcome.SUCCEEDED
    return new


@pytest.fixture
def refund_of(plan: NewPartnerPlan) -> Callable[[int], PartnerRefundRequest]:
    def make(amount: int) -> PartnerRefundRequest:
        return PartnerRefundRequest(
            number=f"R{secrets.token_hex(8)}",
            plan_no=plan.plan_no,
            amount=amount,
            currency="CNY",
            reason="退货",
            effective_on=TODAY,
        )

    return make


def repay(sandbox: Sandbox, plan: NewPartnerPlan, times: int) -> None:
    for _ in range(times):
        sandbox.act(plan.plan_no, "repay")


def sums(partner: FinancePartner, plan: NewPartnerPlan) -> tuple[PartnerPlanState, int, int, int]:
    told = partner.plan(plan.plan_no).plan
    assert told
    return told.state, told.outstanding_principal, told.outstanding_fee, told.balance


def test_it_is_a_finance_partner_that_is_found_by_its_code(settings_of_rails: ChannelSettings) -> None:
    assert settings_of_rails.partner
    assert isinstance(finance_partner(settings_of_rails.partner.code, settings_of_rails), FinancePartner)
    with pytest.raises(UnknownPartner):
        finance_partner("somebody", settings_of_rails)


def test_the_same_plan_is_opened_once_and_another_under_its_number_never(
    partner: PartnerChannel, plan: NewPartnerPlan
) -> None:
    assert partner.open_plan(plan).outcome is Outcome.SUCCEEDED
    assert sums(partner, plan) == (PartnerPlanState.ACTIVE, 120_000, 8_640, 0)
    other = partner.open_plan(replace(plan, amount=1))
    assert (other.plan, other.code) == (None, "NUMBER_REUSED")


@pytest.mark.requirement("R050", "R052", "R053", "R062")
def test_a_full_return_cancels_the_plan_and_what_was_repaid_becomes_balance(
    partner: PartnerChannel,
    plan: NewPartnerPlan,
    refund_of: Callable[[int], PartnerRefundRequest],
    sandbox: Sandbox,
) -> None:
    repay(sandbox, plan, 4)
    quoted = partner.quote_refund(plan_no=plan.plan_no, amount=120_000, effective_on=TODAY).effect
    assert quoted
    assert (quoted.cancelled_principal, quoted.dropped_fees, quoted.surplus) == (80_000, 5_760, 40_000)
    assert (quoted.commission_back, quoted.subsidy_back) == (2_400, 0)
    assert sums(partner, plan)[3] == 0, "a quote moves nothing"

    request = refund_of(120_000)
    first, again = partner.refund(request), partner.refund(request)
    assert first.effect == again.effect == quoted
    assert first.accepted_at == partner.query_refund(request.number).accepted_at
    assert sums(partner, plan) == (PartnerPlanState.CANCELLED, 0, 0, 40_000)


def test_partial_returns_give_back_exactly_all_of_commission_and_subsidy(
    partner: PartnerChannel, refund_of: Callable[[int], PartnerRefundRequest], plan: NewPartnerPlan, sandbox: Sandbox
) -> None:
    free = replace(plan, plan_no=f"P{secrets.token_hex(8)}", fee_rate="0", amount=99_999, customer="somebody")
    partner.open_plan(free)
    repay(sandbox, free, 1)
    effects = [
        partner.refund(replace(refund_of(amount), plan_no=free.plan_no)).effect for amount in (33_333, 33_333, 33_333)
    ]
    assert all(effects)
    assert sum(effect.commission_back for effect in effects if effect) == 2_000
    assert sum(effect.subsidy_back for effect in effects if effect) == 6_000
    assert sum(effect.surplus for effect in effects if effect) == 8_333
    assert sums(partner, free) == (PartnerPlanState.CANCELLED, 0, 0, 8_333)


@pytest.mark.parametrize(("amount", "code"), [(120_001, "AMOUNT_ABOVE_FINANCED")], ids=["more than was financed"])
def test_what_cannot_be_is_refused_in_its_words(
    partner: PartnerChannel, refund_of: Callable[[int], PartnerRefundRequest], amount: int, code: str
) -> None:
    refused = partner.refund(refund_of(amount))
    assert (refused.outcome, refused.code, refused.alert) == (Outcome.FAILED, code, True)
    elsewhere = partner.refund(replace(refund_of(1), plan_no="Pnobodysplan"))
    assert (elsewhere.outcome, elsewhere.code) == (Outcome.FAILED, "PLAN_NOT_FOUND")
    assert partner.query_refund("Rnever-seen").outcome is Outcome.NOT_FOUND


def test_a_number_is_not_used_for_two_sums(
    partner: PartnerChannel, refund_of: Callable[[int], PartnerRefundRequest]
) -> None:
    request = refund_of(100)
    partner.refund(request)
    reused = partner.refund(replace(request, amount=200))
    assert (reused.outcome, reused.code, reused.alert) == (Outcome.UNKNOWN, "NUMBER_REUSED", True)


@pytest.mark.parametrize("kind", BROKEN)
def test_without_a_believable_answer_the_outcome_is_unknown_and_the_query_tells(
    partner: PartnerChannel, refund_of: Callable[[int], PartnerRefundRequest], sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("refund", kind, channel="partner")
    request = refund_of(30_000)
    assert partner.refund(request).outcome is Outcome.UNKNOWN
    told = partner.query_refund(request.number)
    assert told.effect
    assert told.effect.cancelled_principal == 30_000


@pytest.mark.parametrize("kind", BROKEN)
def test_a_quote_or_a_plan_that_cannot_be_believed_is_none(
    partner: PartnerChannel, plan: NewPartnerPlan, sandbox: Sandbox, kind: str
) -> None:
    sandbox.order("query", kind, channel="partner")
    reply = partner.quote_refund(plan_no=plan.plan_no, amount=1_000, effective_on=TODAY)
    assert (reply.outcome, reply.effect) == (Outcome.UNKNOWN, None)


def test_nobody_reached_means_nothing_refunded(
    config: PartnerConfig, refund_of: Callable[[int], PartnerRefundRequest]
) -> None:
    nobody = PartnerChannel(replace(config, gateway="http://127.0.0.1:9/partner"))
    assert nobody.refund(refund_of(100)).outcome is Outcome.NOT_EXECUTED
    assert nobody.query_refund("Rwhatever").outcome is Outcome.UNKNOWN


def test_a_stranger_is_not_heard_and_not_believed(config: PartnerConfig, plan: NewPartnerPlan) -> None:
    stranger = generate_private_key(public_exponent=65537, key_size=2048)
    impostor = PartnerChannel(replace(config, private_key=stranger))
    assert impostor.plan(plan.plan_no).code == "SIGNATURE_INVALID"
    deaf = PartnerChannel(replace(config, public_key=stranger.public_key()))
    assert deaf.plan(plan.plan_no).code == "transport.bad_signature"


def test_a_refund_that_waits_is_told_so_until_it_is_carried_out_or_rejected(
    partner: PartnerChannel, refund_of: Callable[[int], PartnerRefundRequest], sandbox: Sandbox
) -> None:
    sandbox.order("refund", "processing", "", 2, channel="partner")
    carried_out, rejected = refund_of(100), refund_of(200)
    assert {partner.refund(request).outcome for request in (carried_out, rejected)} == {Outcome.WAITING}
    sandbox.tell(f"refunds/{carried_out.number}/settle")
    sandbox.tell(f"refunds/{rejected.number}/fail")
    assert partner.query_refund(carried_out.number).outcome is Outcome.SUCCEEDED
    refused = partner.query_refund(rejected.number)
    assert (refused.outcome, refused.code) == (Outcome.FAILED, "REFUND_REJECTED")


def test_the_settlement_file_has_every_line_of_the_day_and_its_net(
    partner: PartnerChannel,
    plan: NewPartnerPlan,
    refund_of: Callable[[int], PartnerRefundRequest],
    sandbox: Sandbox,
) -> None:
    repay(sandbox, plan, 1)
    request = refund_of(60_000)
    partner.refund(request)
    day = (datetime.now(UTC) + timedelta(hours=8)).date()
    lines = {line.kind: line for line in partner.settlement(day) if line.plan_no == plan.plan_no}
    assert (lines["plan"].amount, lines["plan"].commission, lines["plan"].net) == (120_000, -2_400, 117_600)
    assert (lines["refund"].number, lines["refund"].net) == (request.number, -60_000 + 1_200)
    assert (lines["repayment"].amount, lines["repayment"].net) == (10_720, 0)


@pytest.mark.parametrize(
    ("kind", "refusal"), [("torn", BillRefused), ("other_day", BillRefused), ("hang", BillNotReady)]
)
def test_a_file_that_is_torn_or_of_another_day_is_refused(
    partner: PartnerChannel, plan: NewPartnerPlan, sandbox: Sandbox, kind: str, refusal: type[Exception]
) -> None:
    sandbox.order("bill", kind, channel="partner")
    with pytest.raises(refusal):
        partner.settlement(TODAY)


def test_the_holder_sees_the_balance_and_withdraws_it(
    partner: PartnerChannel,
    plan: NewPartnerPlan,
    refund_of: Callable[[int], PartnerRefundRequest],
    sandbox: Sandbox,
) -> None:
    """R055: by the platform's own rules, on the platform's own page."""
    repay(sandbox, plan, 2)
    partner.refund(refund_of(120_000))
    page = sandbox.trade(plan.plan_no)["page"]
    with sandbox.browser() as browser:
        text = browser.get(page).text
        assert "¥</small>200.00" in text
        token = text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        answer = browser.post(f"{page}/withdraw", data={"csrfmiddlewaretoken": token}, follow_redirects=True)
        assert answer.status_code == httpx.codes.OK
    assert sums(partner, plan)[3] == 0
