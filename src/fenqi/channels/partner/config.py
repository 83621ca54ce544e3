"""The settings of one finance partner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fenqi.channels.environment import address, readable, required
from fenqi.channels.keys import read_private_key, read_public_key

NAME: Final = "partner"


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
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `FENQI_PARTNER_CODE`, `_KEY_ID`, `_PRIVATE_KEY`, `_PUBLIC_KEY`, `_GATEWAY`.

        None when no partner is named. Raises ChannelMisconfigured.
        """
        if not environ.get("FENQI_PARTNER_CODE"):
            return None
        return cls(
            code=required(NAME, environ, "FENQI_PARTNER_CODE"),
            key_id=required(NAME, environ, "FENQI_PARTNER_KEY_ID"),
            private_key=readable(NAME, environ, "FENQI_PARTNER_PRIVATE_KEY", read_private_key),
            public_key=readable(NAME, environ, "FENQI_PARTNER_PUBLIC_KEY", read_public_key),
            gateway=address(NAME, environ, "FENQI_PARTNER_GATEWAY", default="").rstrip("/"),
        )
