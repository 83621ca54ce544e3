"""The markup leads nowhere but to pages of ours, and the search finds what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.domain.errors import InvalidInput
from fenqi.domain.help.markup import BlockKind, Span, parse
from fenqi.domain.help.search import Page, found, pieces


def test_a_text_becomes_blocks() -> None:
    blocks = parse(
        "## How\n1. Open [My bills](bills), **now**\n7. Pay\n- a point\n\n{{next_bills}}\nWords <b>\n## B\n1. x"
    )
    assert [block.kind.value for block in blocks] == [
        "heading", "step", "step", "point", "living", "text", "heading", "step",
    ]  # fmt: skip
    assert [block.number for block in blocks if block.kind is BlockKind.STEP] == [1, 2, 1]
    assert blocks[1].spans == (
        Span("Open "), Span("My bills", page="bills"), Span(", "), Span("now", is_strong=True),
    )  # fmt: skip
    assert blocks[4].name == "next_bills"
    assert blocks[5].text == "Words <b>"


@pytest.mark.parametrize("text", ["[x](evil)", "[x](guide:nothing)", "{{secrets}}"])
def test_a_link_or_a_block_that_there_is_not_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse(text)


@pytest.mark.parametrize("text", ["[x](https://evil.example)", "[x](javascript:alert(1))", "<a href=x>", "[x]()"])
def test_an_address_is_no_link_but_words(text: str) -> None:
    assert all(not span.page for block in parse(text) for span in block.spans)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    problems: list[object] = []
    try:
        parse(text)
    except InvalidInput as refusal:
        problems.append(refusal.details["where"])
    assert set(problems) <= {"text"}


PAGES = (
    Page("refund", ("退款多久到账", "How long a refund takes"), ("五步",), ("退款从申请到到账",)),
    Page("price", ("买完降价了", "The price fell"), (), ("差价退给你",)),
    Page("repay", ("怎么还款", "Repaying"), ("没还成",), ("余额不足，存入后再试",)),
)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("退款", "refund"), ("refund", "refund"), ("REFUNDS", "refund"), ("钱什么时候退回", "refund"),
        ("降价", "price"), ("保价", "price"), ("cheaper", "price"), ("还不上", "repay"), ("declined", "repay"),
    ],
)  # fmt: skip
def test_one_finds_what_one_means(query: str, first: str) -> None:
    assert found(query, PAGES)[0] == first


@pytest.mark.parametrize("query", ["", "  ", "!!", "彩票", "zebra"])
def test_what_is_not_there_is_not_found(query: str) -> None:
    assert found(query, PAGES) == ()


@given(st.text(max_size=300))
def test_any_query_is_answered(query: str) -> None:
    assert set(found(query, PAGES)) <= {"refund", "price", "repay"}


def test_chinese_is_cut_into_pairs() -> None:
    assert pieces("退款到账 Refunds, as") == ("退款", "款到", "到账", "refund", "as")
