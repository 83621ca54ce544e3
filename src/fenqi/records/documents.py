"""A jsonb value read outside a model arrives as text or parsed, as the connection has it: here it is always parsed."""

import json
from typing import Any


def from_jsonb(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
