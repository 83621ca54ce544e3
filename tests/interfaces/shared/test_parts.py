"""The page of all parts shows what the design system has."""

from django.test import RequestFactory

from fenqi.interfaces.shared import parts

CLASSES = {
    "pill",
    "estimate",
    "amount",
    "hero",
    "mid",
    "rail",
    "dot",
    "folded",
    "segments",
    "plain",
    "notice",
    "btn",
    "choice",
    "row",
    "facts",
    "steps",
    "months",
    "empty",
    "skeleton",
    "stale",
    "field",
    "error",
    "stats",
    "table",
    "filters",
}


def test_every_part_is_shown() -> None:
    page = parts.show(RequestFactory().get("/parts")).content.decode()
    shown = {word for chunk in page.split('class="')[1:] for word in chunk.split('"')[0].split()}
    assert CLASSES - shown == set()
