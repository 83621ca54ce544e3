"""The finance app recognises a customer by the bound phone that it had verified (R005-R007).

One account: it is that one. None: said so, with how to bind. Several share the number: the app asks for what only the
owner of one of them knows, and never learns of the others.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from fenqi.domain.errors import FenqiError, NotFound
from fenqi.records import directory, personal
from fenqi.records.models import AppRecognition, Customer, DirectoryKind
from fenqi.usecases import audit, rate_limits
from fenqi.usecases.entries.app_code import code_hash
from fenqi.usecases.entries.safe_word import safe_word
from fenqi.usecases.rate_limits import Rate
from fenqi.usecases.signing_in.check import CodeRefused

MOST_TRIES: Final = 5
TIME_TO_PROVE: Final = timedelta(minutes=10)
SESSION_LENGTH: Final = timedelta(hours=2)


class PhoneNotBound(FenqiError):
    """The number is verified, and no account of the mall has bound it (R007). Details: `address`."""

    code = "phone_not_bound"
    status = 404
    zh = (
        "这个手机号没有绑定商城账户，所以查不到分期订单。请在商城 App 或 {address} 登录原账户，"
        "在「我的」里绑定这个号码；换了号码、原号码已不能用的，请联系客服核实身份后更换。"
    )
    en = (
        "No mall account has bound this number, so there are no installment orders to show. Sign in to your account at "
        "{address} and bind the number under Me; if you changed your number and lost the old one, talk to customer "
        "service."
    )


class ProofRefused(FenqiError):
    """What was given proves none of the accounts."""

    code = "proof_refused"
    status = 422
    zh = "核对不上。请填您自己任一订单的完整订单号，或您设置的安全词。"
    en = "That does not match. Enter the full number of any order of your own, or your safe word."


class AppSessionEnded(FenqiError):
    """There is no such session, or it is over."""

    code = "app_session_ended"
    status = 401
    zh = "登录已失效，请用手机号重新登录。"
    en = "You are signed out: sign in by phone again."


class PhoneChanged(FenqiError):
    """The account has bound another number since."""

    code = "phone_changed"
    status = 401
    zh = "商城账户绑定的手机号已更换，请用新的号码重新登录。"
    en = "The mall account has bound another phone since: sign in with the new number."


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """`session` is shown this once. `customer_id` None: the number is shared, and an account has to be proved first."""

    customer_id: UUID | None
    session: str = ""
    expires_at: datetime | None = None
    name_masked: str = ""
    language: str = ""


def holders_of(phone_index: str) -> tuple[UUID, ...]:
    """Whose the number is: who bound it first, then whoever shares it."""
    first = directory.find(DirectoryKind.PHONE, phone_index)
    also = directory.find_from(DirectoryKind.PHONE_ALSO, phone_index)
    return tuple(dict.fromkeys(holder.customer_id for holder in (*([first] if first else []), *also)))


def check_app_code(client: str, recognition_id: UUID, code: str, *, now: datetime) -> Recognised:
    """Take the code, once. Raises NotFound, CodeRefused, PhoneNotBound."""
    with transaction.atomic():
        kept = _locked(client, recognition_id)
        accepted = (
            kept.verified_at is None
            and now < kept.expires_at
            and kept.tries < MOST_TRIES
            and hmac.compare_digest(kept.code_hash, code_hash(kept.id, code.strip()))
        )
        kept.tries = min(kept.tries + 1, MOST_TRIES)
        kept.verified_at = now if accepted else kept.verified_at
        kept.save(update_fields=["tries", "verified_at"])
    if not accepted:
        raise CodeRefused
    found = holders_of(kept.phone_index)
    if not found:
        raise PhoneNotBound(address=settings.FENQI_PUBLIC_URL)
    if len(found) > 1:
        return Recognised(customer_id=None)
    return _session(kept, found[0], now=now)


def prove_account(client: str, recognition_id: UUID, proof: str, *, now: datetime) -> Recognised:
    """Of a shared number: the full number of an order, or the safe word, of one of the accounts.

    Raises NotFound, TooManyRequests, ProofRefused, CodeRefused when the code was never right or is too long ago.
    """
    proof = proof.strip()
    with transaction.atomic():
        kept = _locked(client, recognition_id)
        rate_limits.count(Rate.APP_PROOF, kept.phone_index)
        in_time = kept.verified_at is not None and now - kept.verified_at <= TIME_TO_PROVE
        usable = in_time and not kept.session_hash and kept.proofs < MOST_TRIES
        kept.proofs = min(kept.proofs + 1, MOST_TRIES)
        kept.save(update_fields=["proofs"])
    if not usable:
        raise CodeRefused
    proved = [customer_id for customer_id in holders_of(kept.phone_index) if _proves(customer_id, proof)]
    if len(proved) != 1:
        raise ProofRefused
    return _session(kept, proved[0], now=now)


def session_customer(client: str, session: str, *, now: datetime) -> UUID:
    """Whose session it is, while the number is still bound. Raises AppSessionEnded, PhoneChanged."""
    kept = AppRecognition.objects.filter(session_hash=_hash(session), client=client).first() if session else None
    if kept is None or kept.customer_id is None or kept.session_until is None or now >= kept.session_until:
        raise AppSessionEnded
    if kept.customer_id not in holders_of(kept.phone_index):
        raise PhoneChanged
    return kept.customer_id


def end_session(client: str, session: str, *, now: datetime) -> None:
    """Again changes nothing."""
    if session:
        AppRecognition.objects.filter(session_hash=_hash(session), client=client, session_until__gt=now).update(
            session_until=now
        )


def _proves(customer_id: UUID, proof: str) -> bool:
    order = directory.find(DirectoryKind.ORDER_NO, proof) if proof else None
    if order is not None and order.customer_id == customer_id:
        return True
    return bool(proof) and hmac.compare_digest(safe_word(customer_id).encode(), proof.encode())


def _session(kept: AppRecognition, customer_id: UUID, *, now: datetime) -> Recognised:
    session = secrets.token_urlsafe(32)
    expires_at = now + SESSION_LENGTH
    customer = Customer.objects.get(id=customer_id)
    with transaction.atomic():
        AppRecognition.objects.filter(id=kept.id).update(
            customer_id=customer_id, session_hash=_hash(session), session_until=expires_at
        )
        audit.record(
            f"api:{kept.client}",
            audit.Action.APP_RECOGNISED,
            customer_id=customer_id,
            subject=f"recognition:{kept.id}",
            now=now,
        )
    return Recognised(
        customer_id=customer_id,
        session=session,
        expires_at=expires_at,
        name_masked=personal.mask_name(personal.decrypt(customer.name_encrypted)),
        language=customer.language,
    )


def _locked(client: str, recognition_id: UUID) -> AppRecognition:
    """Two guesses at once are counted as two. Raises NotFound."""
    kept = AppRecognition.objects.select_for_update().filter(id=recognition_id, client=client).first()
    if kept is None:
        raise NotFound
    return kept


def _hash(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()
