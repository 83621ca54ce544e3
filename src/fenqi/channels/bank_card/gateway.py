"""The gateway: signing what goes out, believing what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fenqi.channels.bank_card import wire
from fenqi.channels.bank_card.codes import ACP, Scheme, scheme_named
from fenqi.channels.bank_card.config import BankCardConfig
from fenqi.channels.bank_card.signing import SIGN_METHOD, Signers, sign
from fenqi.channels.transport import LARGEST_ANSWER, NoAnswer, post, strict_client

BACK_TRADES: Final = "/gateway/api/backTransReq.do"
QUERIES: Final = "/gateway/api/queryTrans.do"
KEPT_BACK: Final = frozenset(
    ["accNo", "customerInfo", "tokenPayData", "fileContent", "signPubKeyCert", "signature", "encryptCertId"]
)
"""Parts of an answer that are never recorded: they are the card's, or of no use."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whose signature held."""

    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """A field's text; empty when it is absent."""
        return self.fields.get(name, "")

    @property
    def code(self) -> str:
        """What is said of the call."""
        return self.text("respCode")

    @property
    def worked(self) -> bool:
        """The call was taken; of a trade in the back, no more than that it was accepted."""
        return self.code in ACP.done

    @property
    def scheme(self) -> Scheme:
        """Whose codes are said of the payment."""
        return scheme_named(self.text("respCodeScheme"))

    def answers(self, asked: Mapping[str, str]) -> bool:
        """Whether it is about what was asked, for the merchant who asked."""
        return all(self.text(name) == asked[name] for name in ("merId", "orderId", "txnTime"))

    @property
    def kept(self) -> dict[str, object]:
        """What may be recorded of it."""
        return {name: value for name, value in self.fields.items() if name not in KEPT_BACK}


class Gateway:
    """Signed calls of one merchant. Safe to share between threads."""

    def __init__(self, config: BankCardConfig, *, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._clock = clock
        self._signers = Signers(config.roots, name=config.signer)
        self._client = strict_client(
            config.gateway, connect_seconds=config.connect_seconds, answer_seconds=config.answer_seconds
        )

    def trade(self, fields: Mapping[str, str]) -> Answer:
        """A trade in the back. Raises NotSent or NoAnswer."""
        return self._call(self._config.gateway + BACK_TRADES, fields)

    def query(self, fields: Mapping[str, str]) -> Answer:
        """Raises NotSent or NoAnswer."""
        return self._call(self._config.gateway + QUERIES, fields)

    def file(self, fields: Mapping[str, str], *, largest: int, answer_seconds: float) -> Answer:
        """Raises NotSent or NoAnswer."""
        return self._call(self._config.files, fields, largest=largest, answer_seconds=answer_seconds)

    def request(self, **fields: str) -> dict[str, str]:
        """A request with what every one carries; not signed yet."""
        return {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": SIGN_METHOD,
            "accessType": "0",
            "channelType": "07",
            "merId": self._config.mer_id,
            "certId": self._config.cert_id,
            **fields,
        }

    def _call(
        self,
        url: str,
        fields: Mapping[str, str],
        *,
        largest: int = LARGEST_ANSWER,
        answer_seconds: float | None = None,
    ) -> Answer:
        form = {name: value for name, value in fields.items() if value}
        body = post(
            self._client,
            url,
            params={},
            form={**form, "signature": sign(form, self._config.private_key)},
            answer_seconds=answer_seconds or self._config.answer_seconds,
            largest=largest,
        )
        return self._read(body)

    def _read(self, body: bytes) -> Answer:
        try:
            fields = wire.read_pairs(body.decode())
        except ValueError:
            raise NoAnswer("transport.unreadable") from None
        if not fields.get("respCode"):
            raise NoAnswer("transport.unreadable")
        if not fields.get("signature"):
            raise NoAnswer("transport.unsigned")
        if not self._signers.signed(fields, at=self._clock()):
            raise NoAnswer("transport.bad_signature")
        return Answer(fields)
