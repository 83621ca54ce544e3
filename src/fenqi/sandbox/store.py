"""What the town remembers: one SQLite file, so that it goes on after a restart where it was."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

Row = sqlite3.Row
Value = str | int | float | bytes | None

_COMMON = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ordered_fault (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, operation TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,
    times INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS chaos_draw (
    channel TEXT NOT NULL, operation TEXT NOT NULL, number TEXT NOT NULL, draws INTEGER NOT NULL,
    PRIMARY KEY (channel, operation, number)
);
CREATE TABLE IF NOT EXISTS chaos_name (number TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, number TEXT NOT NULL, notify_id TEXT NOT NULL, url TEXT NOT NULL,
    body BLOB NOT NULL, headers TEXT NOT NULL, state TEXT NOT NULL, sends INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL, answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at);
CREATE TABLE IF NOT EXISTS heard_call (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, channel TEXT NOT NULL, method TEXT NOT NULL, number TEXT NOT NULL,
    answer TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sms_key (access_key_id TEXT PRIMARY KEY, access_key_secret TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sms_template (template_code TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sms (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, phone TEXT NOT NULL, sign_name TEXT NOT NULL,
    template_code TEXT NOT NULL, params TEXT NOT NULL, text TEXT NOT NULL, out_id TEXT NOT NULL, biz_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sms_service (
    access_key_id TEXT PRIMARY KEY, service TEXT NOT NULL, report_url TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sms_detail (
    id INTEGER PRIMARY KEY, service TEXT NOT NULL, status INTEGER NOT NULL, err_code TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS sms_by_phone ON sms (phone, id);
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, recipient TEXT NOT NULL, sender TEXT NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, html TEXT NOT NULL, message_id TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS nonce (nonce TEXT PRIMARY KEY, at REAL NOT NULL);
"""


class Store:
    """One file; a short connection for each use, so that any thread may come. `schemas` are the counterparties'."""

    def __init__(self, path: Path, *, schemas: Iterable[str]) -> None:
        self._path = path
        self._numbers: dict[str, float] = {}
        with closing(self._connect()) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript("\n".join([_COMMON, *schemas]))

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

    def setting(self, name: str) -> str | None:
        row = self.row("SELECT value FROM setting WHERE name = ?", name)
        return row["value"] if row else None

    def number(self, name: str) -> float:
        """A setting that is asked for many times in every call: remembered, as one process keeps the file."""
        if name not in self._numbers:
            self._numbers[name] = float(self.setting(name) or 0)
        return self._numbers[name]

    def set(self, name: str, value: str) -> None:
        with self.change() as db:
            db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def set_numbers(self, numbers: Mapping[str, float]) -> None:
        """All of them or none."""
        with self.change() as db:
            written = [(name, str(value)) for name, value in numbers.items()]
            db.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", written)
        self._numbers.update(numbers)

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        db.execute("PRAGMA synchronous = NORMAL")  # whole after a kill, which is what the town is there for
        db.row_factory = sqlite3.Row
        return db
