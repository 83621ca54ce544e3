"""A headline breaks at its first comma, and reads right when it does not break."""

import re

import pytest

from fenqi.interfaces.shared.ui_tags import answer


@pytest.mark.parametrize(
    "text", ["¥866.33 is paid, ¥866.34 is left", "¥199.00 已还上，剩余应还 ¥597.00", "Nothing is owed"]
)
def test_no_word_or_space_of_a_headline_is_lost(text: str) -> None:
    assert re.sub("<[^>]+>", "", answer(text)) == text


def test_a_gap_stands_between_the_parts_where_it_is_kept() -> None:
    assert answer("a, b") == "<span>a,</span> <span>b</span>"
    assert answer("甲，乙") == "<span>甲，</span><span>乙</span>"


def test_a_headline_is_escaped() -> None:
    assert "<script>" not in answer("<script>, x")
