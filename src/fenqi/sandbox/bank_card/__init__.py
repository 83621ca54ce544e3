"""A counterparty that speaks UnionPay's ACP 5.1.0: a gateway for cards, the banks behind it, and its daily file.

Card numbers are kept as hashes only, here too.
"""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS card_merchant (
    mer_id TEXT PRIMARY KEY, cert_id TEXT NOT NULL, token_requestor TEXT NOT NULL, public_key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS card (
    card TEXT PRIMARY KEY, masked TEXT NOT NULL, balance_fen INTEGER NOT NULL, limit_fen INTEGER,
    refusal TEXT NOT NULL DEFAULT '', seen_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS card_code (
    mer_id TEXT NOT NULL, order_id TEXT NOT NULL, card TEXT NOT NULL, phone TEXT NOT NULL, code TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0, sent_at REAL NOT NULL,
    PRIMARY KEY (mer_id, order_id)
);
CREATE TABLE IF NOT EXISTS card_token (
    token TEXT PRIMARY KEY, mer_id TEXT NOT NULL, order_id TEXT NOT NULL, card TEXT NOT NULL, bound_at REAL NOT NULL,
    ended_at REAL, UNIQUE (mer_id, order_id)
);
CREATE TABLE IF NOT EXISTS card_trade (
    query_id TEXT PRIMARY KEY, mer_id TEXT NOT NULL, order_id TEXT NOT NULL, txn_time TEXT NOT NULL,
    txn_type TEXT NOT NULL, parameters TEXT NOT NULL, card TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    code TEXT NOT NULL, original TEXT NOT NULL, reserved TEXT NOT NULL, back_url TEXT NOT NULL,
    created_at REAL NOT NULL, due_at REAL, decided_at REAL,
    UNIQUE (mer_id, order_id)
);
"""
