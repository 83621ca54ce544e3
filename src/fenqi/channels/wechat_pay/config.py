"""The settings of one WeChat Pay merchant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509 import Certificate

from fenqi.channels.environment import address, readable, required
from fenqi.channels.keys import read_certificates, read_private_key, read_public_key

PRODUCTION_GATEWAY: Final = "https://api.mch.weixin.qq.com"
PREFIX: Final = "FENQI_WECHAT_PAY_"
PUBLIC_KEY_MARK: Final = "PUB_KEY_ID_"
APIV3_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatPayConfig:
    """Keys come from the environment only.

    What WeChat Pay signs is checked with its public key, where there is one, and with its platform certificates, which
    are fetched when they are needed: both at once, as long as a merchant moves from one to the other.
    """

    mchid: str
    appid: str
    serial_no: str
    """Of the merchant's own certificate."""
    private_key: RSAPrivateKey = field(repr=False, hash=False)
    apiv3_key: str = field(repr=False)
    public_key_id: str | None = None
    """`PUB_KEY_ID_...`"""
    public_key: RSAPublicKey | None = field(default=None, repr=False, hash=False)
    certificates: tuple[Certificate, ...] = field(default=(), repr=False, hash=False)
    """Platform certificates known from the start."""
    plan_id: int | None = None
    """The template of contracts for debits; without one no agreement can be signed."""
    calendar_ahead: timedelta = timedelta()
    """How far a rehearsal's days are ahead; signatures keep the machine's time."""
    gateway: str = PRODUCTION_GATEWAY
    connect_seconds: float = 3.0
    answer_seconds: float = 10.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `FENQI_WECHAT_PAY_MCHID`, `_APPID`, `_SERIAL_NO`, `_PRIVATE_KEY`, `_APIV3_KEY`, and where they are set
        `_PUBLIC_KEY_ID` with `_PUBLIC_KEY`, `_CERTIFICATES`, `_PLAN_ID`, `_GATEWAY`. Nothing is fetched.

        None when no merchant is named: the rail is not open. Raises ChannelMisconfigured.
        """
        if not environ.get(f"{PREFIX}MCHID"):
            return None
        has_public_key = bool(environ.get(f"{PREFIX}PUBLIC_KEY_ID") or environ.get(f"{PREFIX}PUBLIC_KEY"))
        return cls(
            mchid=required("wechat_pay", environ, f"{PREFIX}MCHID"),
            appid=required("wechat_pay", environ, f"{PREFIX}APPID"),
            serial_no=required("wechat_pay", environ, f"{PREFIX}SERIAL_NO"),
            private_key=readable("wechat_pay", environ, f"{PREFIX}PRIVATE_KEY", read_private_key),
            apiv3_key=readable("wechat_pay", environ, f"{PREFIX}APIV3_KEY", _apiv3_key),
            public_key_id=(
                readable("wechat_pay", environ, f"{PREFIX}PUBLIC_KEY_ID", _public_key_id) if has_public_key else None
            ),
            public_key=(
                readable("wechat_pay", environ, f"{PREFIX}PUBLIC_KEY", read_public_key) if has_public_key else None
            ),
            certificates=(
                readable("wechat_pay", environ, f"{PREFIX}CERTIFICATES", read_certificates)
                if environ.get(f"{PREFIX}CERTIFICATES")
                else ()
            ),
            plan_id=readable("wechat_pay", environ, f"{PREFIX}PLAN_ID", _plan_id)
            if environ.get(f"{PREFIX}PLAN_ID")
            else None,
            calendar_ahead=timedelta(seconds=int(environ.get("FENQI_CLOCK_AHEAD_SECONDS") or 0)),
            gateway=address("wechat_pay", environ, f"{PREFIX}GATEWAY", default=PRODUCTION_GATEWAY).rstrip("/"),
        )


def _apiv3_key(text: str) -> str:
    if len(text.encode()) != APIV3_KEY_BYTES:
        raise ValueError(f"not {APIV3_KEY_BYTES} bytes")
    return text


def _public_key_id(text: str) -> str:
    if not text.startswith(PUBLIC_KEY_MARK):
        raise ValueError(f"it must begin with {PUBLIC_KEY_MARK}")
    return text


def _plan_id(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("not a whole number")
    return int(text)
