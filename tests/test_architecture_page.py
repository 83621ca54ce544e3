"""The diagrams of the docs are drawn from the code, and are as the code is."""

import pytest

from architecture_diagram import ARCHITECTURE, FLOORS, RESERVE_STATES, STATES, floor_of, imports_between_rooms, pages
from fenqi.domain.payments.attempts import AttemptState
from fenqi.domain.payments.refunds import RefundState
from fenqi.domain.reserves import HoldState, MoveState
from generated_parts import brought_up_to_date, out_of_date


def test_the_pages_show_the_imports_and_the_moves_as_they_are() -> None:
    assert out_of_date(pages()) == [], "run: python scripts/architecture_diagram.py --write"


def test_the_imports_are_read_and_go_down() -> None:
    imports = imports_between_rooms()
    assert "usecases/repayment" in imports["interfaces/portal"]
    assert "domain/plans" in imports["usecases/repayment"]
    for room, others in imports.items():
        if floor_of(room) in FLOORS:
            floors = [floor_of(other) for other in others if floor_of(other) in FLOORS]
            assert all(FLOORS.index(floor) >= FLOORS.index(floor_of(room)) for floor in floors), room


def test_every_state_of_an_attempt_and_of_a_refund_is_drawn() -> None:
    text = STATES.read_text()
    assert all(f"--> {state}" in text for state in AttemptState)
    assert all(f"--> {state}" in text for state in RefundState)


def test_every_state_of_a_reserve_is_drawn() -> None:
    text = RESERVE_STATES.read_text()
    assert all(f"{state}" in text for state in (*HoldState, *MoveState))


def test_a_page_that_says_something_else_is_found() -> None:
    text = ARCHITECTURE.read_text()
    assert brought_up_to_date(text.replace("usecases --> domain", ""), pages()[ARCHITECTURE]) == text


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="expected once"):
        brought_up_to_date("", {"floors": "a diagram"})
