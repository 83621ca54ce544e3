"""Links: good for their plan and their time, refused when altered, silent to whoever finds them."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from fenqi.records.identifiers import new_id
from fenqi.usecases.entries.links import (
    CODE_LENGTH,
    LINK_LIFETIME,
    LinkState,
    link_code,
    permanent_address,
    plan_code,
    plan_of_code,
    read_link,
    repayment_link,
)
from malls import noon

NOW = noon("2026-03-10")


@pytest.mark.requirement("R161")
def test_a_link_names_its_plan_for_thirty_days_and_fits_a_text_message() -> None:
    customer_id, plan_id = new_id(), new_id()
    code = repayment_link(customer_id, plan_id, now=NOW).removeprefix("http://127.0.0.1:8000/p/")
    assert re.fullmatch(r"[A-Za-z0-9_-]{34}", code)
    assert len(code) == CODE_LENGTH
    for days, state in ((0, LinkState.GOOD), (30, LinkState.GOOD), (31, LinkState.STALE)):
        link = read_link(code, now=NOW + timedelta(days=days))
        assert (link.state, link.plan_id) == (state, plan_id)
    assert read_link(code, now=NOW).valid_until == noon("2026-03-10").date() + LINK_LIFETIME
    assert str(customer_id) not in code


def test_a_code_of_tomorrow_is_not_good_today() -> None:
    assert read_link(link_code(new_id(), now=NOW + timedelta(days=2)), now=NOW).state is LinkState.STALE


@pytest.mark.requirement("R147")
@pytest.mark.parametrize("place", [0, 10, 23, 24, 33])
def test_one_altered_character_is_a_forgery(place: int) -> None:
    code = link_code(UUID(int=7), now=NOW)
    other = "A" if code[place] != "A" else "B"
    assert read_link(code[:place] + other + code[place + 1 :], now=NOW).state is LinkState.FORGED


@pytest.mark.parametrize("code", ["", "x", "还款" * 17, "-" * 34, "A" * 34, "A" * 35, "\x00" * 34, "A" * 100_000])
def test_nonsense_is_a_forgery_and_no_error(code: str) -> None:
    assert read_link(code, now=NOW).state is LinkState.FORGED


def test_a_link_of_the_key_before_is_still_ours(settings: object) -> None:
    code = link_code(UUID(int=7), now=NOW)
    before = settings.SECRET_KEY  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another-key-another-key-another-key-another-key-another"  # type: ignore[attr-defined]
    assert read_link(code, now=NOW).state is LinkState.FORGED
    settings.SECRET_KEY_FALLBACKS = [before]  # type: ignore[attr-defined]
    assert read_link(code, now=NOW).state is LinkState.GOOD


def test_the_permanent_code_is_the_plans_for_good() -> None:
    plan_id = new_id()
    assert plan_of_code(plan_code(plan_id)) == plan_id
    assert permanent_address(plan_id).endswith("/r/" + plan_code(plan_id))


@pytest.mark.parametrize("code", ["", "A" * 21, "A" * 23, "还" * 22, "A" * 21 + "B", "!" * 22])
def test_what_is_no_plans_code_is_none(code: str) -> None:
    assert plan_of_code(code) is None
