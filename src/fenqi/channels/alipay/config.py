"""The settings of one Alipay application."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from fenqi.channels.environment import address, readable, required
from fenqi.channels.keys import read_private_key, read_public_key

PRODUCTION_GATEWAY = "https://openapi.alipay.com/gateway.do"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlipayConfig:
    """Keys come from the environment only. `public_key` is Alipay's own, not the application's."""

    app_id: str
    seller_id: str
    """The merchant's user id at Alipay (`2088...`), checked in every notification."""
    private_key: RSAPrivateKey = field(repr=False, hash=False)
    public_key: RSAPublicKey = field(repr=False, hash=False)
    gateway: str = PRODUCTION_GATEWAY
    connect_seconds: float = 3.0
    answer_seconds: float = 10.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `FENQI_ALIPAY_APP_ID`, `_SELLER_ID`, `_PRIVATE_KEY`, `_PUBLIC_KEY`, `_GATEWAY`.

        None when no application is named: the rail is not open. Raises ChannelMisconfigured.
        """
        if not environ.get("FENQI_ALIPAY_APP_ID"):
            return None
        return cls(
            app_id=required("alipay", environ, "FENQI_ALIPAY_APP_ID"),
            seller_id=required("alipay", environ, "FENQI_ALIPAY_SELLER_ID"),
            private_key=readable("alipay", environ, "FENQI_ALIPAY_PRIVATE_KEY", read_private_key),
            public_key=readable("alipay", environ, "FENQI_ALIPAY_PUBLIC_KEY", read_public_key),
            gateway=address("alipay", environ, "FENQI_ALIPAY_GATEWAY", default=PRODUCTION_GATEWAY),
        )
