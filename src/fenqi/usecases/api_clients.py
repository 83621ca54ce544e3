"""Programs of the mall and their keys. A key is shown once and kept only as a hash; it opens what its scopes name."""

import hashlib
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction

from fenqi.domain.errors import FenqiError, InvalidInput, NotFound
from fenqi.records.models import ApiClient
from fenqi.usecases import audit

KEY_PREFIX = "fk_"
_KEY = re.compile(r"fk_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
REVOCATION_SECONDS = 30.0
"""How long a process may go on honouring a key it has looked up: revoking takes effect within this time."""


class Scope(StrEnum):
    """What a key may be good for; whatever it does not name is refused."""

    CUSTOMERS_READ = "customers:read"  # personal data in clear: every look is audited
    CUSTOMERS_WRITE = "customers:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    PLANS_READ = "plans:read"
    PAYMENTS_READ = "payments:read"
    JOURNAL_READ = "journal:read"
    POLICIES_READ = "policies:read"
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"  # tell of prices that were seen: price protection compares with them
    REPAYMENTS_WRITE = "repayments:write"  # quote and start a repayment
    REPAYMENTS_RECORD = "repayments:record"  # tell of money received outside the rails
    AFTERSALES_READ = "aftersales:read"
    AFTERSALES_WRITE = "aftersales:write"  # quote, apply, and act for the customer
    FINANCE_APP = "finance_app:use"  # an app's own: only what the customer sees who was recognised by phone in it


class ClientNameTaken(FenqiError):
    """A client of this name was made before, perhaps revoked since; names are not used twice. Details: `name`."""

    code = "client_name_taken"
    status = 409
    zh = "名称「{name}」已被使用（含已吊销的），请换一个。"
    en = "The name {name} is taken, perhaps by a revoked client: choose another."


@dataclass(frozen=True, slots=True)
class KnownClient:
    """Whom a key belongs to, and what it opens."""

    name: str
    scopes: frozenset[str]

    @property
    def actor(self) -> str:
        """How the client signs what it does."""
        return f"api:{self.name}"


def make_client(name: str, scopes: Iterable[Scope], *, now: datetime) -> str:
    """Make a client and give its key, which nobody can read again. Raises InvalidInput, ClientNameTaken."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            where="name",
            problem="it is 1 to 48 lower-case letters, digits, - and _, and starts with a letter or digit",
            problem_zh="须为 1 至 48 个小写字母、数字、- 或 _，并以字母或数字开头",
        )
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            ApiClient.objects.create(
                name=name, key_hash=_hash(key), scopes=sorted({scope.value for scope in scopes}), created_at=now
            )
            audit.record(audit.SYSTEM, audit.Action.API_CLIENT_MADE, subject=name, now=now)
    except IntegrityError:
        raise ClientNameTaken(name=name) from None
    return key


def revoke_client(name: str, *, now: datetime) -> None:
    """Close the client's key for good; processes that know it forget it within REVOCATION_SECONDS. Raises NotFound."""
    with transaction.atomic():
        if not ApiClient.objects.filter(name=name, revoked_at=None).update(revoked_at=now):
            raise NotFound
        audit.record(audit.SYSTEM, audit.Action.API_CLIENT_REVOKED, subject=name, now=now)
    forget_clients()


def clients() -> tuple[ApiClient, ...]:
    """All of them, by name, the revoked ones too."""
    return tuple(ApiClient.objects.order_by("name"))


_known: dict[str, tuple[float, KnownClient]] = {}


def find_by_key(key: str) -> KnownClient | None:
    """Whose key it is, or None. Each process looks a key up once in REVOCATION_SECONDS."""
    if not _KEY.fullmatch(key):
        return None
    digest = _hash(key)
    looked_up_at, client = _known.get(digest, (0.0, None))
    if client is None or time.monotonic() - looked_up_at > REVOCATION_SECONDS:
        client = _look_up(digest)
    return client


def forget_clients() -> None:
    """Look every key up again at its next use."""
    _known.clear()


def _look_up(digest: str) -> KnownClient | None:
    """Only keys that are good are remembered, so that guesses cannot fill the memory."""
    found = ApiClient.objects.filter(key_hash=digest, revoked_at=None).first()
    if found is None:
        _known.pop(digest, None)
        return None
    client = KnownClient(found.name, frozenset(found.scopes))
    _known[digest] = (time.monotonic(), client)
    return client


def _hash(key: str) -> str:
    """A key has 256 bits of chance: one round of sha256 keeps it."""
    return hashlib.sha256(key.encode()).hexdigest()
