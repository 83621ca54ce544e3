"""Papers as PDF. Chinese is set in the face that every reader of PDF brings along, so that no font file is shipped."""

from io import BytesIO
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape

import segno
from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer
from reportlab.platypus import Table as PdfTable

from fenqi.interfaces.shared.formats import MINUS, TO
from fenqi.interfaces.shared.papers import Check, Paper, Scan, Table

CHINESE: Final = "STSong-Light"
LATIN: Final = "Helvetica"
MARGIN: Final = 18 * mm
GUTTER: Final = 6
"""What a frame leaves free on each side, in points."""

WIDTH: Final = A4[0] - 2 * MARGIN - 2 * GUTTER
INK, QUIET, LINE = HexColor("#1D1C1A"), HexColor("#57544D"), HexColor("#E5E2DB")

registerFont(UnicodeCIDFont(CHINESE))


def _style(name: str, size: float, leading: float, **more: object) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=LATIN, fontSize=size, leading=leading, **{"textColor": INK, **more})


_TITLE = _style("title", 11, 15)
_ANSWER = _style("answer", 18, 26, spaceAfter=4 * mm)
_HEAD = _style("head", 11, 16, spaceBefore=6 * mm, spaceAfter=2 * mm, keepWithNext=1)
_BODY = _style("body", 9, 13)
_RIGHT = _style("right", 9, 13, alignment=TA_RIGHT)
_COLUMN = _style("column", 8, 13, textColor=QUIET)
_COLUMN_RIGHT = _style("column_right", 8, 13, textColor=QUIET, alignment=TA_RIGHT)
_NOTE = _style("note", 8, 12, spaceBefore=2 * mm)

_CODE = _style("code", 14, 20)

LONGEST_WORD: Final = 24
QR_SIZE: Final = 30 * mm
SMALL_QR_SIZE: Final = 20 * mm
CLEAR: Final = 6 * mm
"""Free around a code, so that a scanner tells it from the next."""

_CELLS: Final = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 6),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
]


def draw(paper: Paper) -> bytes:
    """The paper on as many sheets of A4 as it takes."""
    target = BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=paper.title,
        author=paper.issuer,
    )

    def foot(canvas: Canvas, _document: SimpleDocTemplate) -> None:
        line = _text(f"{paper.issuer} · {paper.title} · {canvas.getPageNumber()}", _NOTE)
        line.wrapOn(canvas, WIDTH, MARGIN)
        line.drawOn(canvas, MARGIN + GUTTER, MARGIN / 2)

    document.build(list(_flow(paper)), onFirstPage=foot, onLaterPages=foot)
    return target.getvalue()


def _flow(paper: Paper) -> list[Flowable]:
    flow: list[Flowable] = [_text(f"{paper.issuer} · {paper.title}", _TITLE), Spacer(0, 2 * mm)]
    flow += [_text(paper.answer, _ANSWER), _facts(paper.facts)]
    for table in paper.tables:
        flow += [_text(table.title, _HEAD), _table(table)]
    flow += [Spacer(0, 4 * mm), *(_text(note, _NOTE) for note in paper.notes)]
    if paper.check:
        flow += [Spacer(0, 4 * mm), _check(paper.check)]
    for scan in paper.scans:
        flow += [Spacer(0, CLEAR), _scan(scan)]
    return flow


def _check(check: Check) -> Flowable:
    """The code to scan beside the code to type; kept on one sheet."""
    words = [
        _text(_("Check this paper"), _TITLE),
        _text(check.code, _CODE),
        _text(
            _("At %(address)s, with the sum %(amount)s and the day %(day)s.")
            % {"address": check.address.rpartition("/")[0], "amount": check.amount, "day": check.day},
            _BODY,
        ),
    ]
    return _beside(_qr(check.address, QR_SIZE), words)


def _scan(scan: Scan) -> Flowable:
    words = [_text(scan.title, _BODY), _text(scan.text, _COLUMN), _text(scan.address, _COLUMN)]
    return _beside(_qr(scan.address, SMALL_QR_SIZE), words)


def _beside(code: Drawing, words: list[Paragraph]) -> Flowable:
    """In one column of codes, whatever their size."""
    widths = [QR_SIZE + 4 * mm, WIDTH - QR_SIZE - 4 * mm]
    return PdfTable([[code, words]], colWidths=widths, style=[("VALIGN", (0, 0), (-1, -1), "MIDDLE")])


def _qr(address: str, size: float) -> Drawing:
    rows = [list(row) for row in segno.make(address, error="m").matrix]
    side = size / len(rows)
    drawing = Drawing(size, size)
    for down, row in enumerate(rows):
        for along, is_dark in enumerate(row):
            if is_dark:
                drawing.add(Rect(along * side, size - (down + 1) * side, side, side, fillColor=INK, strokeColor=None))
    return drawing


def _facts(facts: tuple[tuple[str, str], ...]) -> PdfTable:
    rows = [[_text(name, _BODY), _text(value, _BODY)] for name, value in facts]
    return PdfTable(rows, colWidths=[WIDTH * 0.3, WIDTH * 0.7], style=_CELLS, splitInRow=1, hAlign="LEFT")


def _table(table: Table) -> PdfTable:
    rights = [column.align == "right" for column in table.columns]
    shares = sum(column.share for column in table.columns)
    heads = [
        _text(column.name, _COLUMN_RIGHT if right else _COLUMN)
        for column, right in zip(table.columns, rights, strict=True)
    ]
    rows = [
        [_text(cell, _RIGHT if right else _BODY) for cell, right in zip(row, rights, strict=True)] for row in table.rows
    ]
    widths = [WIDTH * column.share / shares for column in table.columns]
    return PdfTable([heads, *rows], colWidths=widths, style=_CELLS, repeatRows=1, splitInRow=1, hAlign="LEFT")


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    """Chinese and long numbers break anywhere, words of other languages between them."""
    breaks = not text.isascii() or any(len(word) > LONGEST_WORD for word in text.split())
    return Paragraph(markup(text), ParagraphStyle(style.name, parent=style, wordWrap="CJK" if breaks else None))


def markup(text: str) -> str:
    """Text for a paragraph: nothing in it is taken for a tag, and what Latin letters lack is set in the Chinese face.

    That one has no minus sign of its own: a dash stands for it.
    """
    plain = "".join(letter if letter.isprintable() else " " for letter in text.replace(MINUS, TO))
    runs = ((is_latin, escape("".join(letters))) for is_latin, letters in groupby(plain, key=_is_latin))
    return "".join(run if is_latin else f'<font name="{CHINESE}">{run}</font>' for is_latin, run in runs)


def _is_latin(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
