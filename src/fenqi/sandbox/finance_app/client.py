"""The mall's API as the app calls it, with the key that the mall registered here."""

import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

import httpx

from fenqi.sandbox.town import town

_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Answered:
    """`problem` is set for a refusal, in the reader's language."""

    status: int
    body: dict[str, Any]

    @property
    def is_good(self) -> bool:
        return self.status < 300  # noqa: PLR2004  # a refusal or a fault otherwise

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))

    @property
    def problem(self) -> str:
        return "" if self.is_good else str(self.body.get("detail", self.status))


def set_up() -> bool:
    return bool(town().store.setting("finance_app.key"))


def call(method: str, path: str, body: object = None, *, session: str = "", language: str = "zh") -> Answered:
    """One request below /api/v1/finance-app; the mall that does not answer is a refusal like any other."""
    store = town().store
    headers = {
        "Authorization": f"Bearer {store.setting('finance_app.key') or ''}",
        "Accept-Language": language,
        "Idempotency-Key": secrets.token_hex(16),
        **({"Fenqi-App-Session": session} if session else {}),
        **({"Content-Type": "application/json"} if body is not None else {}),
    }
    address = f"{store.setting('finance_app.mall')}/api/v1/finance-app{path}"
    try:
        answer = httpx.request(
            method,
            address,
            content=json.dumps(body) if body is not None else None,
            headers=headers,
            timeout=_SECONDS,
            trust_env=False,
        )
        said = answer.json()
    except (httpx.HTTPError, ValueError):
        return Answered(
            503,
            {
                "detail": "商城暂时没有应答，请稍后再试。"
                if language == "zh"
                else "The mall does not answer: try later."
            },
        )
    return Answered(answer.status_code, said if isinstance(said, dict) else {})
