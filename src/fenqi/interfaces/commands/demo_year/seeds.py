"""Chance that replays: each draw is named by what it is about, so that one more draw elsewhere changes nothing here."""

import random
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")


def chance(*about: object) -> random.Random:
    """A generator for this matter alone."""
    return random.Random("\x1f".join(map(str, about)))  # noqa: S311 - a simulation, not a secret


def picked(generator: random.Random, weights: Mapping[T, int]) -> T:
    """One of them, by weight."""
    return generator.choices(list(weights), list(weights.values()))[0]
