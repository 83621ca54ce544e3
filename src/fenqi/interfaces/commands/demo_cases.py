"""After-sales of the sample mall: cases in different states, applied for and reviewed through the use cases."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from PIL import Image, ImageDraw

from fenqi.domain.aftersales.eligibility import Wish, WishedLine
from fenqi.domain.aftersales.reasons import Reason, WishKind
from fenqi.domain.aftersales.rules import NextStep, RuleId
from fenqi.records import directory
from fenqi.records.models import Account, AftersalesCase, AppliedVia, DirectoryKind, OrderLine
from fenqi.records.scope import across_customers
from fenqi.usecases import clock
from fenqi.usecases.aftersales import review
from fenqi.usecases.aftersales.apply import apply
from fenqi.usecases.aftersales.evidence import store_evidence
from fenqi.usecases.aftersales.execute import execute_case
from fenqi.usecases.aftersales.goods import note_sent, receive
from fenqi.usecases.aftersales.quoting import quote
from fenqi.usecases.staff.permissions import Staff, staff_member

REVIEWER = "lin.agent"


@dataclass(frozen=True, slots=True)
class Told:
    """A case while its story is told: everything that happens next happens a while after `at`."""

    customer_id: UUID
    case_id: UUID
    staff: Staff
    at: datetime

    @property
    def actor(self) -> str:
        return f"customer:{self.customer_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tale:
    """What somebody asked for `days_ago`, and what became of it, one step a few hours after the other."""

    by: str
    product: str
    reason: Reason
    words: str
    days_ago: int
    kind: WishKind = WishKind.RETURN
    with_photo: bool = False
    then: tuple[Callable[[Told], None], ...] = ()


def asked(told: Told) -> None:
    note = "请再拍一张屏幕点亮时的照片，看得清那条竖线。"
    review.ask_for_more(told.staff, told.customer_id, told.case_id, note=note, now=told.at)


def approved(told: Told) -> None:
    review.approve(told.staff, told.customer_id, told.case_id, now=told.at)


def rejected(told: Told) -> None:
    review.reject(
        told.staff,
        told.customer_id,
        told.case_id,
        rule=RuleId.REASON_DOES_NOT_FIT,
        next_step=NextStep.APPEAL,
        note="远程检测没有发现故障：清理尘盒后工作正常。",
        now=told.at,
    )


def sent(told: Told) -> None:
    note_sent(told.customer_id, told.case_id, carrier="顺丰", tracking_no="SF1422770391", actor=told.actor, now=told.at)


def received(told: Told) -> None:
    receive(told.staff, told.customer_id, told.case_id, note="配件齐全", now=told.at)


def executed(told: Told) -> None:
    execute_case(told.customer_id, told.case_id, now=told.at)


TALES = (
    Tale(
        by="MM-80417",
        product="QY-BUDS3",
        reason=Reason.FAULTY,
        words="左耳没有声音，重新配对也没有用。",
        days_ago=0,
        with_photo=True,
    ),
    Tale(
        by="MM-80417",
        product="QY-X2-256",
        reason=Reason.FAULTY,
        words="屏幕上有一条竖线。",
        days_ago=1,
        then=(asked,),
    ),
    Tale(
        by="MM-80423",
        product="SD-R5",
        reason=Reason.NOT_AS_DESCRIBED,
        words="It does not climb the carpet that the page shows.",
        days_ago=2,
        then=(approved,),
    ),
    Tale(
        by="MM-80421",
        product="NB-AIR14",
        reason=Reason.FAULTY,
        words="键盘的空格键不灵。",
        days_ago=1,
        then=(approved,),
    ),
    Tale(
        by="MM-80425",
        product="QY-BUDS3",
        reason=Reason.FAULTY,
        words="充电盒不充电。",
        days_ago=4,
        then=(approved, sent, received, executed),
    ),
    Tale(
        by="MM-80419",
        product="SD-R5",
        reason=Reason.FAULTY,
        words="吸力很小。",
        days_ago=3,
        then=(rejected,),
    ),
    Tale(
        by="MM-80422",
        product="QY-BUDS3",
        reason=Reason.MISSING_PARTS,
        words="盒子里没有耳塞套。",
        days_ago=4,
        kind=WishKind.EXCHANGE,
        then=(approved, sent, received),
    ),
    Tale(
        by="MM-80424",
        product="XY-D10",
        reason=Reason.DAMAGED_IN_TRANSIT,
        words="外壳凹了一块。",
        days_ago=5,
        then=(approved, sent, received, executed),
    ),
)


def add_cases(*, now: datetime) -> None:
    """Tell the tales, once, and only where there is somebody to review them."""
    staff = staff_member(Account.objects.filter(username=REVIEWER).first())
    with across_customers():
        has_cases = AftersalesCase.objects.exists()
    if staff is None or has_cases:
        return
    for tale in TALES:
        tell(tale, staff, now=now)


def tell(tale: Tale, staff: Staff, *, now: datetime) -> None:
    """Three hours from each step to the next."""
    holder = directory.find(DirectoryKind.CUSTOMER_REF, tale.by)
    line = _line(holder.customer_id, tale.product) if holder else None
    if line is None:
        return
    at = now - timedelta(days=tale.days_ago, hours=1)
    with clock.stopped(at):
        case_id = _apply(tale, line, now=at)
    for step in tale.then:
        at = min(at + timedelta(hours=3), now)
        with clock.stopped(at):
            step(Told(line.customer_id, case_id, staff, at))


def _line(customer_id: UUID, sku: str) -> OrderLine | None:
    """The customer's newest purchase of it."""
    return OrderLine.objects.filter(customer_id=customer_id, sku=sku).order_by("-order_id").first()


def _apply(tale: Tale, line: OrderLine, *, now: datetime) -> UUID:
    customer_id, order_id = line.customer_id, line.order_id
    wish = Wish(kind=tale.kind, reason=tale.reason, lines=(WishedLine(line_no=line.line_no, pieces=1),))
    actor = f"customer:{customer_id}"
    evidence = []
    if tale.with_photo:
        photo = store_evidence(customer_id, order_id, content=a_photo(), uploaded_by=actor, now=now)
        evidence.append(photo.evidence_id)
    return apply(
        customer_id,
        order_id,
        wish,
        quote_id=quote(customer_id, order_id, wish, now=now).quote_id,
        evidence_ids=evidence,
        description=tale.words,
        via=AppliedVia.PORTAL,
        actor=actor,
        now=now,
    )


def a_photo() -> bytes:
    """Something round on a table, drawn by us."""
    picture = Image.new("RGB", (640, 480), "#d9d4c7")
    drawing = ImageDraw.Draw(picture)
    drawing.ellipse((200, 120, 440, 360), fill="#3c3f45", outline="#1d1c1a", width=4)
    drawing.line((320, 130, 300, 350), fill="#ae281c", width=6)
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()
