"""Commands share these options, which refuse values out of range with a clear message."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable

SOURCE = "directory with one folder per class, or CSV with the columns path and diagnosis"
PAIRS = "CSV of pairs of nearly the same picture, with the columns path_a and path_b"


def add_source(parser: ArgumentParser) -> None:
    """Add ``--source``, see `ml.data.manifest.read_samples`."""
    parser.add_argument(
        "--source", action="append", help="use only the pictures of this source (repeatable)"
    )


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def between(low: float, high: float, *, inclusive: bool) -> Callable[[str], float]:
    """Return an argument type for numbers from ``low`` to ``high``, with or without these ends."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not (low <= value <= high if inclusive else low < value < high):
            ends = "including" if inclusive else "excluding"
            raise ArgumentTypeError(
                f"expected a number from {low} to {high}, {ends} both, got {text!r}"
            )
        return value

    return number
