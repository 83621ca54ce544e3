"""A counterparty that speaks Alipay's gateway version 2: gateway, cashier and notifications."""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS alipay_app (
    app_id TEXT PRIMARY KEY, seller_id TEXT NOT NULL, public_key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS alipay_trade (
    trade_no TEXT PRIMARY KEY, cashier TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, subject TEXT NOT NULL, total_fen INTEGER NOT NULL,
    status TEXT NOT NULL, notify_url TEXT NOT NULL, return_url TEXT NOT NULL, quit_url TEXT NOT NULL,
    created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL, closed_at REAL, refusal TEXT,
    UNIQUE (app_id, out_trade_no)
);
CREATE TABLE IF NOT EXISTS alipay_refund (
    trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount_fen INTEGER NOT NULL, refunded_at REAL NOT NULL,
    PRIMARY KEY (trade_no, out_request_no)
);
"""
