"""Name the colours that were found in a lesion."""

from __future__ import annotations

#: They go by the codes of `ml.judging.abcd.COLOURS`.
NAMES = {
    "white": "white",
    "red": "red",
    "light brown": "light brown",
    "dark brown": "dark brown",
    "blue-grey": "blue-grey",
    "black": "black",
}


def name_colour(code: str) -> str:
    """Return what to call a colour; the code itself where it is not known here."""
    return NAMES.get(code, code)
