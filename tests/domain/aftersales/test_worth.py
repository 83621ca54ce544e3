"""What pieces are worth, on the edges; the laws are with those of the quote."""

import pytest

from fenqi.domain.aftersales.worth import BoughtLine, GivenDifference, free_pieces, shares, worth_of

CUPS = BoughtLine(line_no=1, quantity=3, unit_price=4_000, discount=1_000, freight=600)


def test_each_piece_bears_its_share_of_what_belongs_to_the_line() -> None:
    assert [shares(1_000, [n], among=3) for n in (1, 2, 3)] == [333, 334, 333]
    assert [worth_of(CUPS, (n,), freight_back=True).value for n in (1, 2, 3)] == [3_867, 3_866, 3_867]


def test_freight_goes_back_only_by_policy() -> None:
    assert worth_of(CUPS, (1, 2, 3), freight_back=False).value == 11_000
    assert worth_of(CUPS, (1, 2, 3), freight_back=True).value == 11_600


def test_a_difference_counts_for_the_pieces_it_was_given_for() -> None:
    """Piece 1 had gone back before the price fell, so pieces 2 and 3 share it."""
    line = BoughtLine(
        line_no=1, quantity=3, unit_price=4_000, differences=(GivenDifference(amount=501, pieces=(2, 3)),)
    )
    assert [worth_of(line, (n,), freight_back=False).difference for n in (1, 2, 3)] == [0, 251, 250]


@pytest.mark.parametrize(("found", "deducted", "value"), [(0, 0, 3_667), (667, 667, 3_000), (9_999, 3_667, 0)])
def test_no_more_is_deducted_than_there_is(found: int, deducted: int, value: int) -> None:
    worth = worth_of(CUPS, (1,), freight_back=False, deduction=found)
    assert (worth.deduction, worth.value) == (deducted, value)


def test_a_line_with_more_discount_than_price_is_worth_nothing() -> None:
    line = BoughtLine(line_no=1, quantity=1, unit_price=100, discount=250)
    assert worth_of(line, (1,), freight_back=False, deduction=10).value == 0


def test_the_lowest_free_pieces_are_taken() -> None:
    assert free_pieces(4, {1, 3}, count=2) == (2, 4)
    assert free_pieces(4, {1, 3}, count=3) == (2, 4), "fewer than asked for: the caller refuses"
