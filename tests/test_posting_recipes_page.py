"""The page of posting recipes says what the engine posts."""

import re

import pytest

from fenqi.domain.ledger import EntryCode
from fenqi.domain.ledger.recipes import RECIPES
from generated_parts import out_of_date
from posting_recipes_page import PAGE, Example, examples, pages

ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
MONEY_OUT = {
    "refund_paid",
    "refund_returned",
    "transfer_paid",
    "channel_settlement",
    "suspense",
    "price_difference",
    "reserve_held",
    "reserve_released",
    "reserve_captured",
    "return_at_ordering",
    "partner_funded",
    "partner_refund",
    "partner_settlement",
    "plan_moved",
    "plan_moved_back",
    "repayment_passed_on",
}
CUSTOMERS_SIDE = ("receivable.", "customer.balance")
CHARGED_OFF_SIDE = ("expense.bad_debt", "allowance.bad_debt")


def rules() -> dict[str, str]:
    """Event to what the page says of its other side."""
    found = ROW.findall(PAGE.read_text())
    return {code: side for codes, side in found for code in re.findall(r"\w+", codes)}


def test_the_figures_are_those_of_the_engine() -> None:
    assert out_of_date(pages()) == [], "run: python scripts/posting_recipes_page.py --write"


def test_every_recipe_has_its_rule_and_its_example() -> None:
    codes = {kind.value for kind in RECIPES} | {"opened", "duplicate_payment"} | MONEY_OUT
    assert codes == set(EntryCode)
    assert set(rules()) == codes
    assert {example.code for example in examples()} == codes


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.words)
def test_the_rule_names_the_accounts_of_the_example(example: Example) -> None:
    rule = rules()[example.code].replace("<channel>", "alipay").replace("<lender>", "lender")
    lines = example.entry.lines if example.entry else ()
    assert sum(line.debit - line.credit for line in lines) == 0
    assert bool(lines) == (rule != "nothing")
    unnamed = {line.account for line in lines if f"`{line.account}`" not in rule}
    if example.code is not EntryCode.REVERSAL:
        assert all(account.startswith(CUSTOMERS_SIDE) or account in CHARGED_OFF_SIDE for account in unnamed)


def test_a_reversal_is_the_mirror_of_what_it_undoes() -> None:
    entries = {example.code: example.entry for example in reversed(examples()) if example.entry}
    undone = {(line.account, line.credit, line.debit) for line in entries[EntryCode.REPAYMENT].lines}
    assert {(line.account, line.debit, line.credit) for line in entries[EntryCode.REVERSAL].lines} == undone
