"""The page of requirements and the marks of the tests say the same."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from requirements_page import NOT_YET, PAGE, brought_up_to_date, marked_tests, rows

ALL = [f"R{n:03}" for n in range(1, 186)]


def test_the_page_has_one_line_for_every_requirement() -> None:
    assert list(rows(PAGE.read_text())) == ALL


def test_no_mark_names_a_requirement_that_does_not_exist() -> None:
    assert set(marked_tests()) <= set(ALL)


def test_the_page_names_the_tests_that_carry_the_marks() -> None:
    text = PAGE.read_text()
    assert brought_up_to_date(text, marked_tests()) == text, "run: python scripts/requirements_page.py --write"


def test_what_is_said_to_be_done_is_shown_by_a_test_and_what_is_not_says_so() -> None:
    for requirement, (said, tests) in rows(PAGE.read_text()).items():
        assert said.lower().startswith(NOT_YET) == (tests == NOT_YET), requirement
