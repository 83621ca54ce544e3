"""Cards as they are typed: small mistakes are found at once, and the number never gets out."""

import traceback
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from fenqi.domain.cards import (
    BANKS,
    OTHER_BANK,
    Card,
    CardExpired,
    CardKind,
    CardNumberInvalid,
    CardNumberLength,
    CardRefused,
    CodeInvalid,
    ExpiryInvalid,
    HolderInvalid,
    PhoneInvalid,
    SecurityCodeInvalid,
    read_card,
    read_code,
    read_expiry,
    read_holder,
    read_phone,
    read_security_code,
)
from fenqi.domain.cards.bins import BINS, CREDIT_PREFIXES, DEBIT_PREFIXES

TODAY = date(2026, 11, 23)


def numbered(start: str, length: int) -> str:
    """A number of that length that begins so and has the right check digit."""
    body = start.ljust(length - 1, "7")
    return body + luhn.calc_check_digit(body)


numbers = st.builds(
    lambda body: body + luhn.calc_check_digit(body),
    st.from_regex(r"[1-57-9][0-9]{11,17}|6[013-9][0-9]{10,16}|62[0-9]{13,16}", fullmatch=True),
)


@pytest.mark.parametrize(
    ("number", "code", "kind", "zh"),
    [
        (numbered("622588", 16), "CMB", CardKind.DEBIT, "招商银行"),
        (numbered("622575", 16), "CMB", CardKind.CREDIT, "招商银行"),
        (numbered("622202", 19), "ICBC", CardKind.DEBIT, "工商银行"),
        (numbered("622848", 19), "ABC", CardKind.DEBIT, "农业银行"),
        (numbered("621700", 19), "CCB", CardKind.DEBIT, "建设银行"),
        (numbered("436742", 19), "CCB", CardKind.DEBIT, "建设银行"),
        (numbered("625965", 16), "CCB", CardKind.CREDIT, "建设银行"),
        (numbered("621661", 19), "BOC", CardKind.DEBIT, "中国银行"),
        (numbered("95588", 19), "ICBC", CardKind.DEBIT, "工商银行"),
        (numbered("95599", 19), "ABC", CardKind.DEBIT, "农业银行"),
        (numbered("623999", 19), "", CardKind.UNKNOWN, "其他银行"),
    ],
)
def test_a_card_tells_its_bank_and_kind(number: str, code: str, kind: CardKind, zh: str) -> None:
    card = read_card(number)
    assert (card.bank.code, card.kind, card.bank.name("zh-hans")) == (code, kind, zh)
    assert card.last4 == number[-4:]


def test_the_table_knows_the_big_banks_by_debit_and_credit_and_each_prefix_once() -> None:
    assert len(BANKS) >= 15
    listed = " ".join([*DEBIT_PREFIXES.values(), *CREDIT_PREFIXES.values()]).split()
    assert len(listed) == len(BINS) == len(set(listed))
    kinds = {(code, kind) for code, kind in BINS.values()}
    both = {code for code in BANKS if {(code, CardKind.DEBIT), (code, CardKind.CREDIT)} <= kinds}
    assert {"ICBC", "ABC", "BOC", "CCB", "COMM", "PSBC", "CMB", "CITIC", "CEB", "CMBC", "CIB", "SPDB"} <= both
    assert len(both) >= 15
    assert all(bank.zh and bank.en for bank in (*BANKS.values(), OTHER_BANK))


@pytest.mark.requirement("R126")
@pytest.mark.parametrize(
    "typed",
    [
        "6225 8812 3456 7898",
        "6225-8812-3456-7898",
        "６２２５８８１２３４５６７８９８",
        " 6225\u30008812\u00a03456 7898 ",
        "6225－8812－3456－7898",
    ],
)
def test_a_number_is_read_however_it_is_grouped(typed: str) -> None:
    assert read_card(typed).number == "6225881234567898"


@pytest.mark.requirement("R125", "R128")
@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("", CardNumberLength),
        ("622588123456789", CardNumberLength),  # a UnionPay number has sixteen digits at least
        ("62258812345678931234", CardNumberLength),
        ("6225881234567a93", CardNumberLength),
        ("6225881234567８9³", CardNumberLength),
        ("6225881234567898" + " " * 100, CardNumberLength),
        ("6225881234567899", CardNumberInvalid),
        ("6225881234568798", CardNumberInvalid),  # two digits changed places
        ("0000000000000000", CardNumberInvalid),
    ],
)
def test_a_slip_in_the_number_is_found_before_anything_is_sent(typed: str, refusal: type[CardRefused]) -> None:
    with pytest.raises(refusal) as refused:
        read_card(typed)
    assert refused.value.where == "number"
    assert "卡号" in refused.value.text("zh")


@pytest.mark.requirement("R128")
@given(numbers, st.data())
def test_every_single_wrong_digit_is_found(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(2, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789".replace(number[at], "")))
    with pytest.raises(CardNumberInvalid):
        read_card(number[:at] + wrong + number[at + 1 :])


@pytest.mark.requirement("R127", "R128")
@pytest.mark.parametrize("name", ["张三", "欧阳小明", "阿依古丽·买买提", "Anne-Marie O'Neill", "  张  三 ", "Li Lei"])
def test_names_are_taken_as_the_bank_has_them(name: str) -> None:
    assert read_holder(name) == " ".join(name.split())


@pytest.mark.requirement("R127", "R128")
@pytest.mark.parametrize("name", ["", "张", "张3", "x" * 31, "张三；", "·张三", "张\u202e三", "６６"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(HolderInvalid) as refused:
        read_holder(name)
    assert refused.value.where == "holder"


@pytest.mark.requirement("R128")
@pytest.mark.parametrize("typed", ["13800138000", "+86 138 0013 8000", "008613800138000", "１３８００１３８０００"])
def test_a_mainland_phone_is_read(typed: str) -> None:
    assert read_phone(typed) == "13800138000"


@pytest.mark.requirement("R128")
@pytest.mark.parametrize("typed", ["", "1380013800", "138001380000", "12800138000", "+85291234567", "abc"])
def test_any_other_phone_is_refused(typed: str) -> None:
    with pytest.raises(PhoneInvalid):
        read_phone(typed)


@pytest.mark.requirement("R128")
def test_an_expiry_is_month_before_year_and_good_to_the_end_of_its_month() -> None:
    assert read_expiry("11/26", today=TODAY) == "1126"
    assert read_expiry("０９２８", today=TODAY) == "0928"
    with pytest.raises(CardExpired):
        read_expiry("1026", today=TODAY)
    for typed in ("", "1326", "2609x", "0026", "92/8"):
        with pytest.raises(ExpiryInvalid):
            read_expiry(typed, today=TODAY)


def test_codes_are_digits_of_their_length() -> None:
    assert (read_code("123 456"), read_security_code("１２３")) == ("123456", "123")
    for typed in ("", "12345", "1234567", "12345a", "12345²"):
        with pytest.raises(CodeInvalid):
            read_code(typed)
    with pytest.raises(SecurityCodeInvalid):
        read_security_code("1234")


@pytest.mark.parametrize("refusal", CardRefused.__subclasses__())
def test_every_refusal_speaks_both_languages_and_has_its_own_code(refusal: type[CardRefused]) -> None:
    said = refusal(where="number", least=13, most=19)
    assert said.text("zh").endswith("。")
    assert said.text("en").endswith(".")
    assert refusal.code not in {
        "error",
        *(other.code for other in CardRefused.__subclasses__() if other is not refusal),
    }


def shown_by(value: object) -> str:
    return f"{value!r} {value} {value:s}" if isinstance(value, str) else f"{value!r} {value}"


def refused_by(read: Callable[[], object]) -> str:
    """All that a refusal shows: its texts, its details and its trace."""
    try:
        return shown_by(read())
    except CardRefused as refused:
        texts = (refused.text("zh"), refused.text("en"), repr(refused.details), str(refused.where))
        return "\n".join((*texts, shown_by(refused), *traceback.format_exception(refused)))


@given(numbers, st.data())
def test_no_card_and_no_refusal_shows_the_number(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(2, len(number) - 1))
    for typed in (number, number[:at] + str((int(number[at]) + 1) % 10) + number[at + 1 :], number + "12345678"):
        shown = refused_by(lambda typed=typed: read_card(typed))  # type: ignore[misc] # mypy cannot infer such a lambda
        assert number[6:] not in shown
        assert typed[6:] not in shown


@given(numbers)
def test_a_card_keeps_the_last_four_digits_to_show(number: str) -> None:
    card: Card = read_card(number)
    assert card.last4 == number[-4:]
    assert number[6:-4] not in repr(card)
