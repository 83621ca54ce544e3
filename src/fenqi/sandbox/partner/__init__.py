"""A finance platform (轻融分期): pays malls at once, has plans of its own, a balance for each holder, and a daily file.

Worked out apart from the mall's engine on purpose, so that the two sides check each other.
"""

from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS partner_merchant (key_id TEXT PRIMARY KEY, public_key TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS partner_plan (
    plan_no TEXT PRIMARY KEY, key_id TEXT NOT NULL, token TEXT NOT NULL UNIQUE, customer TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, installments INTEGER NOT NULL, fee_rate TEXT NOT NULL,
    opened_on TEXT NOT NULL, commission INTEGER NOT NULL, subsidy INTEGER NOT NULL, cancelled_at REAL,
    opened_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS partner_row (
    plan_no TEXT NOT NULL, n INTEGER NOT NULL, due_on TEXT NOT NULL, principal INTEGER NOT NULL, fee INTEGER NOT NULL,
    paid_at REAL,
    PRIMARY KEY (plan_no, n)
);
CREATE TABLE IF NOT EXISTS partner_refund (
    number TEXT PRIMARY KEY, plan_no TEXT NOT NULL, amount INTEGER NOT NULL, effective_on TEXT NOT NULL,
    parameters TEXT NOT NULL, state TEXT NOT NULL, code TEXT NOT NULL DEFAULT '', effect TEXT NOT NULL DEFAULT '{}',
    accepted_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS partner_repayment (
    id INTEGER PRIMARY KEY, plan_no TEXT NOT NULL, n INTEGER NOT NULL, principal INTEGER NOT NULL, fee INTEGER NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS partner_transfer (
    number TEXT PRIMARY KEY, key_id TEXT NOT NULL, direction TEXT NOT NULL, plan_no TEXT NOT NULL,
    parameters TEXT NOT NULL, state TEXT NOT NULL, balance TEXT NOT NULL, price INTEGER NOT NULL,
    taken_at REAL NOT NULL, confirmed_at REAL, revoked_at REAL, collected INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS partner_row_part (
    plan_no TEXT NOT NULL, n INTEGER NOT NULL, interest INTEGER NOT NULL, late_fee INTEGER NOT NULL,
    PRIMARY KEY (plan_no, n)
);
CREATE TABLE IF NOT EXISTS partner_passed_on (
    number TEXT PRIMARY KEY, key_id TEXT NOT NULL, plan_no TEXT NOT NULL, amount INTEGER NOT NULL,
    parameters TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS partner_balance (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, amount INTEGER NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL
);
"""
