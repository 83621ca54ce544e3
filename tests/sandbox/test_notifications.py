"""Notifications: repeated until they are taken, and wrong in every way on demand."""

import pytest

from sandbox_town import SELLER, Merchant, Receiver, Sandbox, until


def test_a_notification_is_repeated_unchanged_until_it_is_taken(
    merchant: Merchant, sandbox: Sandbox, receiver: Receiver
) -> None:
    receiver.answer = lambda _callback: "success" if len(receiver.callbacks) >= 3 else "fail"
    number = merchant.opened(notify_url=receiver.url)
    sandbox.act(number, "confirm")
    forms = [callback.form for callback in receiver.wait_for(3)]
    assert forms[0] == forms[1] == forms[2]
    assert (forms[0]["seller_id"], forms[0]["total_amount"]) == (SELLER, "88.80")
    until(lambda: sandbox.trade(number)["notifications"][0]["state"] == "done")


def test_nobody_there_leaves_it_waiting(merchant: Merchant, sandbox: Sandbox) -> None:
    number = merchant.opened(notify_url="http://127.0.0.1:9/nobody")
    sandbox.act(number, "confirm")
    until(lambda: sandbox.trade(number)["notifications"][0]["answer"] == "ConnectError")
    assert sandbox.trade(number)["notifications"][0]["state"] == "waiting"


def test_twice_at_once(merchant: Merchant, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("notify", "twice")
    sandbox.act(merchant.opened(notify_url=receiver.url), "confirm")
    first, second = receiver.wait_for(2)
    assert first == second


def test_never(merchant: Merchant, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("notify", "drop")
    number = merchant.opened(notify_url=receiver.url)
    assert sandbox.act(number, "confirm")["notifications"][0]["state"] == "dropped"
    sandbox.act(number, "notify_again")
    assert receiver.wait_for(1)[0].form["out_trade_no"] == number


def test_out_of_order(merchant: Merchant, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("notify", "hold")
    earlier, later = (merchant.opened(notify_url=receiver.url) for _ in range(2))
    sandbox.act(earlier, "confirm")
    sandbox.act(later, "confirm")
    assert [told.form["out_trade_no"] for told in receiver.wait_for(2)] == [later, earlier]


def test_late(merchant: Merchant, sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("notify", "slow", "600")
    number = merchant.opened(notify_url=receiver.url)
    assert sandbox.act(number, "confirm")["notifications"][0]["sends"] == 0
    sandbox.act(number, "notify_again")
    receiver.wait_for(1)


@pytest.mark.parametrize("action", ["forge", "tamper"])
def test_a_forgery_pays_nothing(merchant: Merchant, sandbox: Sandbox, receiver: Receiver, action: str) -> None:
    number = merchant.opened(notify_url=receiver.url)
    sandbox.act(number, action)
    receiver.wait_for(1)
    assert sandbox.trade(number)["status"] == "WAIT_BUYER_PAY"
