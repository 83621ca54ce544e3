"""The words of the confirming page's address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenqi.interfaces.portal.choices import choice_from, word_of
from fenqi.records.models import PaymentPurpose
from fenqi.usecases.repayment.quote import Choice, InvalidChoice


@given(st.lists(st.integers(0, 999), min_size=1, max_size=36))
def test_a_choice_reads_back_from_its_word(numbers: list[int]) -> None:
    choice = Choice(purpose=PaymentPurpose.INSTALLMENTS, installments=tuple(numbers))
    assert choice_from(word_of(choice)) == choice


@pytest.mark.parametrize("purpose", [PaymentPurpose.DUE, PaymentPurpose.SETTLEMENT])
def test_everything_due_and_the_whole_plan_have_words_of_their_own(purpose: PaymentPurpose) -> None:
    assert choice_from(word_of(Choice(purpose=purpose))) == Choice(purpose=purpose)


@pytest.mark.parametrize("word", ["", "x", "1,", ",", "-1", "1.5", "٣", "99999", "1,2,x", " 1", "1;2", "due,1"])
def test_any_other_word_is_refused(word: str) -> None:
    with pytest.raises(InvalidChoice):
        choice_from(word)
