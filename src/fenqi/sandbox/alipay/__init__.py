"""A counterparty that speaks Alipay's gateway version 2: payments, agreements, freezes, refunds, bills."""

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
    source TEXT NOT NULL, agreement_no TEXT NOT NULL, auth_no TEXT NOT NULL,
    UNIQUE (app_id, out_trade_no)
);
CREATE INDEX IF NOT EXISTS alipay_trade_paid ON alipay_trade (app_id, paid_at);
CREATE TABLE IF NOT EXISTS alipay_refund (
    trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount_fen INTEGER NOT NULL, accepted_at REAL NOT NULL,
    is_done INTEGER NOT NULL, bank_failed INTEGER NOT NULL,
    PRIMARY KEY (trade_no, out_request_no)
);
CREATE TABLE IF NOT EXISTS alipay_agreement (
    agreement_no TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL, external_agreement_no TEXT NOT NULL, terms TEXT NOT NULL, status TEXT NOT NULL,
    notify_url TEXT NOT NULL, return_url TEXT NOT NULL, created_at REAL NOT NULL, signed_at REAL, ended_at REAL,
    UNIQUE (app_id, external_agreement_no)
);
CREATE TABLE IF NOT EXISTS alipay_freeze (
    auth_no TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL, out_order_no TEXT NOT NULL, out_request_no TEXT NOT NULL, title TEXT NOT NULL,
    amount_fen INTEGER NOT NULL,
    status TEXT NOT NULL, is_credit INTEGER NOT NULL, notify_url TEXT NOT NULL, product_code TEXT NOT NULL,
    created_at REAL NOT NULL, expires_at REAL NOT NULL,
    UNIQUE (app_id, out_order_no)
);
CREATE TABLE IF NOT EXISTS alipay_freeze_operation (
    operation_id TEXT PRIMARY KEY, auth_no TEXT NOT NULL, out_request_no TEXT NOT NULL, kind TEXT NOT NULL,
    amount_fen INTEGER NOT NULL, at REAL NOT NULL,
    UNIQUE (auth_no, kind, out_request_no)
);
CREATE TABLE IF NOT EXISTS alipay_bill_link (
    token TEXT PRIMARY KEY, app_id TEXT NOT NULL, day TEXT NOT NULL, spoilt TEXT NOT NULL, made_at REAL NOT NULL
);
"""
