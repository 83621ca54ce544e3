"""A counterparty that speaks WeChat Pay's interface, version 3: orders, refunds, contracts, bills and notifications."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS wechat_merchant (
    mchid TEXT PRIMARY KEY, appid TEXT NOT NULL, serial_no TEXT NOT NULL, public_key TEXT NOT NULL,
    apiv3_key TEXT NOT NULL, plan_id INTEGER NOT NULL, signs_with TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS wechat_order (
    transaction_id TEXT PRIMARY KEY, cashier TEXT NOT NULL UNIQUE,
    mchid TEXT NOT NULL, appid TEXT NOT NULL, out_trade_no TEXT NOT NULL, trade_type TEXT NOT NULL,
    request TEXT NOT NULL, description TEXT NOT NULL, total_fen INTEGER NOT NULL, state TEXT NOT NULL,
    notify_url TEXT NOT NULL, created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL, refusal TEXT NOT NULL,
    UNIQUE (mchid, out_trade_no)
);
CREATE INDEX IF NOT EXISTS wechat_order_number ON wechat_order (out_trade_no);
CREATE INDEX IF NOT EXISTS wechat_order_paid ON wechat_order (mchid, paid_at);
CREATE TABLE IF NOT EXISTS wechat_refund (
    refund_id TEXT PRIMARY KEY, transaction_id TEXT NOT NULL, mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL,
    out_refund_no TEXT NOT NULL, total_fen INTEGER NOT NULL, amount_fen INTEGER NOT NULL, fee_fen INTEGER NOT NULL,
    notify_url TEXT NOT NULL, status TEXT NOT NULL, channel TEXT NOT NULL, account TEXT NOT NULL,
    created_at REAL NOT NULL, due_at REAL, settled_at REAL,
    UNIQUE (mchid, out_refund_no)
);
CREATE INDEX IF NOT EXISTS wechat_refund_order ON wechat_refund (transaction_id);
CREATE INDEX IF NOT EXISTS wechat_refund_made ON wechat_refund (mchid, created_at);
CREATE TABLE IF NOT EXISTS wechat_contract (
    contract_id TEXT PRIMARY KEY, page TEXT NOT NULL UNIQUE,
    mchid TEXT NOT NULL, appid TEXT NOT NULL, plan_id INTEGER NOT NULL, out_contract_code TEXT NOT NULL,
    request TEXT NOT NULL, display TEXT NOT NULL, limit_fen INTEGER NOT NULL, notify_url TEXT NOT NULL,
    return_url TEXT NOT NULL, state TEXT NOT NULL, created_at REAL NOT NULL, signed_at REAL, ended_at REAL,
    UNIQUE (mchid, plan_id, out_contract_code)
);
CREATE TABLE IF NOT EXISTS wechat_notice (
    id INTEGER PRIMARY KEY, contract_id TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    first_on TEXT NOT NULL, last_on TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS wechat_bill (
    token TEXT PRIMARY KEY, mchid TEXT NOT NULL, content BLOB NOT NULL
);
"""
