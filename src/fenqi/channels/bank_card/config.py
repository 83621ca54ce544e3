"""The settings of one merchant at UnionPay's gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import Certificate

from fenqi.channels.environment import address, readable, required
from fenqi.channels.keys import read_certificates, read_private_key

NAME: Final = "bank_card"
PRODUCTION_GATEWAY: Final = "https://gateway.95516.com"
PRODUCTION_FILES: Final = "https://filedownload.95516.com/"
PRODUCTION_SIGNER: Final = "中国银联股份有限公司"
HOLD_DAYS: Final = 30
"""For how long a card's bank keeps a pre-authorisation: a house assumption, commonly so and published by none."""
LONGEST_HOLD_DAYS: Final = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class BankCardConfig:
    """Keys come from the environment only."""

    mer_id: str
    token_requestor: str
    """The `trId` under which the gateway keeps this merchant's tokens."""
    cert_id: str
    """The serial number of our signing certificate, in decimal."""
    private_key: RSAPrivateKey = field(repr=False, hash=False)
    roots: tuple[Certificate, ...] = field(repr=False, hash=False)
    """The gateway's root, and any certificates between it and the signing one."""
    encryption: Certificate = field(repr=False, hash=False)
    """The gateway's certificate under which card details are encrypted."""
    signer: str = PRODUCTION_SIGNER
    """Whom the gateway's signing certificate is made out to."""
    gateway: str = PRODUCTION_GATEWAY
    files: str = PRODUCTION_FILES
    hold_days: int = HOLD_DAYS
    connect_seconds: float = 3.0
    answer_seconds: float = 10.0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self | None:
        """Read `FENQI_BANK_CARD_MER_ID`, `_TOKEN_REQUESTOR`, `_CERT_ID`, `_PRIVATE_KEY`, `_ROOT_CERT`,
        `_ENCRYPTION_CERT`, `_SIGNER`, `_GATEWAY`, `_FILES`, `_HOLD_DAYS`.

        None when no merchant is named: the rail is not open. Raises ChannelMisconfigured.
        """
        if not environ.get("FENQI_BANK_CARD_MER_ID"):
            return None
        return cls(
            mer_id=required(NAME, environ, "FENQI_BANK_CARD_MER_ID"),
            token_requestor=required(NAME, environ, "FENQI_BANK_CARD_TOKEN_REQUESTOR"),
            cert_id=readable(NAME, environ, "FENQI_BANK_CARD_CERT_ID", _serial),
            private_key=readable(NAME, environ, "FENQI_BANK_CARD_PRIVATE_KEY", read_private_key),
            roots=readable(NAME, environ, "FENQI_BANK_CARD_ROOT_CERT", _roots),
            encryption=readable(NAME, environ, "FENQI_BANK_CARD_ENCRYPTION_CERT", read_certificates)[0],
            signer=environ.get("FENQI_BANK_CARD_SIGNER", "").strip() or PRODUCTION_SIGNER,
            gateway=address(NAME, environ, "FENQI_BANK_CARD_GATEWAY", default=PRODUCTION_GATEWAY).rstrip("/"),
            files=address(NAME, environ, "FENQI_BANK_CARD_FILES", default=PRODUCTION_FILES),
            hold_days=read_hold_days(environ),
        )


def read_hold_days(environ: Mapping[str, str]) -> int:
    """`FENQI_BANK_CARD_HOLD_DAYS`, or the house's assumption. Raises ChannelMisconfigured."""
    name = "FENQI_BANK_CARD_HOLD_DAYS"
    return readable(NAME, environ, name, _days) if environ.get(name, "").strip() else HOLD_DAYS


def _serial(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError("not a certificate's serial number in decimal")
    return text


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LONGEST_HOLD_DAYS):
        raise ValueError(f"not a number of days from 1 to {LONGEST_HOLD_DAYS}")
    return int(text)


def _roots(text: str) -> tuple[Certificate, ...]:
    certificates = read_certificates(text)
    if not any(one.issuer == one.subject for one in certificates):
        raise ValueError("no root among the certificates")
    return certificates
