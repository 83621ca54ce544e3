"""What is believed of a notification of the bank cards' gateway."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import pytest

from fenqi.channels.bank_card import BankCardChannel, BankCardConfig
from fenqi.channels.interface import Callback, ChargeRef, DebitRequest, NotificationRefused
from fenqi.domain.money import Money
from fenqi.domain.payments import Outcome
from sandbox_town import Receiver, Sandbox, until


def refusal_of(channel: BankCardChannel, callback: Callback) -> str:
    with pytest.raises(NotificationRefused) as refused:
        channel.read_notification(callback)
    return refused.value.reason.value


def changed(callback: Callback, **fields: str) -> Callback:
    form = {**dict(parse_qsl(callback.body.decode())), **fields}
    return replace(callback, body=urlencode(form).encode())


def test_the_same_news_has_the_same_number_and_other_news_another(
    bank_card: BankCardChannel, debit: DebitRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    sandbox.order("charge", "processing", channel="bank_card")
    bank_card.debit(debit)
    sandbox.act(debit.out_trade_no, "refuse")
    receiver.wait_for(1)
    sandbox.act(debit.out_trade_no, "notify_again")
    receiver.wait_for(2)
    sandbox.act(debit.out_trade_no, "pay_late")
    refused, again, paid = (bank_card.read_notification(callback) for callback in receiver.wait_for(3)[:3])
    assert refused.notify_id == again.notify_id != paid.notify_id
    assert [one.reply.outcome for one in (refused, again, paid)] == [Outcome.FAILED, Outcome.FAILED, Outcome.SUCCEEDED]


@pytest.mark.parametrize("action", ["forge", "tamper"])
def test_forged_and_changed_notifications_are_refused(
    bank_card: BankCardChannel, debited: ChargeRef, receiver: Receiver, sandbox: Sandbox, action: str
) -> None:
    sandbox.act(debited.out_trade_no, action)
    assert refusal_of(bank_card, receiver.wait_for(2)[1]) == "bad_signature"


def test_a_notification_of_another_merchant_is_refused(
    bank_card_config: BankCardConfig, debited: ChargeRef, receiver: Receiver
) -> None:
    other = BankCardChannel(replace(bank_card_config, mer_id="898000000000002"))
    assert refusal_of(other, receiver.callbacks[0]) == "wrong_seller"


def test_what_is_no_notification_is_refused(bank_card: BankCardChannel, debited: ChargeRef, receiver: Receiver) -> None:
    true = receiver.callbacks[0]
    assert refusal_of(bank_card, replace(true, body=b"")) == "malformed"
    assert refusal_of(bank_card, replace(true, body=b"\xff\xfe")) == "malformed"
    assert refusal_of(bank_card, replace(true, body=b"a=1")) == "bad_signature"
    assert refusal_of(bank_card, changed(true, more="x" * 20_000)) == "malformed"
    assert refusal_of(bank_card, changed(true, **{f"f{n}": "1" for n in range(150)})) == "malformed"
    for name in ("txnAmt", "respCode", "orderId", "txnTime", "txnType", "merId"):
        assert refusal_of(bank_card, changed(true, **{name: "1"})) == "bad_signature"


def test_a_notification_is_repeated_until_it_is_taken(
    bank_card: BankCardChannel, debit: DebitRequest, receiver: Receiver, sandbox: Sandbox
) -> None:
    receiver.status = 500
    bank_card.debit(debit)
    receiver.wait_for(2)
    receiver.status = 302
    until(lambda: sandbox.trade(debit.out_trade_no)["notifications"][0]["state"] == "done")
    notes = {bank_card.read_notification(callback).notify_id for callback in receiver.callbacks}
    assert len(notes) == 1


@pytest.mark.parametrize(("kind", "count"), [("drop", 0), ("twice", 2), ("wrong_signature", 1)])
def test_notifications_are_lost_doubled_and_spoilt_on_demand(
    *,
    bank_card: BankCardChannel,
    debit: DebitRequest,
    receiver: Receiver,
    sandbox: Sandbox,
    kind: str,
    count: int,
) -> None:
    sandbox.order("notify", kind, channel="bank_card")
    bank_card.debit(debit)
    until(lambda: len(sandbox.trade(debit.out_trade_no)["notifications"]) == max(count, 1))
    receiver.wait_for(count)
    charge = ChargeRef(out_trade_no=debit.out_trade_no, amount=debit.amount, submitted_at=debit.submitted_at)
    assert bank_card.query(charge).amount == Money(384_04, "CNY")
    assert len(receiver.callbacks) == count
    if kind == "wrong_signature":
        assert refusal_of(bank_card, receiver.callbacks[0]) == "bad_signature"
