"""The style sheet keeps its promises: every text is legible, every icon exists and is used, and it stays small."""

import gzip
import re
from itertools import product
from pathlib import Path

import pytest

import fenqi.interfaces

INTERFACES = Path(fenqi.interfaces.__file__).parent
STATIC = INTERFACES / "shared" / "static" / "fenqi"
SHEET = (STATIC / "fenqi.css").read_text()
SPRITE = (STATIC / "icons.svg").read_text()

TEXT_PAIRS = [
    *product(("ink", "ink-2", "ink-3"), ("paper", "sheet", "sunk", "neutral-tint")),
    *product(("paid", "due", "overdue", "unknown", "refund", "neutral", "brand"), ("paper", "sheet")),
    *((tone, f"{tone}-tint") for tone in ("paid", "due", "overdue", "unknown", "refund", "neutral", "brand")),
    *product(("ink", "ink-2"), ("paid-tint", "due-tint", "overdue-tint", "unknown-tint", "refund-tint")),
    ("on-brand", "brand"),
    ("on-brand", "brand-pressed"),
]
BORDER_PAIRS = list(product(("control",), ("paper", "sheet")))


def tokens(scheme: str) -> dict[str, str]:
    block = re.search(rf"\.scheme-{scheme} \{{(.*?)\}}", SHEET, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): #(\w+);", block[1]))


def luminance(colour: str) -> float:
    whole = colour if len(colour) == 6 else "".join(figure * 2 for figure in colour)
    channels = (int(whole[start : start + 2], 16) / 255 for start in (0, 2, 4))
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_is_legible_on_its_ground(scheme: str, text: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("border", "ground"), BORDER_PAIRS)
def test_the_border_of_a_control_can_be_seen(scheme: str, border: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[border], colours[ground]) >= 3


def test_the_dark_tokens_are_the_same_wherever_they_are_given() -> None:
    by_preference = re.search(r"prefers-color-scheme: dark\) \{\s*:root \{(.*?)\}", SHEET, re.DOTALL)
    assert by_preference
    assert dict(re.findall(r"--([\w-]+): #(\w+);", by_preference[1])) == tokens("dark")


def icons_used() -> set[str]:
    """Every name that a template or a module gives where an icon is expected."""
    files = [*INTERFACES.rglob("*.html"), *INTERFACES.rglob("*.py")]
    words = {word for file in files for word in re.findall(r"[\"']([a-z0-9-]+)[\"']", file.read_text())}
    return words & icons_kept()


def icons_kept() -> set[str]:
    return set(re.findall(r'<symbol id="([\w-]+)"', SPRITE))


def test_every_icon_named_in_a_template_is_in_the_sprite() -> None:
    named = {
        name
        for file in INTERFACES.rglob("*.html")
        for name in re.findall(r"{% icon [\"']([\w-]+)[\"']", file.read_text())
    }
    assert named <= icons_kept()


def test_the_sprite_keeps_only_icons_that_are_used() -> None:
    assert icons_kept() - icons_used() == set()


def test_the_sprite_says_whose_shapes_it_holds() -> None:
    assert "ISC License" in SPRITE
    assert "The MIT License" in SPRITE


@pytest.mark.parametrize(("file", "most"), [("fenqi.css", 12_000), ("icons.svg", 6_000), ("fenqi.js", 2_000)])
def test_the_files_every_page_loads_are_small(file: str, most: int) -> None:
    assert len(gzip.compress((STATIC / file).read_bytes())) <= most
