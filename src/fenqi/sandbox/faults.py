"""Misbehaviour on demand: what the next calls of an operation at a counterparty will suffer.

A counterparty asks `next_fault` once for each call and lets `suffer` carry the call out; what only it can do (a missing
signature, a bill with a row too few) it reads from the fault itself. Faults are ordered one by one, or drawn by the
chaos mode: from a seed, the call's channel, operation and number and how often that was asked, so that a run replays.
"""

import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.http import HttpRequest, HttpResponse

from fenqi.sandbox.connection import broken, hung
from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Store

CHANNELS: Final = ("alipay", "wechat_pay", "bank_card", "partner", "sms", "sms2", "email")


SMS_SERVICES: Final = ("sms", "sms2")


class Operation(StrEnum):
    CHARGE = "charge"
    """The order call, or a debit."""
    QUERY = "query"
    CLOSE = "close"
    REFUND = "refund"
    QUERY_REFUND = "query_refund"
    NOTIFY = "notify"
    ASK_CODE = "ask_code"
    BIND = "bind"
    UNBIND = "unbind"
    SIGN = "sign"
    QUERY_AGREEMENT = "query_agreement"
    END_AGREEMENT = "end_agreement"
    ANNOUNCE = "announce"
    FREEZE = "freeze"
    RELEASE = "release"
    CAPTURE = "capture"
    TRANSFER = "transfer"
    """A plan moves to the finance partner, or away; the money passed on to it."""
    QUERY_TRANSFER = "query_transfer"
    BILL = "bill"
    SMS = "sms"
    EMAIL = "email"


class Kind(StrEnum):
    SLOW = "slow"
    """Executed, answered after `value` seconds; a notification is sent that much later."""
    HANG = "hang"
    """Executed, never answered."""
    RESET = "reset"
    """Executed, then the connection breaks."""
    HTTP_500 = "http_500"
    """Executed, then an error page."""
    WRONG_SIGNATURE = "wrong_signature"
    """Executed; the answer or the notification is signed by a stranger."""
    UNSIGNED = "unsigned"
    """Executed; the answer carries no signature."""
    DOWN = "down"
    """Not executed: the connection breaks (messages)."""
    UNDELIVERED = "undelivered"
    """Taken, and never arrives (text messages)."""
    CODE = "code"
    """Not executed: answered with the code `value`."""
    CODE_AFTER = "code_after"
    """Executed, yet answered with the code `value`."""
    NOT_FOUND = "not_found"
    """A query says that there is no such thing."""
    PROCESSING = "processing"
    """A refund, a debit, or a freeze of a card and its end, stays in process until control moves it."""
    NO_FUND_CHANGE = "no_fund_change"
    """A refund is executed and answered with fund_change=N."""
    ALSO_NOTIFY = "also_notify"
    """A refund is followed by a notification."""
    NONSENSE = "nonsense"
    """Executed; the answer is signed and contradicts itself (finance partner)."""
    DROP = "drop"
    """The notification is never sent, nor repeated."""
    TWICE = "twice"
    """The notification goes out twice at the same moment."""
    HOLD = "hold"
    """The notification waits until the next one has been sent: the two arrive out of order."""
    EMPTY = "empty"
    """The bill of a day without anything."""
    CREATING = "creating"
    """The bill is not ready yet."""
    MISSING_ROW = "missing_row"
    EXTRA_ROW = "extra_row"
    WRONG_AMOUNT = "wrong_amount"
    DOUBLED_ROW = "doubled_row"
    TORN = "torn"
    """The bill ends in the middle of a row."""
    OTHER_DAY = "other_day"
    BOM = "bom"
    """The bill begins with a byte order mark."""


_BROKEN: Final = (Kind.SLOW, Kind.HANG, Kind.RESET, Kind.HTTP_500)
_ANSWER: Final = (*_BROKEN, Kind.WRONG_SIGNATURE, Kind.UNSIGNED, Kind.CODE, Kind.CODE_AFTER)
_QUESTION: Final = (*_ANSWER, Kind.NOT_FOUND, Kind.NONSENSE)
_SPOILT_BILL: Final = (
    Kind.EMPTY,
    Kind.CREATING,
    Kind.MISSING_ROW,
    Kind.EXTRA_ROW,
    Kind.WRONG_AMOUNT,
    Kind.DOUBLED_ROW,
    Kind.TORN,
    Kind.OTHER_DAY,
    Kind.BOM,
)

KINDS_OF: Final[Mapping[Operation, tuple[Kind, ...]]] = dict.fromkeys(Operation, _ANSWER) | {
    Operation.CHARGE: (*_ANSWER, Kind.PROCESSING),
    Operation.QUERY: _QUESTION,
    Operation.REFUND: (*_ANSWER, Kind.PROCESSING, Kind.NO_FUND_CHANGE, Kind.ALSO_NOTIFY, Kind.NONSENSE),
    Operation.QUERY_REFUND: _QUESTION,
    Operation.QUERY_AGREEMENT: _QUESTION,
    Operation.FREEZE: (*_ANSWER, Kind.PROCESSING),
    Operation.RELEASE: (*_ANSWER, Kind.PROCESSING),
    Operation.CAPTURE: (*_ANSWER, Kind.PROCESSING),
    Operation.TRANSFER: (*_ANSWER, Kind.NOT_FOUND, Kind.NONSENSE),
    Operation.QUERY_TRANSFER: _QUESTION,
    Operation.NOTIFY: (Kind.SLOW, Kind.WRONG_SIGNATURE, Kind.DROP, Kind.TWICE, Kind.HOLD),
    Operation.BILL: (*_ANSWER, *_SPOILT_BILL),
    Operation.SMS: (*_BROKEN, Kind.DOWN, Kind.UNDELIVERED, Kind.CODE),
    Operation.EMAIL: (Kind.SLOW, Kind.RESET, Kind.DOWN, Kind.CODE),
}
_NEEDS_CODE: Final = frozenset([Kind.CODE, Kind.CODE_AFTER])
_LONGEST_SLOW_SECONDS: Final = 600  # longer is `hang`


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    value: str = ""

    @property
    def seconds(self) -> float:
        return float(self.value or 0)


def order(store: Store, *, channel: str, operation: Operation, kind: Kind, value: str, times: int) -> None:
    """Let the next `times` calls of `operation` suffer this. Raises ValueError for what cannot be."""
    channel = _of_messages(channel, operation)
    _check(channel, operation, kind, value)
    with store.change() as db:
        db.execute(
            "INSERT INTO ordered_fault (channel, operation, kind, value, times) VALUES (?, ?, ?, ?, ?)",
            (channel, operation, kind, value, times),
        )


def _of_messages(channel: str, operation: Operation) -> str:
    """Only one kind of counterparty sends text messages, and only one mails."""
    if operation is Operation.EMAIL:
        return "email"
    return "sms" if operation is Operation.SMS and channel not in SMS_SERVICES else channel


def next_fault(store: Store, channel: str, operation: Operation, number: str = "") -> Fault | None:
    """The oldest order for this operation, used up by one, else what chaos draws; None when it shall behave.

    `number` is ours, of what the call is about: a part of the key that chaos draws from.
    """
    query = "SELECT * FROM ordered_fault WHERE channel = ? AND operation = ? ORDER BY id LIMIT 1"
    if store.row(query, channel, operation) is None:
        return _drawn(store, channel, operation, number)
    with store.change() as db:
        row = db.execute(query, (channel, operation)).fetchone()
        if row is None:
            return None
        db.execute("UPDATE ordered_fault SET times = times - 1 WHERE id = ?", (row["id"],))
        db.execute("DELETE FROM ordered_fault WHERE times <= 0")
        return Fault(Kind(row["kind"]), row["value"])


def forget_all(store: Store) -> None:
    """Behave again: no order is left, and no chaos."""
    with store.change() as db:
        db.execute("DELETE FROM ordered_fault")
        db.execute("DELETE FROM setting WHERE name = 'chaos'")


def set_chaos(store: Store, *, seed: int, rates: Mapping[str, float]) -> None:
    """Draw a fault for every call: `rates` are `channel.operation.kind` -> probability, and `kind:value` where the
    kind takes one. Draws begin anew. Raises ValueError for what cannot be.
    """
    for name, rate in rates.items():
        channel, operation, kind, value = _parts(name)
        _check(channel, operation, kind, value)
        if not (math.isfinite(rate) and 0 <= rate <= 1):
            raise ValueError(f"the rate of {name} is from 0 to 1")
    with store.change() as db:
        db.execute("DELETE FROM chaos_draw")
        db.execute(
            "INSERT OR REPLACE INTO setting VALUES ('chaos', ?)",
            (json.dumps({"seed": seed, "rates": dict(sorted(rates.items()))}),),
        )


def name_in_chaos(store: Store, *, number: str, name: str) -> None:
    """Draw for `number` by `name`: numbers are made anew in every run, names can be the same."""
    with store.change() as db:
        db.execute("INSERT OR REPLACE INTO chaos_name VALUES (?, ?)", (number, name))


def suffer(
    request: HttpRequest,
    fault: Fault | None,
    *,
    execute: Callable[[], HttpResponse],
    refuse: Callable[[str], HttpResponse],
    not_found: str = "",
) -> HttpResponse:
    """The answer to a call that suffers `fault`: most faults let it be carried out and spoil only the answer.

    `execute` carries it out and answers, `refuse` answers with a code of the protocol, `not_found` is the protocol's
    code for what it does not know. For signatures see `signing_key`.
    """
    match fault:
        case Fault(Kind.CODE):
            return refuse(fault.value)
        case Fault(Kind.NOT_FOUND):
            return refuse(not_found)
        case Fault(Kind.DOWN):
            return broken(request)
    response = execute()
    if fault and fault.kind is Kind.CODE_AFTER:
        return refuse(fault.value)
    return _spoilt(request, fault, response)


def _spoilt(request: HttpRequest, fault: Fault | None, response: HttpResponse) -> HttpResponse:
    match fault:
        case Fault(Kind.SLOW):
            time.sleep(fault.seconds)
        case Fault(Kind.HANG):
            return hung(request)
        case Fault(Kind.RESET):
            return broken(request)
        case Fault(Kind.HTTP_500):
            return HttpResponse("<h1>Internal Server Error</h1>", status=500)
    return response


def signing_key(fault: Fault | None, *, key: SigningKey, stranger: SigningKey) -> SigningKey | None:
    """Who signs the answer: the counterparty, a stranger, or nobody."""
    match fault:
        case Fault(Kind.WRONG_SIGNATURE):
            return stranger
        case Fault(Kind.UNSIGNED):
            return None
    return key


def _drawn(store: Store, channel: str, operation: Operation, number: str) -> Fault | None:
    chaos = json.loads(store.setting("chaos") or "{}")
    mine = {name: rate for name, rate in chaos.get("rates", {}).items() if name.startswith(f"{channel}.{operation}.")}
    if not mine:
        return None
    named = store.row("SELECT name FROM chaos_name WHERE number = ?", number)
    number = named["name"] if named else number
    with store.change() as db:
        draws = db.execute(
            "INSERT INTO chaos_draw VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET draws = draws + 1 RETURNING draws",
            (channel, operation, number),
        ).fetchone()["draws"]
    point = _point(f"{chaos['seed']}.{channel}.{operation}.{number}.{draws}")
    for name, rate in mine.items():
        if point < rate:
            _, _, kind, value = _parts(name)
            return Fault(kind, value)
        point -= rate
    return None


def _point(key: str) -> float:
    """A number from 0 up to 1 that looks like chance and is always the same for `key`."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64


def _parts(name: str) -> tuple[str, Operation, Kind, str]:
    channel, operation, kind = [*name.split(".", 2), "", ""][:3]
    kind, _, value = kind.partition(":")
    return channel, Operation(operation), Kind(kind), value or ("1" if kind == Kind.SLOW else "")


def _check(channel: str, operation: Operation, kind: Kind, value: str) -> None:
    if channel not in CHANNELS:
        raise ValueError(f"there is no channel {channel}")
    if kind not in KINDS_OF[operation]:
        raise ValueError(f"{operation} cannot suffer {kind}")
    if kind is Kind.SLOW and not 0 <= float(value) <= _LONGEST_SLOW_SECONDS:
        raise ValueError(f"slow takes 0 to {_LONGEST_SLOW_SECONDS} seconds")
    if kind in _NEEDS_CODE and not value:
        raise ValueError("a code is needed")
