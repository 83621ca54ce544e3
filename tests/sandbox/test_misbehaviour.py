"""Ordered faults, and chaos that replays."""

import json
from collections.abc import Iterator

import pytest

from sandbox_town import Merchant, Sandbox

QUERY = "alipay.trade.query"
RATES = {"alipay.query.code:ACQ.SYSTEM_ERROR": 0.3, "alipay.query.not_found": 0.2}


@pytest.fixture(autouse=True)
def _quiet_afterwards(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.tell("faults/forget")
    sandbox.tell("chaos")


def asked(merchant: Merchant, number: str, times: int) -> list[str]:
    """What a query says each time."""
    answers = [merchant.call(QUERY, {"out_trade_no": number}) for _ in range(times)]
    return [str(answer.get("sub_code", "fine")) for answer in answers]


def test_chaos_replays_by_its_seed(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    runs = []
    for seed in (7, 7, 8):
        sandbox.tell("chaos", seed=seed, rates=RATES)
        runs.append(asked(merchant, number, 30))
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {"fine", "ACQ.SYSTEM_ERROR", "ACQ.TRADE_NOT_EXIST"}


def test_chaos_draws_for_each_number_apart(merchant: Merchant, sandbox: Sandbox) -> None:
    first, second = merchant.opened(), merchant.opened()
    sandbox.tell("chaos", seed=7, rates=RATES)
    assert asked(merchant, first, 30) != asked(merchant, second, 30)


def test_chaos_ends_when_told_or_when_all_is_forgotten(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    for ending in ("chaos", "faults/forget"):
        sandbox.tell("chaos", seed=1, rates={"alipay.query.not_found": 1})
        assert asked(merchant, number, 1) == ["ACQ.TRADE_NOT_EXIST"]
        sandbox.tell(ending)
        assert asked(merchant, number, 1) == ["fine"]


def test_an_order_comes_before_chaos(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    sandbox.tell("chaos", seed=1, rates={"alipay.query.not_found": 1})
    sandbox.order("query", "code", "ACQ.SYSTEM_ERROR")
    assert asked(merchant, number, 2) == ["ACQ.SYSTEM_ERROR", "ACQ.TRADE_NOT_EXIST"]


@pytest.mark.parametrize(
    "body",
    [
        {"rates": ["alipay.query.hang"]},
        {"rates": {"alipay.query": 0.1}},
        {"rates": {"alipay.query.drop": 0.1}},
        {"rates": {"nobody.query.hang": 0.1}},
        {"rates": {"alipay.query.hang": 1.1}},
        {"rates": {"alipay.query.hang": "often"}},
        {"rates": {"alipay.query.code": 0.1}},
        {"seed": "x"},
    ],
)
def test_chaos_that_makes_no_sense_is_refused(sandbox: Sandbox, body: dict[str, object]) -> None:
    assert sandbox.http.post(f"{sandbox.url}/control/api/chaos", json=body).status_code == 400


def test_each_channel_has_its_own_orders(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened()
    sandbox.order("query", "code", "SYSTEM_ERROR", channel="wechat_pay")
    assert asked(merchant, number, 1) == ["fine"]


@pytest.mark.parametrize("offset", ["soon", 10**12, float("-inf")])
def test_a_clock_is_set_within_ten_years(sandbox: Sandbox, offset: object) -> None:
    answer = sandbox.http.post(
        f"{sandbox.url}/control/api/clock",
        content=json.dumps({"offset_seconds": str(offset)}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400


def test_the_calendar_moves_and_signatures_hold(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened(timeout_express="15d")
    sandbox.tell("clock", offset_seconds=16 * 24 * 3600)
    assert merchant.call(QUERY, {"out_trade_no": number})["trade_status"] == "TRADE_CLOSED"
    sandbox.tell("clock", skew_seconds=1200)
    assert merchant.call(QUERY, {"out_trade_no": number})["sub_code"] == "isv.invalid-timestamp"
    sandbox.tell("clock")
    assert merchant.call(QUERY, {"out_trade_no": number})["trade_status"] == "TRADE_CLOSED"
