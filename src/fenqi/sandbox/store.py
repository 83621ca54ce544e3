"""What the town remembers: one SQLite file, so that it goes on after a restart where it was."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

Row = sqlite3.Row
Value = str | int | float | None

_SCHEMA = """
CREATE TABLE IF NOT EXISTS app (
    app_id TEXT PRIMARY KEY, seller_id TEXT NOT NULL, public_key TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS trade (
    trade_no TEXT PRIMARY KEY, cashier TEXT NOT NULL UNIQUE,
    app_id TEXT NOT NULL, out_trade_no TEXT NOT NULL, subject TEXT NOT NULL, total_fen INTEGER NOT NULL,
    status TEXT NOT NULL, notify_url TEXT NOT NULL, return_url TEXT NOT NULL, quit_url TEXT NOT NULL,
    created_at REAL NOT NULL, expires_at REAL NOT NULL, paid_at REAL, closed_at REAL, refusal TEXT,
    UNIQUE (app_id, out_trade_no)
);
CREATE TABLE IF NOT EXISTS refund (
    trade_no TEXT NOT NULL, out_request_no TEXT NOT NULL, amount_fen INTEGER NOT NULL, refunded_at REAL NOT NULL,
    PRIMARY KEY (trade_no, out_request_no)
);
CREATE TABLE IF NOT EXISTS notification (
    id INTEGER PRIMARY KEY, notify_id TEXT NOT NULL, trade_no TEXT NOT NULL, url TEXT NOT NULL, form TEXT NOT NULL,
    state TEXT NOT NULL, sends INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS notification_due ON notification (state, due_at);
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, operation TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, times INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, method TEXT NOT NULL, number TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sms_key (access_key_id TEXT PRIMARY KEY, access_key_secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sms_template (template_code TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sms (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, phone TEXT NOT NULL, sign_name TEXT NOT NULL,
    template_code TEXT NOT NULL, params TEXT NOT NULL, text TEXT NOT NULL, out_id TEXT NOT NULL, biz_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, at REAL NOT NULL);
"""


class Store:
    """One file; a short connection for each use, so that any thread may come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(self._connect()) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_SCHEMA)

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else writes into."""
        with closing(self._connect()) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.rollback()
                raise
            db.commit()

    def rows(self, query: str, *values: Value) -> list[Row]:
        with closing(self._connect()) as db:
            return db.execute(query, values).fetchall()

    def row(self, query: str, *values: Value) -> Row | None:
        return next(iter(self.rows(query, *values)), None)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.row_factory = sqlite3.Row
        return db
