"""The functions of `wechatpayv3` that this rail uses: signing, verifying, decrypting. Its client is not used."""

import secrets
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from wechatpayv3.utils import (  # type: ignore[import-untyped] # the library brings no types
    aes_decrypt,
    rsa_sign,
    rsa_verify,
)

from fenqi.channels.wechat_pay.config import WechatPayConfig


def authorization(config: WechatPayConfig, *, method: str, path: str, body: str, at: datetime) -> str:
    """The header that signs exactly this path, query and all, and this body.

    The library's own builder of this header asks the machine's clock; here the rail's is used for all it says.
    """
    timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
    signature = rsa_sign(config.private_key, f"{method}\n{path}\n{timestamp}\n{nonce}\n{body}\n")
    return (
        f'WECHATPAY2-SHA256-RSA2048 mchid="{config.mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{config.serial_no}"'
    )


def verifies(*, timestamp: str, nonce: str, body: str, signature: str, key: RSAPublicKey) -> bool:
    return bool(rsa_verify(timestamp, nonce, body, signature, key))


def decrypted(*, ciphertext: str, nonce: str, associated_data: str, apiv3_key: str) -> str | None:
    """The text of an AEAD_AES_256_GCM ciphertext in base64; None when it was not encrypted for us, or was changed."""
    try:
        text = aes_decrypt(nonce=nonce, ciphertext=ciphertext, associated_data=associated_data, apiv3_key=apiv3_key)
    except ValueError:
        return None
    return text if isinstance(text, str) else None
