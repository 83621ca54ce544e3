"""The settings of one finance partner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fenqi.channels.environment import address, readable, required
from fenqi.channels.keys import read_private_key, read_public_key

NAME: Final = "partner"
FIRST: Final = "FENQI_PARTNER"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerConfig:
    """Keys come from the environment only."""

    code: str
    key_id: str
    """The name under which the partner keeps our public key."""
    private_key: RSAPrivateKey = field(repr=False, hash=False)
    public_key: RSAPublicKey = field(repr=False, hash=False)
    """The partner's."""
    gateway: str
    connect_seconds: float = 3.0
    answer_seconds: float = 10.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, prefix: str = FIRST) -> Self | None:
        """Read `FENQI_PARTNER_CODE`, `_KEY_ID`, `_PRIVATE_KEY`, `_PUBLIC_KEY`, `_GATEWAY`; of another partner the same
        names after `FENQI_PARTNER_2`, and so on.

        None when no partner is named. Raises ChannelMisconfigured.
        """
        if not environ.get(f"{prefix}_CODE"):
            return None
        return cls(
            code=required(NAME, environ, f"{prefix}_CODE"),
            key_id=required(NAME, environ, f"{prefix}_KEY_ID"),
            private_key=readable(NAME, environ, f"{prefix}_PRIVATE_KEY", read_private_key),
            public_key=readable(NAME, environ, f"{prefix}_PUBLIC_KEY", read_public_key),
            gateway=address(NAME, environ, f"{prefix}_GATEWAY", default="").rstrip("/"),
        )

    @classmethod
    def others_from_environ(cls, environ: Mapping[str, str]) -> tuple[Self, ...]:
        """All beside the first, up to the first number that names none. Raises ChannelMisconfigured."""
        found: list[Self] = []
        for n in count(2):
            config = cls.from_environ(environ, prefix=f"{FIRST}_{n}")
            if config is None:
                break
            found.append(config)
        return tuple(found)
