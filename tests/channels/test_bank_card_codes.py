"""What the codes of the bank cards' gateway mean, and those of the card network, which use the same digits."""

import pytest

from fenqi.channels.bank_card.codes import ACP, ACP_CODES, ISO8583, ISO8583_CODES, Scheme, scheme_named
from fenqi.domain.payments import UNMAPPED, FailureCategory, Operation, Outcome, RetryMark

# Every response code of the gateway's appendix, with the category it belongs to.
GATEWAY = {
    FailureCategory.INSUFFICIENT_BALANCE: "64",
    FailureCategory.WRONG_ACCOUNT_INFO: "40 61 65 66 71 73",
    FailureCategory.METHOD_UNAVAILABLE: "30 38 62 63 68 69 72 76 77 78 79 80",
    FailureCategory.OUTCOME_UNKNOWN: "03 04 05 12 34 42 70 74 75",
    FailureCategory.LIMIT_EXCEEDED: "33 67",
    FailureCategory.CHANNEL_MAINTENANCE: "02 06 37 39",
    FailureCategory.CONTACT_SUPPORT: "01 60",
    FailureCategory.MERCHANT_CONFIG: "10 11 13 14 31 32 35 36 43 44 45 46 98 99",
}
# Every answer of field 39 in the card network's table.
NETWORK = {
    FailureCategory.INSUFFICIENT_BALANCE: "51",
    FailureCategory.WRONG_ACCOUNT_INFO: "14 15 33 54 55 59",
    FailureCategory.METHOD_UNAVAILABLE: "12 21 36 40 57 58 62",
    FailureCategory.OUTCOME_UNKNOWN: "09 68 94 98",
    FailureCategory.LIMIT_EXCEEDED: "13 38 61 65 75",
    FailureCategory.CHANNEL_MAINTENANCE: "90 91 92 96",
    FailureCategory.CONTACT_SUPPORT: "01 02 04 05 06 07 34 35 37 41 43",
    FailureCategory.MERCHANT_CONFIG: "22 25 30 64 97 99 A0",
}
UNDECIDED = {Outcome.UNKNOWN, Outcome.WAITING, Outcome.NOT_FOUND}
BLAMING = {
    FailureCategory.INSUFFICIENT_BALANCE,
    FailureCategory.WRONG_ACCOUNT_INFO,
    FailureCategory.METHOD_UNAVAILABLE,
    FailureCategory.LIMIT_EXCEEDED,
}


def listed(table: dict[FailureCategory, str]) -> list[tuple[str, FailureCategory]]:
    return [(code, category) for category, codes in table.items() for code in codes.split()]


@pytest.mark.requirement("R141")
@pytest.mark.parametrize(("code", "category"), listed(GATEWAY))
def test_every_documented_code_of_the_gateway_has_one_category(code: str, category: FailureCategory) -> None:
    assert ACP.verdict(Operation.PAY, code).category is category


@pytest.mark.requirement("R141")
@pytest.mark.parametrize(("code", "category"), listed(NETWORK))
def test_every_documented_answer_of_the_card_network_has_one_category(code: str, category: FailureCategory) -> None:
    assert ISO8583.verdict(Operation.PAY, code).category is category


def test_no_documented_code_is_missing_from_any_operation() -> None:
    for operation in ACP_CODES:
        assert {code for code, _ in listed(GATEWAY)} == ACP_CODES[operation].keys(), operation
    for operation in ISO8583_CODES:
        assert {code for code, _ in listed(NETWORK)} == ISO8583_CODES[operation].keys(), operation
    assert {"00", "A6"} == ACP.done
    assert {"00", "A2", "A4", "A5", "A6"} == ISO8583.done
    for scheme in (ACP, ISO8583):
        assert not any(scheme.done & codes.keys() for codes in scheme.codes.values())


@pytest.mark.parametrize("code", ["14", "61", "65", "75"])
def test_the_same_digits_mean_another_thing_in_the_other_scheme(code: str) -> None:
    assert ACP.verdict(Operation.PAY, code) != ISO8583.verdict(Operation.PAY, code)


@pytest.mark.parametrize(
    ("code", "outcome", "retry"),
    [
        ("64", Outcome.FAILED, RetryMark.NEW_ATTEMPT),
        ("03", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("05", Outcome.WAITING, RetryMark.QUERY_FIRST),
        ("34", Outcome.NOT_FOUND, RetryMark.QUERY_FIRST),
        ("12", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("42", Outcome.UNKNOWN, RetryMark.NEVER),
        ("74", Outcome.UNKNOWN, RetryMark.NEVER),
        ("75", Outcome.UNKNOWN, RetryMark.NEVER),
        ("02", Outcome.FAILED, RetryMark.LATER),
        ("67", Outcome.FAILED, RetryMark.LATER),
        ("99", Outcome.UNKNOWN, RetryMark.QUERY_FIRST),
        ("11", Outcome.NOT_EXECUTED, RetryMark.NEVER),
    ],
)
def test_what_is_known_and_what_may_be_tried_again(code: str, outcome: Outcome, retry: RetryMark) -> None:
    verdict = ACP.verdict(Operation.PAY, code)
    assert (verdict.outcome, verdict.retry) == (outcome, retry)


@pytest.mark.parametrize("operation", [Operation.QUERY, Operation.QUERY_REFUND])
def test_a_refused_question_never_says_what_became_of_a_payment(operation: Operation) -> None:
    verdicts = ACP_CODES[operation]
    assert {verdict.outcome for verdict in verdicts.values()} == {Outcome.UNKNOWN, Outcome.NOT_FOUND}
    assert not BLAMING & {verdict.category for verdict in verdicts.values()}


def test_a_refund_that_the_gateway_does_not_know_may_be_sent_again() -> None:
    assert ACP.verdict(Operation.QUERY_REFUND, "34").retry is RetryMark.SAME_REQUEST
    assert ACP.verdict(Operation.QUERY, "34").retry is RetryMark.QUERY_FIRST


def test_a_refund_with_too_little_money_is_the_merchants_matter_and_a_dead_card_a_persons() -> None:
    short, dead = ACP.verdict(Operation.REFUND, "64"), ACP.verdict(Operation.REFUND, "63")
    assert (short.outcome, short.category, short.alert) == (
        Outcome.NOT_EXECUTED,
        FailureCategory.CHANNEL_MAINTENANCE,
        True,
    )
    assert (dead.outcome, dead.category) == (Outcome.ABNORMAL, FailureCategory.CONTACT_SUPPORT)


@pytest.mark.parametrize("code", ["40", "80"])
def test_forgetting_a_card_that_is_forgotten_already_is_a_success(code: str) -> None:
    assert ACP.verdict(Operation.UNBIND, code).outcome is Outcome.SUCCEEDED
    assert ACP.verdict(Operation.BIND, code).outcome is Outcome.FAILED


@pytest.mark.parametrize("scheme", [ACP, ISO8583, scheme_named("visa")])
@pytest.mark.parametrize("code", ["", "ZZ", "640", "6", "*"])
def test_a_code_nobody_mapped_leaves_the_outcome_unknown(scheme: Scheme, code: str) -> None:
    assert scheme.verdict(Operation.PAY, code) is UNMAPPED


def test_a_scheme_nobody_knows_says_nothing() -> None:
    assert scheme_named("visa").verdict(Operation.PAY, "64") is UNMAPPED
    assert scheme_named("visa").done == frozenset()
    assert (scheme_named(""), scheme_named("iso8583")) == (ACP, ISO8583)


@pytest.mark.requirement("R137")
def test_nothing_is_said_about_balance_details_or_limits_while_the_outcome_is_unknown() -> None:
    for table in (ACP_CODES, ISO8583_CODES):
        for verdicts in table.values():
            for code, verdict in verdicts.items():
                if verdict.outcome in UNDECIDED:
                    assert verdict.category not in BLAMING, code
                    assert verdict.shown_category is FailureCategory.OUTCOME_UNKNOWN
                if verdict.category is FailureCategory.MERCHANT_CONFIG:
                    assert verdict.alert, code
