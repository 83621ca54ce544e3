"""Notifications on their way: one queue for all counterparties, sent until they are taken, by each one's schedule.

Times here are the machine's, not the town's: a clock that control sets ahead must not fire all repeats at once.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx

from fenqi.sandbox import faults
from fenqi.sandbox.faults import Kind, Operation
from fenqi.sandbox.keys import SigningKey
from fenqi.sandbox.store import Row
from fenqi.sandbox.town import Town

ANSWER_SECONDS: Final = 5.0
SENDERS: Final = 8
LOOK_EVERY_SECONDS: Final = 0.05
SHORTEST_PAUSE_SECONDS: Final = 0.2
FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"

_something_new = threading.Event()
"""Wakes the sender before its next look."""

WAITING, HELD, DONE, GIVEN_UP, DROPPED = "waiting", "held", "done", "given up", "dropped"


@dataclass(frozen=True, slots=True)
class Protocol:
    """How one counterparty notifies."""

    repeats_seconds: tuple[float, ...]
    """The pauses before each repeat, divided by the town's pace."""
    is_taken: Callable[[int, str], bool]
    """Whether an answer of this HTTP status and text ends the repeats."""
    sealed: Callable[[dict[str, str], bytes], dict[str, str]] = lambda headers, _body: headers
    """The headers as they are sent, where each sending is signed anew: of those kept, and the body."""


@dataclass(frozen=True, slots=True)
class Message:
    """One signed notification."""

    notify_id: str
    body: bytes
    content_type: str = FORM
    headers: Mapping[str, str] = field(default_factory=dict)


def tell(
    town: Town, *, channel: str, number: str, url: str, key: SigningKey, make: Callable[[SigningKey], Message]
) -> None:
    """Put a notification about `number` (ours) on its way as ordered faults allow; `make` signs it with the key given.

    Without an address nobody is told.
    """
    if not url:
        return
    fault = faults.next_fault(town.store, channel, Operation.NOTIFY, number)
    kind = fault.kind if fault else None
    queue(
        town,
        channel=channel,
        number=number,
        url=url,
        message=make(town.stranger_key if kind is Kind.WRONG_SIGNATURE else key),
        state={Kind.DROP: DROPPED, Kind.HOLD: HELD}.get(kind, WAITING) if kind else WAITING,
        delay=fault.seconds if fault and kind is Kind.SLOW else 0.0,
        copies=2 if kind is Kind.TWICE else 1,
    )


def queue(
    town: Town,
    *,
    channel: str,
    number: str,
    url: str,
    message: Message,
    state: str = WAITING,
    delay: float = 0.0,
    copies: int = 1,
) -> None:
    """Send `message` as it is, whatever it says; `delay` in seconds."""
    headers = json.dumps({**message.headers, "Content-Type": message.content_type})
    row = (channel, number, message.notify_id, url, message.body, headers, state, time.time() + delay)
    with town.store.change() as db:
        db.executemany(
            "INSERT INTO delivery (channel, number, notify_id, url, body, headers, state, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [row] * copies,
        )
    _something_new.set()


def repeat(town: Town, *, channel: str, number: str) -> None:
    """Send the last notification about `number` once more, as it was."""
    with town.store.change() as db:
        db.execute(
            "UPDATE delivery SET state = ?, due_at = ? WHERE id ="
            " (SELECT max(id) FROM delivery WHERE channel = ? AND number = ?)",
            (WAITING, time.time(), channel, number),
        )


def under_way(town: Town) -> int:
    """How many wait to be sent for the first time, or for an answer to that."""
    query = "SELECT count(*) AS n FROM delivery WHERE state = ? AND (sends = 0 OR answer = '')"
    return int(town.store.rows(query, WAITING)[0]["n"])


def sent(town: Town, *, channel: str, number: str) -> list[dict[str, object]]:
    """The notifications about `number`, oldest first, for control."""
    rows = town.store.rows("SELECT * FROM delivery WHERE channel = ? AND number = ? ORDER BY id", channel, number)
    return [{name: row[name] for name in ("notify_id", "state", "sends", "answer")} for row in rows]


class Sender(threading.Thread):
    """Sends what is due, for as long as the process lives. `protocols` are by channel."""

    def __init__(self, town: Town, protocols: Mapping[str, Protocol]) -> None:
        super().__init__(name="deliveries", daemon=True)
        self._town = town
        self._protocols = protocols
        self._free = threading.BoundedSemaphore(SENDERS)
        self._on_their_way: set[int] = set()
        self._client = httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False)

    def run(self) -> None:
        while True:
            for row in self._claimed():
                self._free.acquire()
                # A thread that nobody waits for: a receiver that hangs must not keep the town from stopping.
                threading.Thread(target=self._send, args=[row], daemon=True).start()
            _something_new.wait(LOOK_EVERY_SECONDS)
            _something_new.clear()

    def _claimed(self) -> list[Row]:
        """What is due now, counted as sent and moved to its next date; what was being sent at a crash is sent again.

        Nothing is repeated while its receiver still thinks: at a quick pace the next date comes sooner than the answer.
        """
        now = time.time()
        rows = self._town.store.rows(
            "SELECT * FROM delivery WHERE state = ? AND due_at <= ? ORDER BY due_at, id", WAITING, now
        )
        due = [row for row in rows if row["id"] not in self._on_their_way]
        self._on_their_way.update(row["id"] for row in due)
        if due:
            with self._town.store.change() as db:
                for row in due:
                    state, due_at = self._after(row, now)
                    db.execute(
                        "UPDATE delivery SET sends = sends + 1, state = ?, due_at = ? WHERE id = ?",
                        (state, due_at, row["id"]),
                    )
        return due

    def _after(self, row: Row, now: float) -> tuple[str, float]:
        pauses = self._protocols[row["channel"]].repeats_seconds
        if row["sends"] >= len(pauses):
            return GIVEN_UP, now
        return WAITING, now + max(pauses[row["sends"]] / self._town.pace, SHORTEST_PAUSE_SECONDS)

    def _send(self, row: Row) -> None:
        try:
            answer, taken = self._answer_to(row)
            self._note(row, answer, taken=taken)
        finally:
            self._on_their_way.discard(row["id"])
            self._free.release()

    def _answer_to(self, row: Row) -> tuple[str, bool]:
        """What the receiver said, and whether it took the notification."""
        protocol = self._protocols[row["channel"]]
        try:
            headers = protocol.sealed(json.loads(row["headers"]), row["body"])
            response = self._client.post(row["url"], content=row["body"], headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            return type(fault).__name__, False
        taken = protocol.is_taken(response.status_code, response.text)
        return f"{response.status_code} {response.text[:40]}".strip(), taken

    def _note(self, row: Row, answer: str, *, taken: bool) -> None:
        with self._town.store.change() as db:
            db.execute("UPDATE delivery SET answer = ? WHERE id = ?", (answer, row["id"]))
            if taken:
                db.execute("UPDATE delivery SET state = ? WHERE id = ?", (DONE, row["id"]))
            db.execute(  # what was held back follows the first one that went out after it
                "UPDATE delivery SET state = ?, due_at = ? WHERE state = ? AND id < ?",
                (WAITING, time.time(), HELD, row["id"]),
            )
