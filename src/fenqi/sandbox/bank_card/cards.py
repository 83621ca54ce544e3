"""The banks: cards, the codes sent to their holders, and the tokens that stand for them.

Any number with the right check digit is a card with money on it, until a tester says otherwise on the cards page.
"""

import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stdnum import luhn

from fenqi.sandbox.bank_card.messages import ISO_PREFIX, Fields, braced, customer_info, opened
from fenqi.sandbox.counterparty import Refusal
from fenqi.sandbox.store import Row, Store
from fenqi.sandbox.town import town

FIRST_BALANCE_FEN: Final = 1_000_000_00
CODE_SECONDS: Final = 300
MOST_TRIES: Final = 5

REFUSALS: Final[Mapping[str, str]] = {
    "": "正常",
    "66": "66 姓名或手机号与银行预留的不符",
    "61": "61 卡号无效",
    "73": "73 卡已过期",
    "78": "78 发卡行限制了这张卡",
    "63": "63 卡状态不正确（已销户或冻结）",
    "67": "67 密码错误次数超限",
    "02": "02 银行系统维护中",
    "60": "60 请联系发卡行",
    "05": "05 一直处理中（结果未知）",
    "04": "04 状态不明（结果未知）",
    "74": "74 已扣款但未完成",
    f"{ISO_PREFIX}51": "发卡行原码 51 余额不足",
    f"{ISO_PREFIX}65": "发卡行原码 65 超过笔数限制",
}
"""What a bank can be told to answer for a card; balance and limit have fields of their own (64 and 33)."""

_NUMBER: Final = re.compile(r"[0-9]{13,19}")
_AT_BINDING: Final = frozenset(["66", "61", "73", "78", "63", "02", "60"])


@dataclass(frozen=True, slots=True)
class Details:
    """A card as a request carries it, opened."""

    card: str
    masked: str
    phone: str
    code: str


def read_details(fields: Mapping[str, str]) -> Details:
    """Raises Refusal."""
    number = opened(fields.get("accNo", ""))
    if _NUMBER.fullmatch(number) is None or not luhn.is_valid(number):
        raise Refusal("61")
    info = customer_info(fields.get("customerInfo", ""))
    phone = info.get("phoneNo", "")
    if not re.fullmatch(r"1[0-9]{10}", phone) or not info.get("customerNm"):
        raise Refusal("66")
    return Details(card_of(number), masked(number), phone, info.get("smsCode", ""))


def card_of(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()


def masked(number: str) -> str:
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}"


def ask_code(store: Store, mer_id: str, fields: Fields) -> None:
    """Send a code to the holder's phone; asking again sends another one. Raises Refusal."""
    details = read_details(fields)
    code = f"{secrets.randbelow(1_000_000):06}"
    with store.change() as db:
        _check_binding(_seen(db, details.card, details.masked))
        db.execute(
            "INSERT OR REPLACE INTO card_code VALUES (?, ?, ?, ?, ?, 0, ?)",
            (mer_id, fields["orderId"], details.card, details.phone, code, town().now()),
        )
        _send(db, details, code)


def bind(store: Store, mer_id: str, fields: Fields) -> str:
    """The token of a card whose holder knows the code. Raises Refusal."""
    details = read_details(fields)
    with store.change() as db:
        earlier = db.execute(
            "SELECT * FROM card_token WHERE mer_id = ? AND order_id = ?", (mer_id, fields["orderId"])
        ).fetchone()
        if earlier is not None:
            if earlier["card"] != details.card or earlier["ended_at"] is not None:
                raise Refusal("12")
            return str(earlier["token"])
        _check_binding(_seen(db, details.card, details.masked))
    _check_code(store, mer_id, fields["orderId"], details)
    token = f"62000000{secrets.randbelow(10**11):011}"
    with store.change() as db:
        db.execute(
            "INSERT INTO card_token VALUES (?, ?, ?, ?, ?, NULL)",
            (token, mer_id, fields["orderId"], details.card, town().now()),
        )
    return token


def unbind(store: Store, mer_id: str, fields: Fields) -> None:
    """Raises Refusal: 40, there is no such binding (any more)."""
    with store.change() as db:
        ended = db.execute(
            "UPDATE card_token SET ended_at = ? WHERE token = ? AND mer_id = ? AND ended_at IS NULL",
            (town().now(), braced(fields.get("tokenPayData", "")).get("token", ""), mer_id),
        )
        if ended.rowcount == 0:
            raise Refusal("40")


def card_behind(db: sqlite3.Connection, mer_id: str, fields: Fields) -> str:
    """The card that a trade's token stands for. Raises Refusal."""
    token = braced(fields.get("tokenPayData", "")).get("token", "")
    row = db.execute("SELECT * FROM card_token WHERE token = ? AND mer_id = ?", (token, mer_id)).fetchone()
    if row is None:
        raise Refusal("40")
    if row["ended_at"] is not None:
        raise Refusal("80")
    return str(row["card"])


def debit_code(db: sqlite3.Connection, card: str, amount_fen: int) -> str:
    """What the bank says to a debit or a pre-authorisation; 00 has taken it off what is available."""
    row = db.execute("SELECT * FROM card WHERE card = ?", (card,)).fetchone()
    if row["refusal"]:
        return str(row["refusal"])
    if row["limit_fen"] is not None and amount_fen > row["limit_fen"]:
        return "33"
    if amount_fen > row["balance_fen"]:
        return "64"
    put(db, card, -amount_fen)
    return "00"


def put(db: sqlite3.Connection, card: str, amount_fen: int) -> None:
    db.execute("UPDATE card SET balance_fen = balance_fen + ? WHERE card = ?", (amount_fen, card))


def all_cards(store: Store) -> list[Row]:
    """The newest first, with how many living bindings each has."""
    return store.rows(
        "SELECT c.*, (SELECT count(*) FROM card_token t WHERE t.card = c.card AND t.ended_at IS NULL) AS bindings"
        " FROM card c ORDER BY seen_at DESC LIMIT 100"
    )


def set_card(store: Store, *, card: str, balance_fen: int, limit_fen: int | None, refusal: str) -> None:
    """What a tester wants of a card. Raises ValueError."""
    if refusal not in REFUSALS:
        raise ValueError("the bank cannot answer that")
    if balance_fen < 0 or (limit_fen is not None and limit_fen < 0):
        raise ValueError("amounts are not below zero")
    with store.change() as db:
        set_ = db.execute(
            "UPDATE card SET balance_fen = ?, limit_fen = ?, refusal = ? WHERE card = ?",
            (balance_fen, limit_fen, refusal, card),
        )
        if set_.rowcount == 0:
            raise ValueError("there is no such card")


def see(store: Store, number: str) -> str:
    """Make a card known before anybody binds it. Raises ValueError."""
    if _NUMBER.fullmatch(number) is None or not luhn.is_valid(number):
        raise ValueError("this is no card number: its check digit does not fit")
    with store.change() as db:
        _seen(db, card_of(number), masked(number))
    return card_of(number)


def _seen(db: sqlite3.Connection, card: str, shown: str) -> Row:
    db.execute(
        "INSERT OR IGNORE INTO card (card, masked, balance_fen, seen_at) VALUES (?, ?, ?, ?)",
        (card, shown, FIRST_BALANCE_FEN, town().now()),
    )
    row: Row = db.execute("SELECT * FROM card WHERE card = ?", (card,)).fetchone()
    return row


def _check_binding(card: Row) -> None:
    if card["refusal"] in _AT_BINDING:
        raise Refusal(card["refusal"])


def _check_code(store: Store, mer_id: str, order_id: str, details: Details) -> None:
    """Each try counts, whether it is right or not."""
    with store.change() as db:
        row = db.execute(
            "UPDATE card_code SET tries = tries + 1 WHERE mer_id = ? AND order_id = ? RETURNING *", (mer_id, order_id)
        ).fetchone()
    is_right = (
        row is not None
        and (row["card"], row["phone"]) == (details.card, details.phone)
        and row["tries"] <= MOST_TRIES
        and town().now() - row["sent_at"] <= CODE_SECONDS
        and secrets.compare_digest(row["code"], details.code)
    )
    if not is_right:
        raise Refusal("71")


def _send(db: sqlite3.Connection, details: Details, code: str) -> None:
    """To the town's phones, where the holder reads it."""
    tail = details.masked[-4:]
    db.execute(
        "INSERT INTO sms (at, phone, sign_name, template_code, params, text, out_id, biz_id)"
        " VALUES (?, ?, '沙箱银行', 'BANK_CARD_CODE', ?, ?, '', '')",
        (
            town().now(),
            details.phone,
            json.dumps({"code": code, "tail": tail}),
            f"验证码 {code}，用于绑定尾号 {tail} 的银行卡，5 分钟内有效，请勿告诉任何人。",
        ),
    )
