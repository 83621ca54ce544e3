"""The asynchronous notification: made signed, sent until it is answered `success`, by Alipay's schedule scaled down."""

import json
import secrets
import threading
import time
from typing import Final

import httpx

from fenqi.sandbox import faults
from fenqi.sandbox.alipay import trades
from fenqi.sandbox.alipay.trades import Refund, Trade
from fenqi.sandbox.faults import Kind, Operation
from fenqi.sandbox.keys import SigningKey, pairs
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import Town

REPEATS_SECONDS: Final = (240, 600, 600, 3600, 7200, 21600, 54000)
"""4m 10m 10m 1h 2h 6h 15h, divided by the town's pace."""

ANSWER_SECONDS: Final = 5.0
SENDERS: Final = 8
LOOK_EVERY_SECONDS: Final = 0.05

WAITING, HELD, DONE, GIVEN_UP, DROPPED = "waiting", "held", "done", "given up", "dropped"


def tell(town: Town, trade: Trade, *, refund: Refund | None = None) -> None:
    """Put the notification of a trade's state, or of a refund, on its way, as ordered faults allow."""
    if not trade.notify_url:
        return
    fault = faults.next_fault(town.store, Operation.NOTIFY)
    form = _fields(town, trade, refund)
    is_strange = fault is not None and fault.kind is Kind.WRONG_SIGNATURE
    _queue(
        town,
        trade,
        _signed(form, town.stranger_key if is_strange else town.alipay_key),
        state={Kind.DROP: DROPPED, Kind.HOLD: HELD}.get(fault.kind, WAITING) if fault else WAITING,
        delay=fault.seconds if fault and fault.kind is Kind.SLOW else 0.0,
        copies=2 if fault and fault.kind is Kind.TWICE else 1,
    )


def forge(town: Town, trade: Trade) -> None:
    """A stranger claims that the trade was paid: everything fits but the signature."""
    paid = {"trade_status": "TRADE_SUCCESS", "gmt_payment": trades.beijing(time.time())}
    _queue(town, trade, _signed({**_fields(town, trade, None), **paid}, town.stranger_key))


def tamper(town: Town, trade: Trade) -> None:
    """A true notification whose amount was changed on its way."""
    form = _signed(_fields(town, trade, None), town.alipay_key)
    _queue(town, trade, {**form, "total_amount": "0.01"})


def repeat(town: Town, trade: Trade) -> None:
    """Send the last notification of a trade once more, as it was."""
    with town.store.change() as db:
        db.execute(
            "UPDATE notification SET state = ?, due_at = ? WHERE id ="
            " (SELECT max(id) FROM notification WHERE trade_no = ?)",
            (WAITING, time.time(), trade.trade_no),
        )


def return_parameters(town: Town, trade: Trade) -> dict[str, str]:
    """What the payer's browser brings back to return_url. For display only: it proves nothing."""
    return _signed(
        {
            "app_id": trade.app_id,
            "auth_app_id": trade.app_id,
            "charset": "utf-8",
            "method": "alipay.trade.wap.pay.return",
            "out_trade_no": trade.out_trade_no,
            "seller_id": _seller_of(town, trade),
            "timestamp": trades.beijing(time.time()),
            "total_amount": trade.yuan,
            "trade_no": trade.trade_no,
            "version": "1.0",
        },
        town.alipay_key,
    )


class Sender(threading.Thread):
    """Sends what is due, for as long as the process lives."""

    def __init__(self, town: Town) -> None:
        super().__init__(name="notifications", daemon=True)
        self._town = town
        self._free = threading.BoundedSemaphore(SENDERS)
        self._client = httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False)

    def run(self) -> None:
        while True:
            for row in self._claimed():
                self._free.acquire()
                # A thread that nobody waits for: a receiver that hangs must not keep the town from stopping.
                threading.Thread(target=self._send, args=[row], daemon=True).start()
            time.sleep(LOOK_EVERY_SECONDS)

    def _claimed(self) -> list[Row]:
        """What is due now, counted as sent and moved to its next date; what was being sent at a crash is sent again."""
        now = time.time()
        due = self._town.store.rows(
            "SELECT * FROM notification WHERE state = ? AND due_at <= ? ORDER BY due_at, id", WAITING, now
        )
        if due:
            with self._town.store.change() as db:
                for row in due:
                    state, due_at = self._after(row["sends"], now)
                    db.execute(
                        "UPDATE notification SET sends = sends + 1, state = ?, due_at = ? WHERE id = ?",
                        (state, due_at, row["id"]),
                    )
        return due

    def _after(self, sends: int, now: float) -> tuple[str, float]:
        if sends >= len(REPEATS_SECONDS):
            return GIVEN_UP, now
        return WAITING, now + max(REPEATS_SECONDS[sends] / self._town.pace, 0.2)

    def _send(self, row: Row) -> None:
        try:
            answer, taken = self._answer_to(row)
            self._note(row, answer, taken=taken)
        finally:
            self._free.release()

    def _answer_to(self, row: Row) -> tuple[str, bool]:
        """What the receiver said, and whether it took the notification."""
        try:
            response = self._client.post(row["url"], data=json.loads(row["form"]))
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            return type(fault).__name__, False
        taken = response.status_code == httpx.codes.OK and response.text.strip() == "success"
        return f"{response.status_code} {response.text[:40]}", taken

    def _note(self, row: Row, answer: str, *, taken: bool) -> None:
        with self._town.store.change() as db:
            db.execute("UPDATE notification SET answer = ? WHERE id = ?", (answer, row["id"]))
            if taken:
                db.execute("UPDATE notification SET state = ? WHERE id = ?", (DONE, row["id"]))
            db.execute(  # what was held back follows the first one that went out after it
                "UPDATE notification SET state = ?, due_at = ? WHERE state = ? AND id < ?",
                (WAITING, time.time(), HELD, row["id"]),
            )


def _fields(town: Town, trade: Trade, refund: Refund | None) -> dict[str, str]:
    form = {
        "notify_time": trades.beijing(time.time()),
        "notify_type": "trade_status_sync",
        "notify_id": secrets.token_hex(17),
        "charset": "utf-8",
        "version": "1.0",
        "app_id": trade.app_id,
        "auth_app_id": trade.app_id,
        "seller_id": _seller_of(town, trade),
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "trade_status": trade.status.value,
        "subject": trade.subject,
        "total_amount": trade.yuan,
        "gmt_create": trades.beijing(trade.created_at),
    }
    if trade.paid_at:
        paid = {"buyer_id": "2088000000000000", "receipt_amount": trade.yuan, "buyer_pay_amount": trade.yuan}
        form |= {**paid, "gmt_payment": trades.beijing(trade.paid_at)}
    if refund:
        form |= {
            "out_biz_no": refund.out_request_no,
            "refund_fee": trades.yuan(refund.refunded_fen),
            "gmt_refund": trades.beijing(refund.refunded_at),
        }
    return form


def _signed(form: dict[str, str], key: SigningKey) -> dict[str, str]:
    return {**form, "sign_type": "RSA2", "sign": key.sign(pairs(form))}


def _seller_of(town: Town, trade: Trade) -> str:
    app = town.store.row("SELECT seller_id FROM app WHERE app_id = ?", trade.app_id)
    assert app is not None  # a trade is opened by a registered application, and none is ever deleted
    return str(app["seller_id"])


def _queue(
    town: Town, trade: Trade, form: dict[str, str], *, state: str = WAITING, delay: float = 0.0, copies: int = 1
) -> None:
    row = (form["notify_id"], trade.trade_no, trade.notify_url, json.dumps(form), state, time.time() + delay)
    with town.store.change() as db:
        db.executemany(
            "INSERT INTO notification (notify_id, trade_no, url, form, state, due_at) VALUES (?, ?, ?, ?, ?, ?)",
            [row] * copies,
        )
